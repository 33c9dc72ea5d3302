"""A process that the application forks keeps no socket of the server."""

import time

import pytest

GET = b"GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n"
CLOSE = b"Connection: close\r\n"


def test_connection_ends_although_a_child_lives(server):
    c = server().connect()
    began = time.monotonic()
    assert c.ask(GET % (b"/fork?5", CLOSE)).body == b"hello\n"
    assert c.rest() == b""
    assert time.monotonic() - began < 3


def test_others_go_on(server):
    s = server()
    before = s.connect()
    assert before.ask(GET % (b"/hello", b"")).status == 200
    c = s.connect()
    for _ in range(5):
        assert c.ask(GET % (b"/fork?1", b"")).body == b"hello\n"
    assert before.ask(GET % (b"/hello", b"")).body == b"hello\n"


def test_listener_is_not_inherited(own_server):
    s = own_server()
    assert s.connect().ask(GET % (b"/fork?8", CLOSE)).status == 200
    began = time.monotonic()
    assert s.stop() == 0
    with pytest.raises(ConnectionRefusedError):
        s.connect()
    assert time.monotonic() - began < 6


def test_child_that_returns_ends(server):
    s = server()
    c = s.connect()
    assert c.ask(GET % (b"/fork?returns", b"")).body == b"hello\n"
    time.sleep(0.3)  # the child has tried to answer by now
    assert c.ask(GET % (b"/hello", b"")).body == b"hello\n"
    assert c.buffer == b""
