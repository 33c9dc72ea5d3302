import http.client
import os


def app(environ, start_response):
    if environ["PATH_INFO"] == "/out":
        out = http.client.HTTPConnection("127.0.0.1",
                                         int(os.environ["OTHER_PORT"]))
        out.request("GET", "/in")
        body = out.getresponse().read()
    else:
        body = environ.get("HTTP_X_TRACE", "-").encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
