"""What is not HTTP gets a whole answer, and the connection ends."""

import pytest

BAD = {
    b"GARBAGE\r\n\r\n": 400,
    b"GET /\r\n\r\n": 400,
    b"GET / HTTP/2.0\r\nHost: a\r\n\r\n": None,
    b"GET / HTTP/1.1\r\n\r\n": 400,
    b"GET / HTTP/1.1\nHost: a\n\n": 400,
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost : a\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n": 400,
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n": 400,
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
    b"Content-Length: 1\r\n\r\n": 400,
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n": 400,
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x\r\n\r\n": 400,
    b"POST / HTTP/1.1\r\nHost: a\r\n"
    b"Transfer-Encoding: x, chunked\r\n\r\n": 501,
    b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n": 400,
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"-1\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n": 417,
    b"GET /" + b"a" * 5000: 414,
    b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 9000: 431,
    b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 101 + b"\r\n": 431,
}


@pytest.mark.parametrize("request_bytes", BAD, ids=lambda b: repr(b[:60]))
def test_refused(server, request_bytes):
    c = server().connect()
    c.send(request_bytes)
    a = c.answer()
    assert a.status == (BAD[request_bytes] or a.status) and a.status >= 400
    assert a.field("Connection") == "close"
    assert a.field("Date") and a.field("Content-Length")
    assert c.rest() == b""
    assert server().connect().ask(
        b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").status == 200


def test_behind_a_good_one(server):
    c = server().connect()
    c.send(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGARBAGE\r\n\r\n")
    assert c.answer().body == b"hello\n"
    assert c.answer().status == 400
    assert c.rest() == b""


def test_refusals_are_logged_without_the_peers_bytes(server):
    s = server()
    s.connect().ask(b"EVIL\x1b[31m\r\n\r\n")
    s.wait_log(r"Invalid request from ip=127\.0\.0\.1: ")
    assert "EVIL" not in s.log()


def big_head(n_fields, size):
    """That many fields, each of size with its CRLF."""
    head = b"GET /" + b"a" * (4094 - 14) + b" HTTP/1.1\r\nHost: a\r\n"
    field = b"X: " + b"y" * (size - 5) + b"\r\n"
    return head + field * (n_fields - 1) + b"\r\n"


def test_a_head_may_be_as_large_as_its_limits_allow(server):
    c = server().connect()
    for _ in range(2):
        assert c.ask(big_head(100, 8190)).status == 200
    assert c.ask(big_head(100, 8191)).status == 431


def test_a_head_of_a_mebibyte_is_the_largest(server):
    c = server(limit_request_fields=1000).connect()
    assert c.ask(big_head(100, 8190)).status == 200
    assert c.ask(big_head(200, 8190)).status == 431


def test_a_field_that_comes_again_and_again(server):
    """Joined once: not a longer text for each of them."""
    c = server(limit_request_fields=0).connect()
    n, value = 32000, b"v" * 20
    answer = c.ask(b"GET /fields HTTP/1.1\r\nHost: a\r\n" +
                   (b"X: " + value + b"\r\n") * n + b"\r\n")
    assert b"HTTP_X=" + b",".join([value] * n) + b"\n" in answer.body
