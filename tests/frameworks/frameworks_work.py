"""What people do with a framework, the same for each: once with
wsgiref.validate before it, once without."""

import hashlib
import json
import os

import pytest

from conftest import FILE, tree

BOUNDARY = b"xxBOUNDARYxx"


@pytest.fixture(params=["validated", "plain"])
def client(request, served):
    before = len(served.logs())
    c = Client(served, request.param == "plain")
    yield c
    c.connection.close()
    # What the validator has to say is an AssertionError.
    said = served.logs()[before:]
    assert "AssertionError" not in said, said


class Client:
    def __init__(self, served, plain):
        self.served, self.plain = served, plain
        self.connection = served.connect()

    def head(self, method, path, *fields):
        lines = [f"{method} {path} HTTP/1.1", "Host: example.test:81",
                 *fields]
        if self.plain:
            lines.append("X-Plain: yes")
        return "\r\n".join([*lines, "", ""]).encode()

    def get(self, path, *fields):
        return self.connection.ask(self.head("GET", path, *fields))

    def post(self, path, kind, body, *fields):
        head = self.head("POST", path, f"Content-Type: {kind}",
                         f"Content-Length: {len(body)}", *fields)
        return self.connection.ask(head + body)

    def post_chunked(self, path, kind, body):
        head = self.head("POST", path, f"Content-Type: {kind}",
                         "Transfer-Encoding: chunked")
        chunks = b"".join(
            b"%x\r\n%s\r\n" % (len(part), part) for part in
            (body[i:i + 7000] for i in range(0, len(body), 7000)))
        return self.connection.ask(head + chunks + b"0\r\n\r\n")

    def in_step(self):
        """The connection goes on with the next request."""
        a = self.get("/")
        assert a.body == b"hello from " + self.served.framework.encode()


def found(answer):
    assert answer.status == 200, (answer.head, answer.body)
    return json.loads(answer.body)


def test_hello(client):
    for _ in range(20):
        a = client.get("/")
        assert a.status == 200
        assert a.field("Content-Type").startswith("text/plain")
        assert a.field("Server")
        assert a.field("Content-Length") == str(len(a.body))
        client.in_step()


def test_head(client):
    a = client.connection.ask(client.head("HEAD", "/"), head_only=True)
    assert a.status == 200
    client.in_step()
    a = client.connection.ask(client.head("HEAD", "/file"), head_only=True)
    assert a.status == 200
    client.in_step()


def test_stream(client):
    a = client.get("/stream/50")
    assert a.body == b"".join(b"%d" % (i % 10) * 10_000 for i in range(50))
    assert a.field("Transfer-Encoding") == "chunked"
    client.in_step()
    assert 50 in found(client.get("/closed"))["closed"]


def test_stream_that_breaks(client):
    """A client must see that it is not the whole."""
    client.connection.send(client.head("GET", "/broken/3"))
    data = client.connection.rest()
    assert data.startswith(b"HTTP/1.1 200 ") and b"2" * 10_000 in data
    assert not data.endswith(b"0\r\n\r\n")
    c = Client(client.served, client.plain)
    assert 3 in found(c.get("/closed"))["closed"]


def test_client_that_leaves(client):
    """The generator is closed all the same."""
    c = Client(client.served, client.plain)
    n = 5001 if client.plain else 5002
    c.connection.send(c.head("GET", f"/stream/{n}"))
    c.connection._until(b"\r\n\r\n")
    c.connection.reset()
    tree.until(lambda: n in found(client.get("/closed"))["closed"],
               "the generator was closed")


def test_file(client):
    a = client.get("/file")
    assert (a.status, a.body) == (200, FILE)
    client.in_step()


def test_part_of_a_file(client):
    if client.served.framework in ("django", "falcon"):
        return  # these know no ranges here
    a = client.get("/file", "Range: bytes=1000-250999")
    assert (a.status, a.body) == (206, FILE[1000:251000])
    assert a.field("Content-Range") == f"bytes 1000-250999/{len(FILE)}"
    client.in_step()


def test_file_that_the_client_has(client):
    if client.served.framework in ("django", "falcon"):
        return
    modified = client.get("/file").field("Last-Modified")
    a = client.get("/file", f"If-Modified-Since: {modified}")
    assert (a.status, a.body) == (304, b"")
    client.in_step()


def test_redirect(client):
    a = client.get("/redirect")
    assert a.status in (302, 303)
    assert a.field("Location") in ("/", "http://example.test:81/")
    client.in_step()


def test_own_url(client):
    assert found(client.get("/url")) == {
        "url": "http://example.test:81/", "secure": False}
    assert found(client.get("/url", "X-Forwarded-Proto: https")) == {
        "url": "https://example.test:81/", "secure": True}


def test_cookies(client):
    a = client.get("/cookie")
    assert found(a) == {}
    cookies = [v.split(";")[0] for n, v in a.fields
               if n.lower() == "set-cookie"]
    assert cookies == ["a=1", 'b="two words"']
    a = client.get("/cookie", f"Cookie: {cookies[0]}", f"Cookie: {cookies[1]}")
    assert found(a) == {"a": "1", "b": "two words"}


def test_form(client):
    kind = "application/x-www-form-urlencoded"
    a = client.post("/form", kind, "x=1&y=%C3%A4+b&x=2".encode())
    assert found(a) == {"x": ["1", "2"], "y": ["ä b"]}


def multipart(data):
    return (b"--" + BOUNDARY + b"\r\nContent-Disposition: form-data; "
            b'name="other"\r\n\r\nvalue\r\n--' + BOUNDARY +
            b'\r\nContent-Disposition: form-data; name="f"; '
            b'filename="a name.bin"\r\n'
            b"Content-Type: application/octet-stream\r\n\r\n" + data +
            b"\r\n--" + BOUNDARY + b"--\r\n")


def test_upload(client):
    for n in 9, 1_000_000:
        data = os.urandom(n)
        kind = "multipart/form-data; boundary=" + BOUNDARY.decode()
        assert found(client.post("/upload", kind, multipart(data))) == {
            "name": "a name.bin", "size": n,
            "sha": hashlib.sha256(data).hexdigest()}
    client.in_step()


@pytest.mark.parametrize("n", [0, 1, 65536, 3_000_000])
def test_body(client, n):
    data = os.urandom(n)
    want = {"size": n, "sha": hashlib.sha256(data).hexdigest()}
    kind = "application/octet-stream"
    assert found(client.post("/body", kind, data)) == want
    # Bottle decodes what the server has decoded, under Gunicorn as here.
    if client.served.framework != "bottle":
        assert found(client.post_chunked("/body", kind, data)) == want
    client.in_step()


def test_json(client):
    value = {"a": [1, 2.5, None], "ä": "ö" * 1000}
    a = client.post("/json", "application/json", json.dumps(value).encode())
    assert found(a) == {"got": value}


def test_text(client):
    assert found(client.get("/text/%C3%A4%20b?q=%C3%B6+%26")) == {
        "word": "ä b", "q": "ö &"}


def test_nothing(client):
    a = client.get("/nothing")
    assert (a.status, a.field("Content-Length")) == (204, None)
    client.in_step()


def test_missing(client):
    assert client.get("/missing").status == 404
    client.in_step()


def test_error(client):
    a = client.get("/error")
    assert a.status == 500 and b"secret" not in a.body


def test_a_body_that_nobody_reads(client):
    a = client.post("/missing", "text/plain", b"GET /evil HTTP/1.1\r\n\r\n")
    assert a.status in (404, 405)
    client.in_step()
