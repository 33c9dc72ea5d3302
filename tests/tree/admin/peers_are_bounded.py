"""Whatever peers do, probes are answered."""

import contextlib
import socket


def connect(arbiter):
    s = socket.create_connection(("127.0.0.1", arbiter.ports[9000]), 10)
    s.settimeout(10)
    return s


def exchange(arbiter, request):
    with connect(arbiter) as s:
        s.sendall(request)
        return read_all(s)


def read_all(s):
    data = b""
    while True:
        more = s.recv(65536)
        if not more:
            return data
        data += more


def test_head_has_no_body(arbiter):
    got = exchange(arbiter, b"HEAD /livez HTTP/1.1\r\nHost: a\r\n\r\n")
    assert got.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"Content-Length: 3\r\n" in got
    assert got.endswith(b"\r\n\r\n")


def test_other_methods(arbiter):
    got = exchange(arbiter, b"POST /livez HTTP/1.1\r\nContent-Length: 3\r\n"
                            b"\r\nabc")
    assert got.startswith(b"HTTP/1.1 405 ")
    assert b"Allow: GET, HEAD\r\n" in got


def test_rubbish(arbiter):
    assert exchange(arbiter, b"hello\r\n").startswith(b"HTTP/1.1 400 ")


def test_too_long(arbiter):
    got = exchange(arbiter, b"GET /livez HTTP/1.1\r\nA: " + b"x" * 9000)
    assert got.startswith(b"HTTP/1.1 431 ")


def test_a_byte_at_a_time(arbiter):
    with connect(arbiter) as s:
        for byte in b"GET /livez HTTP/1.1\r\n\r\n":
            s.sendall(bytes([byte]))
        assert read_all(s).startswith(b"HTTP/1.1 200 ")


def test_silence_is_ended(arbiter):
    with connect(arbiter) as s:
        s.sendall(b"GET /livez")
        with contextlib.suppress(ConnectionResetError):
            assert read_all(s) == b""


def test_silent_crowd_keeps_nobody_out(arbiter, get):
    with contextlib.ExitStack() as crowd:
        for _ in range(200):
            crowd.enter_context(connect(arbiter))
        assert get(arbiter.url(9000, "/livez"))[0] == 200
