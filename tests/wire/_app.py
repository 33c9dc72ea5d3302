"""The application of the wire tests: what it does is chosen by the path."""

import os
import time


def hello(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"),
                              ("Content-Length", "6")])
    return [b"hello\n"]


def echo(environ, start_response):
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def count(environ, start_response):
    total = 0
    while data := environ["wsgi.input"].read(10000):
        total += len(data)
    body = str(total).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def careless(environ, start_response):
    """Reads on whatever happens, and says that all is well."""
    try:
        count(environ, lambda *a: None)
    except Exception:
        pass
    return hello(environ, start_response)


def stream(environ, start_response):
    """As many pieces of a thousand bytes as the query says; no length."""
    start_response("200 OK", [])
    for _ in range(int(environ["QUERY_STRING"])):
        yield b"s" * 1000


def big(environ, start_response):
    n = int(environ["QUERY_STRING"])
    start_response("200 OK", [("Content-Length", str(n))])
    return [b"b" * n]


def status(environ, start_response):
    start_response(environ["QUERY_STRING"] + " Status", [])
    return [b"no body is expected here"]


def short(environ, start_response):
    start_response("200 OK", [("Content-Length", "10")])
    return [b"short"]


def breaks(environ, start_response):
    start_response("200 OK", [])
    yield b"first"
    raise RuntimeError("in the middle of an answer")


def sleep(environ, start_response):
    time.sleep(float(environ["QUERY_STRING"]))
    return hello(environ, start_response)


def fork(environ, start_response):
    """Leaves a child behind; or, with "returns", one that answers too."""
    if os.fork() == 0:
        if environ["QUERY_STRING"] != "returns":
            time.sleep(float(environ["QUERY_STRING"]))
            os._exit(0)
        time.sleep(0.1)
    return hello(environ, start_response)


def middleware(environ, start_response):
    """Leaves in environ what a log may want to know."""
    environ["REMOTE_USER"] = "jos\xc3\xa9"
    environ["REMOTE_ADDR"] = "192.0.2.1"
    environ["app.tenant"] = 7
    return hello(environ, start_response)


def says(environ, start_response):
    import logging
    logging.getLogger("gunicorn.access").info(
        'said "%s"', environ["QUERY_STRING"])
    return hello(environ, start_response)


def fields(environ, start_response):
    """Every HTTP_ key, a line each."""
    lines = [f"{k}={v}\n" for k, v in sorted(environ.items())
             if k.startswith(("HTTP_", "PROXY_")) or k in (
                 "REQUEST_METHOD", "PATH_INFO", "QUERY_STRING",
                 "SERVER_PROTOCOL", "REMOTE_ADDR", "wsgi.url_scheme",
                 "CONTENT_TYPE", "CONTENT_LENGTH")]
    body = "".join(lines).encode("latin-1")
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


PAGES = {f.__name__: f for f in (hello, echo, count, careless, stream, big,
                                 status, short, breaks, sleep, fork, fields,
                                 middleware, says)}


def app(environ, start_response):
    page = PAGES.get(environ["PATH_INFO"].strip("/"), hello)
    return page(environ, start_response)
