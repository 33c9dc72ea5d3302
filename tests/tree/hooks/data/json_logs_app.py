import logging


def app(environ, start_response):
    logging.getLogger("shop").info("sold", extra={"item": 7})
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
