"""A WSGI application for the tests: what it does is chosen by the path.

Everything passes through wsgiref.validate unless the path begins with /raw,
whose applications do what the validator would not let them.
"""

import io
import os
import sys
import tempfile
import threading
from wsgiref.validate import validator

TEXT = [("Content-Type", "text/plain")]
closed = []


class Closing:
    """An iterator that notes its close()."""

    def __init__(self, items):
        self.items = iter(items)

    def __iter__(self):
        return self

    def __next__(self):
        return next(self.items)

    def close(self):
        closed.append(len(closed))


def hello(environ, start_response):
    start_response("200 OK", TEXT)
    return [b"hello"]


def environ_text(environ, start_response):
    body = "".join(f"{k}={v!r}\n" for k, v in sorted(environ.items()))
    start_response("200 OK", TEXT)
    return [body.encode("utf-8")]


def echo(environ, start_response):
    body = environ["wsgi.input"].read(-1)
    start_response("200 OK", TEXT)
    return [body]


def lines(environ, start_response):
    """The body's lines, each with its length in front."""
    start_response("200 OK", TEXT)
    return [b"%d:%s" % (len(line), line) for line in environ["wsgi.input"]]


def count(environ, start_response):
    """Reads by pieces, however the body comes."""
    total = 0
    while data := environ["wsgi.input"].read(4096):
        total += len(data)
    start_response("200 OK", TEXT)
    return [b"%d" % total]


def written(environ, start_response):
    write = start_response("200 OK", TEXT)
    write(b"written ")
    return [b"returned"]


def stream(environ, start_response):
    start_response("200 OK", TEXT)
    return Closing(b"%d\n" % i for i in range(1000))


def endless(environ, start_response):
    start_response("200 OK", TEXT)

    def parts():
        while True:
            yield b"x" * 65536
    return Closing(parts())


def closings(environ, start_response):
    start_response("200 OK", TEXT)
    return [b"%d" % len(closed)]


def file(environ, start_response):
    """query: size, offset; a file of that many bytes sent from the offset."""
    size, offset = map(int, environ["QUERY_STRING"].split(","))
    f = tempfile.TemporaryFile()
    f.write(bytes(range(256)) * (size // 256))
    f.seek(offset)
    start_response("200 OK", TEXT)
    return environ["wsgi.file_wrapper"](f, 4096)


def like_file(environ, start_response):
    start_response("200 OK", TEXT)
    return environ["wsgi.file_wrapper"](io.BytesIO(b"like a file" * 1000))


def errors(environ, start_response):
    environ["wsgi.errors"].write("said to wsgi.errors\n")
    environ["wsgi.errors"].flush()
    return hello(environ, start_response)


def logs(environ, start_response):
    import logging
    logging.getLogger("gunicorn.error").warning("from %s", "the application")
    logging.getLogger("gunicorn.error").debug("a debug line")
    return hello(environ, start_response)


def raise_before(environ, start_response):
    raise RuntimeError("raised before the head")


def raise_after(environ, start_response):
    start_response("200 OK", TEXT)

    def parts():
        yield b"begun"
        raise RuntimeError("raised after the head")
    return Closing(parts())


def replace(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"),
                              ("X-First", "1")])
    try:
        raise ValueError
    except ValueError:
        start_response("503 Service Unavailable", TEXT, sys.exc_info())
    return [b"replaced"]


def hints(environ, start_response):
    environ["wsgi.early_hints"]([("Link", "</a.css>; rel=preload")])
    return hello(environ, start_response)


def bad_header(environ, start_response):
    start_response("200 OK", [("X-Bad", "a\r\nSet-Cookie: stolen=1")])
    return [b"never"]


def long_head(environ, start_response):
    start_response("200 OK", [("X-Long", "y" * 1000)] * 70)
    return [b"never"]


def hop_by_hop(environ, start_response):
    start_response("200 OK", [("Connection", "upgrade"),
                              ("Transfer-Encoding", "identity"),
                              ("Content-Length", "2")])
    return [b"ok"]


def leave(environ, start_response):
    sys.exit(0)


def thread_reads(environ, start_response):
    """A body that is there may be read by another thread."""
    got = []
    t = threading.Thread(target=lambda: got.append(
        environ["wsgi.input"].read(-1)))
    t.start()
    t.join()
    start_response("200 OK", TEXT)
    return got


def pid(environ, start_response):
    start_response("200 OK", TEXT)
    return [b"%d" % os.getpid()]


RAW = {
    "/raw/hello": hello,
    "/raw/bad_header": bad_header,
    "/raw/hop_by_hop": hop_by_hop,
    "/raw/long_head": long_head,
    "/raw/leave": leave,
    "/raw/none": lambda e, s: None,
    "/raw/silent": lambda e, s: [b"no start_response"],
    "/raw/text": lambda e, s: s("200 OK", TEXT) and ["text"],
    "/raw/endless": endless,
    "/raw/raise_after": raise_after,
    "/raw/file": file,
}
VALID = {f"/{f.__name__}": validator(f) for f in (
    hello, environ_text, echo, lines, count, written, stream, closings,
    like_file, errors, logs, raise_before, replace, hints, thread_reads, pid)}


def app(environ, start_response):
    path = environ["PATH_INFO"]
    return (RAW.get(path) or VALID[path])(environ, start_response)
