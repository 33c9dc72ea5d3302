"""How the end of an answer is told: length, chunks, close, no body."""

import pytest

GET = b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n"


def test_known_length(server):
    a = server().connect().ask(GET % b"/hello")
    assert (a.line, a.body) == ("HTTP/1.1 200 OK", b"hello\n")
    assert a.field("Content-Length") == "6"
    assert a.field("Server") == "greencorn"
    assert a.field("Date").endswith(" GMT")
    assert a.field("Connection") == "keep-alive"


def test_unknown_length_goes_in_chunks(server):
    c = server().connect()
    a = c.ask(GET % b"/stream?300")
    assert a.field("Transfer-Encoding") == "chunked"
    assert a.body == b"s" * 300_000
    assert c.ask(GET % b"/hello").body == b"hello\n"


def test_unknown_length_for_http_1_0_ends_by_close(server):
    c = server().connect()
    a = c.ask(b"GET /stream?3 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    assert a.field("Transfer-Encoding") is None
    assert a.field("Connection") == "close"
    assert a.body == b"s" * 3000


def test_one_that_breaks_off_for_http_1_0_does_not_look_complete(server):
    for _ in range(50):
        c = server().connect()
        c.send(b"GET /breaks HTTP/1.0\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            c.rest()


@pytest.mark.parametrize("n", [0, 1, 16383, 16384, 100_000, 10_000_000])
def test_any_size(server, n):
    c = server(keepalive=60).connect()
    assert len(c.ask(GET % (b"/big?%d" % n)).body) == n
    assert c.ask(GET % b"/hello").body == b"hello\n"


@pytest.mark.parametrize("status", [204, 304])
def test_statuses_without_a_body(server, status):
    c = server().connect()
    a = c.ask(GET % (b"/status?%d" % status))
    assert a.status == status
    assert a.field("Transfer-Encoding") is None
    assert c.ask(GET % b"/hello").body == b"hello\n"


def test_head(server):
    c = server().connect()
    a = c.ask(b"HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n", head_only=True)
    assert a.field("Content-Length") == "6"
    a = c.ask(b"HEAD /stream?3 HTTP/1.1\r\nHost: a\r\n\r\n", head_only=True)
    assert a.field("Transfer-Encoding") is None
    assert c.ask(GET % b"/hello").body == b"hello\n"


def test_too_short_an_answer_is_cut(server):
    c = server().connect()
    c.send(GET % b"/short" + GET % b"/hello")
    assert c.rest().endswith(b"\r\n\r\nshort")
