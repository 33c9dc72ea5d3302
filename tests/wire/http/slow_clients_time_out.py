"""Every wait for a client ends by itself, with an answer where one helps."""

import time


def limits(server):
    return server(header_timeout="300ms", body_timeout="300ms",
                  write_timeout="300ms", keepalive="300ms")


def test_nothing_said_nothing_heard(server):
    c = limits(server).connect()
    assert c.rest() == b""


def test_head(server):
    c = limits(server).connect()
    c.send(b"GET / HTT")
    assert c.answer().status == 408
    assert c.rest() == b""


def test_head_in_drips(server):
    """The clock runs from its first byte, not from its last."""
    c = limits(server).connect()
    c.send(b"G")
    began = time.monotonic()
    for byte in b"ET /hello HTTP/1.1\r\nHost: a\r\nX: 0123456789\r\n":
        if time.monotonic() - began > 0.25:
            break
        c.send(bytes([byte]))
        time.sleep(0.01)
    assert c.answer().status == 408
    assert time.monotonic() - began < 2


def test_body(server):
    c = limits(server).connect()
    a = c.ask(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx")
    assert a.status == 408
    assert c.rest() == b""


def test_idle(server):
    c = limits(server).connect()
    assert c.ask(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").status == 200
    began = time.monotonic()
    assert c.rest() == b""
    assert time.monotonic() - began < 2


def test_idle_after_an_empty_line(server):
    """Some clients send one behind a body; it asks for nothing."""
    c = limits(server).connect()
    assert c.ask(b"POST /echo HTTP/1.1\r\nHost: a\r\n"
                 b"Content-Length: 1\r\n\r\nx\r\n").status == 200
    assert c.rest() == b""


def test_reader(server):
    s = limits(server)
    c = s.connect()
    c.send(b"GET /big?100000000 HTTP/1.1\r\nHost: a\r\n\r\n")
    # It reads nothing; the next client is served all the same.
    assert s.connect().ask(
        b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").status == 200
    try:
        got = len(c.rest())
    except ConnectionResetError:
        got = 0
    assert got < 100_000_000
