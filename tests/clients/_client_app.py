"""What the clients ask for: chosen by the path."""

import hashlib
import json

PIECE = bytes(range(256)) * 64


def app(environ, start_response):
    page, query = environ["PATH_INFO"], environ["QUERY_STRING"]
    status, fields, body = "200 OK", [], b""
    sha, n = hashlib.sha256(), 0
    while data := environ["wsgi.input"].read(65536):
        n += len(data)
        sha.update(data)
        if page == "/echo":
            body += data
    if page == "/hello":
        body = b"hello\n"
    elif page == "/redirect":
        status = "302 Found"
        fields = [("Location", "/hello")]
    elif page == "/cookie":
        body = environ.get("HTTP_COOKIE", "").encode()
        fields = [("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2")]
    elif page == "/etag":
        fields = [("ETag", '"x"')]
        if environ.get("HTTP_IF_NONE_MATCH") == '"x"':
            start_response("304 Not Modified", fields)
            return []
        body = b"whole"
    elif page == "/stream":
        start_response(status, fields)
        return (PIECE for _ in range(int(query)))
    elif page == "/big":
        body = (PIECE * (int(query) // len(PIECE) + 1))[:int(query)]
    elif page == "/nothing":
        start_response("204 No Content", fields)
        return []
    elif page != "/echo":
        seen = {k: v for k, v in environ.items() if isinstance(v, str)}
        seen.update(length=n, sha=sha.hexdigest())
        body = json.dumps(seen).encode()
        fields = [("Content-Type", "application/json")]
    start_response(status, [*fields, ("Content-Length", str(len(body)))])
    return [body]
