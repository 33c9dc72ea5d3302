"""wsgiref.validate stands between the server and the application."""

import pytest


def get(path, *fields):
    lines = [f"GET {path} HTTP/1.1", "Host: example.org", *fields, "", ""]
    return "\r\n".join(lines).encode("latin-1")


def post(path, body, chunks=None):
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\n"
    if chunks is None:
        head += f"Content-Length: {len(body)}\r\n\r\n"
        return head.encode() + body
    head += "Transfer-Encoding: chunked\r\n\r\n"
    parts = [body[i:i + chunks] for i in range(0, len(body), chunks)]
    return head.encode() + b"".join(
        b"%x\r\n%s\r\n" % (len(p), p) for p in parts) + b"0\r\n\r\n"


@pytest.fixture
def client(server):
    connection = server(app="_wsgi_app:app").connect()
    yield connection
    connection.close()


@pytest.mark.parametrize("path, body", [
    ("/hello", b"hello"),
    ("/written", b"written returned"),
    ("/like_file", b"like a file" * 1000),
    ("/stream", b"".join(b"%d\n" % i for i in range(1000))),
    ("/echo", b""),
    ("/errors", b"hello"),
])
def test_answers(client, path, body):
    for _ in range(3):
        answer = client.ask(get(path))
        assert (answer.status, answer.body) == (200, body)


def test_one_part_has_a_length(client):
    # The validator's own iterator would hide the list from the server.
    assert client.ask(get("/raw/hello")).field("Content-Length") == "5"


@pytest.mark.parametrize("size", [0, 1, 1000, 65536, 300000])
@pytest.mark.parametrize("chunks", [None, 1000])
def test_bodies(client, size, chunks):
    body = bytes(i % 251 for i in range(size))
    answer = client.ask(post("/echo", body, chunks))
    assert answer.body == body
    answer = client.ask(post("/count", body, chunks))
    assert answer.body == b"%d" % size


def test_lines(client):
    answer = client.ask(post("/lines", b"one\ntwo\n\nlast"))
    assert answer.body == b"4:one\n4:two\n1:\n4:last"


def test_a_body_that_drips(client):
    client.send(b"POST /lines HTTP/1.1\r\nHost: a\r\n"
                b"Content-Length: 200000\r\n\r\n")
    for _ in range(200):
        client.send(b"a" * 999 + b"\n")
    assert client.answer().body == (b"1000:" + b"a" * 999 + b"\n") * 200


def test_another_thread_may_read_what_is_there(client):
    assert client.ask(post("/thread_reads", b"body")).body == b"body"


def test_head_has_no_body(client):
    answer = client.ask(b"HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n", True)
    assert answer.status == 200
    assert client.ask(get("/hello")).body == b"hello"


def test_head_of_an_endless_answer(client):
    answer = client.ask(b"HEAD /raw/endless HTTP/1.1\r\nHost: a\r\n\r\n",
                        True)
    assert answer.status == 200
    assert client.ask(get("/hello")).body == b"hello"


def test_exc_info_replaces_the_head(client):
    answer = client.ask(get("/replace"))
    assert (answer.status, answer.body) == (503, b"replaced")
    assert answer.field("X-First") is None


def test_hints_come_early(client):
    client.send(get("/hints"))
    early, final = client.answer(), client.answer()
    assert (early.status, final.status) == (103, 200)
    assert early.field("Link") == "</a.css>; rel=preload"


def test_http_1_0_has_no_hints(server):
    client = server(app="_wsgi_app:app").connect()
    assert client.ask(b"GET /hints HTTP/1.0\r\n\r\n").status == 200
