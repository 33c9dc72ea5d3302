"""Request bodies: by length, in chunks, expected, unread, too large."""

import time

import pytest

POST = b"POST %s HTTP/1.1\r\nHost: a\r\n"
NEXT = b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"


def test_by_length(server):
    c = server().connect()
    a = c.ask(POST % b"/echo" + b"Content-Length: 5\r\n\r\nabcde")
    assert a.body == b"abcde"


@pytest.mark.parametrize("pieces", [1, 1000])
def test_a_byte_at_a_time(server, pieces):
    c = server().connect()
    data = POST % b"/echo" + \
        b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
    size = max(1, len(data) // pieces)
    for i in range(0, len(data), size):
        c.send(data[i:i + size])
    assert c.answer().body == b"abcde"


@pytest.mark.parametrize("n", [65536, 131071, 131072, 131073, 5_000_000])
def test_larger_than_the_buffer(server, n):
    c = server().connect()
    c.send(POST % b"/count" + b"Content-Length: %d\r\n\r\n" % n + b"x" * n)
    assert c.answer().body == b"%d" % n
    c.send(POST % b"/count" + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % n +
           b"x" * n + b"\r\n0\r\n\r\n")
    assert c.answer().body == b"%d" % n


def test_100_continue(server):
    c = server().connect()
    expect = b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    a = c.ask(POST % b"/echo" + expect)
    assert a.line == "HTTP/1.1 100 Continue"
    assert not a.fields
    assert c.ask(b"ok").body == b"ok"
    # Needless once the body is there.
    a = c.ask(POST % b"/echo" + expect + b"ok")
    assert (a.status, a.body) == (200, b"ok")


@pytest.mark.parametrize("framing", [
    b"Content-Length: 35\r\n\r\n%s",
    b"Transfer-Encoding: chunked\r\n\r\n23\r\n%s\r\n0\r\n\r\n",
])
def test_unread_body_is_no_request(server, framing):
    c = server().connect()
    inside = b"GET /big?9 HTTP/1.1\r\nHost: evil\r\n\r\n"
    assert len(inside) == 35
    c.send(POST % b"/hello" + framing % inside + NEXT)
    assert c.answer().body == b"hello\n"
    assert c.answer().body == b"hello\n"


@pytest.mark.parametrize("n", [65_536, 70_000, 90_000, 140_000, 300_000])
@pytest.mark.parametrize("chunked", [False, True])
def test_request_behind_a_large_unread_body(server, chunked, n):
    """What does not fit the buffer is dropped, and not a byte more."""
    c = server().connect()
    if chunked:
        body = b"Transfer-Encoding: chunked\r\n\r\n" + \
            b"1f4\r\n%s\r\n" % (b"x" * 500) * (n // 500) + b"0\r\n\r\n"
    else:
        body = b"Content-Length: %d\r\n\r\n" % n + b"x" * n
    began = time.monotonic()
    c.send(POST % b"/hello" + body + NEXT)
    assert c.answer().body == b"hello\n"
    assert c.answer().body == b"hello\n"
    assert time.monotonic() - began < 1


def test_answer_before_a_huge_body_arrives(server):
    c = server().connect()
    c.send(POST % b"/hello" + b"Content-Length: 50000000\r\n\r\n" +
           b"x" * 200_000)
    a = c.answer()
    assert a.body == b"hello\n"
    assert a.field("Connection") == "close"
    assert c.rest() == b""


def test_too_large(server):
    s = server(limit_request_body=1000)
    c = s.connect()
    a = c.ask(POST % b"/echo" + b"Content-Length: 1001\r\n\r\n")
    assert a.status == 413
    c = s.connect()
    c.send(POST % b"/echo" + b"Transfer-Encoding: chunked\r\n\r\n3e9\r\n" +
           b"x" * 1001 + b"\r\n0\r\n\r\n")
    assert c.answer().status == 413
    c = s.connect()
    a = c.ask(POST % b"/echo" + b"Content-Length: 1000\r\n\r\n" + b"x" * 1000)
    assert a.status == 200


BROKEN = b"".join([
    POST, b"Transfer-Encoding: chunked\r\n\r\n30000\r\n", b"x" * 0x30000,
    b"\r\nnonsense\r\n", NEXT])


def test_body_that_breaks_while_it_is_read(server):
    c = server().connect()
    c.send(BROKEN % b"/count")
    assert c.answer().status == 400
    assert c.rest() == b""


def test_body_that_breaks_and_nobody_minds(server):
    """The connection ends all the same: who knows where the next begins?"""
    c = server().connect()
    c.send(BROKEN % b"/careless")
    a = c.answer()
    assert (a.status, a.field("Connection")) in ((200, "close"),
                                                 (400, "close"))
    assert c.rest() == b""


def test_body_that_breaks_and_is_not_read(server):
    c = server().connect()
    c.send(BROKEN % b"/hello")
    assert c.answer().status == 200
    assert c.rest() == b""


def test_half_closed_client_is_answered(server):
    c = server().connect()
    c.send(POST % b"/echo" + b"Content-Length: 2\r\n\r\nok")
    c.end()
    assert c.answer().body == b"ok"
    assert c.rest() == b""
