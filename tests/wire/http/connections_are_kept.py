"""Keep-alive, pipelining, and when a connection ends."""

import pytest

HELLO = b"GET /hello HTTP/1.1\r\nHost: a\r\n%s\r\n"


def test_many_on_one(server):
    c = server().connect()
    for _ in range(200):
        assert c.ask(HELLO % b"").body == b"hello\n"


def test_pipelined(server):
    c = server().connect()
    c.send(HELLO % b"" * 50 + b"POST /echo HTTP/1.1\r\nHost: a\r\n"
           b"Content-Length: 3\r\n\r\nabc" + HELLO % b"Connection: close\r\n")
    for _ in range(50):
        assert c.answer().body == b"hello\n"
    assert c.answer().body == b"abc"
    last = c.answer()
    assert last.field("Connection") == "close"
    assert c.rest() == b""


@pytest.mark.parametrize("connection", [b"close", b"Close", b"x, close"])
def test_close_by_token(server, connection):
    c = server().connect()
    a = c.ask(HELLO % (b"Connection: " + connection + b"\r\n"))
    assert a.field("Connection") == "close"
    assert c.rest() == b""


def test_http_1_0(server):
    c = server().connect()
    a = c.ask(b"GET /hello HTTP/1.0\r\n\r\n")
    assert a.field("Connection") == "close"
    assert c.rest() == b""
    c = server().connect()
    for _ in range(3):
        a = c.ask(b"GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        assert a.field("Connection") == "keep-alive"


def test_no_keep_alive(server):
    c = server(keepalive=0).connect()
    assert c.ask(HELLO % b"").field("Connection") == "close"
    assert c.rest() == b""


def test_what_comes_behind_the_last_answer_is_no_reset(server):
    """RFC 9112, 9.6: a reset could eat the answer."""
    c = server(keepalive=0).connect()
    assert c.ask(HELLO % b"").field("Connection") == "close"
    assert c.rest() == b""
    for _ in range(3):
        c.send(HELLO % b"")
        assert c.rest() == b""


def test_a_reset_disturbs_nobody(server):
    s = server()
    for _ in range(20):
        c = s.connect()
        c.send(b"GET /big?1000000 HTTP/1.1\r\nHost: a\r\n\r\n")
        c.reset()
    assert s.connect().ask(HELLO % b"").status == 200


def test_more_connections_than_allowed_wait(server):
    s = server(worker_connections=4, keepalive=60)
    held = [s.connect() for _ in range(4)]
    waiting = s.connect()
    waiting.send(HELLO % b"")
    waiting.socket.settimeout(0.3)
    with pytest.raises(TimeoutError):
        waiting.answer()
    held[0].close()
    waiting.socket.settimeout(10)
    assert waiting.answer().status == 200


def test_a_full_worker_keeps_no_connection(server):
    s = server(worker_connections=2, keepalive=60)
    first = s.connect()
    assert first.ask(HELLO % b"").field("Connection") == "keep-alive"
    second = s.connect()
    assert second.ask(HELLO % b"").field("Connection") == "close"
    assert second.rest() == b""
    assert s.connect().ask(HELLO % b"").status == 200


def test_a_crowd_is_served_with_few_descriptors(server):
    s = server(descriptors=64, keepalive=60)
    crowd = [s.connect() for _ in range(150)]
    for c in crowd:
        c.send(HELLO % b"")
    for c in crowd:
        assert c.answer().status == 200
    assert "Cannot accept" not in s.log()
