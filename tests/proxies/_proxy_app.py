"""What stands behind the proxies. Every request that comes is written down
in the file that SEEN names, a line of JSON each."""

import hashlib
import json
import os
import resource
import time

PIECE = bytes(range(256)) * 256  # 64 KiB


def note(environ, n, digest):
    line = json.dumps({
        "id": environ.get("HTTP_X_ID"), "method": environ["REQUEST_METHOD"],
        "uri": environ["RAW_URI"], "body": n, "sha": digest,
        "peer": environ.get("REMOTE_PORT"),
        "address": environ["REMOTE_ADDR"],
        "scheme": environ["wsgi.url_scheme"]})
    fd = os.open(os.environ["SEEN"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(fd, line.encode() + b"\n")
    os.close(fd)
    return line.encode()


def read_all(environ):
    n, sha = 0, hashlib.sha256()
    while data := environ["wsgi.input"].read(65536):
        n += len(data)
        sha.update(data)
    return n, sha.hexdigest()


def pieces(n):
    while n > 0:
        yield PIECE[:n]
        n -= len(PIECE)


def app(environ, start_response):
    page, query = environ["PATH_INFO"], environ["QUERY_STRING"]
    fields = [("X-Seen-Id", environ.get("HTTP_X_ID", "none")),
              ("X-Seen-Uri", environ["RAW_URI"])]
    try:
        n, digest = read_all(environ)
    except Exception:
        note(environ, -1, "broken")
        raise
    seen = note(environ, n, digest)
    if page == "/source":
        start_response("200 OK", fields)
        return pieces(int(query))
    if page == "/known":
        start_response("200 OK", [*fields, ("Content-Length", query)])
        return pieces(int(query))
    if page == "/file":
        file = open(os.environ["FILE"], "rb")
        start_response("200 OK", fields)
        return environ["wsgi.file_wrapper"](file)
    if page == "/etag":
        fields.append(("ETag", '"x"'))
        if environ.get("HTTP_IF_NONE_MATCH") == '"x"':
            start_response("304 Not Modified", fields)
            return []
    if page == "/nothing":
        start_response("204 No Content", fields)
        return []
    if page == "/memory":
        seen = b"%d" % resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if page == "/sleep":
        time.sleep(float(query))
    start_response("200 OK", [*fields, ("Content-Length", str(len(seen)))])
    return [seen]
