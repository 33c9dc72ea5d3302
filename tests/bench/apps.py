"""The applications of the bench: one for each shape of load."""

import json as _json
import os as _os
import time as _time

RECORD = {
    "id": 8123, "name": "greencorn", "active": True, "score": 12.75,
    "tags": ["corn", "green", "static", "musl"],
    "owner": {"id": 17, "name": "Ada Lovelace", "mail": "ada@example.org"},
    "rows": [{"n": n, "value": n * 37 % 101, "text": f"row number {n}"}
             for n in range(17)],
}
RECORD["pad"] = "." * (1024 - len(_json.dumps({**RECORD, "pad": ""})))
_blobs = {size: b"x" * size for size in (100_000, 1_000_000, 10_000_000)}


def hello(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"),
                              ("Content-Length", "13")])
    return [b"Hello, World!"]


def json(environ, start_response):
    body = _json.dumps(RECORD).encode()
    start_response("200 OK", [("Content-Type", "application/json"),
                              ("Content-Length", str(len(body)))])
    return [body]


def echo(environ, start_response):
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    start_response("200 OK", [("Content-Type", "text/plain"),
                              ("Content-Length", str(len(body)))])
    return [body]


def sleep(environ, start_response):
    _time.sleep(0.002)
    return hello(environ, start_response)


def _blob(size):
    body = _blobs[size]

    def blob(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain"),
                                  ("Content-Length", str(size))])
        return [body]
    return blob


blob_100k = _blob(100_000)
blob_1m = _blob(1_000_000)
blob_10m = _blob(10_000_000)


def share(environ, start_response):
    """Says whose answer it is; the path says what it costs."""
    how, end = environ["PATH_INFO"], _time.monotonic() + 3
    if how == "/sleep10ms":
        _time.sleep(0.01)
    elif how == "/sleep":
        _time.sleep(3)
    elif how == "/compute":
        while _time.monotonic() < end:
            sum(range(20000))
    elif how == "/c":
        pow(3, 11 << 20)  # about three seconds, and nobody gets the GIL
    body = str(_os.getpid()).encode()
    start_response("200 OK", [("Content-Type", "text/plain"),
                              ("Content-Length", str(len(body)))])
    return [body]
