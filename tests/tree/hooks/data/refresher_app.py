FRESH = 0


def app(environ, start_response):
    body = str(FRESH).encode()
    start_response("200 OK", [("Content-Length", str(len(body))),
                              ("Connection", "close")])
    return [body]
