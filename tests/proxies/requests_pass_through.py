"""Kept connections, large bodies, slow clients, answers without a body."""

import json
import time

LARGE = 100_000_000
PIECE = bytes(range(256)) * 256
GET = b"GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n"


def memory(proxy):
    """The largest that any worker asked has been, in MB."""
    return max(int(proxy.ask(b"/memory").body) for _ in range(4)) / 1000


def read_body(c, n):
    while n > 0:
        n -= len(c.socket.recv(min(n, 1 << 20))) or n + 1
    assert n == 0


def test_connections_to_the_server_are_kept(proxy):
    c = proxy.connect()
    for _ in range(200):
        assert c.ask(GET % (b"/", b"")).status == 200
    ports = {s["peer"] for s in proxy.check()}
    assert len(ports) < 10


def test_the_proxy_is_believed(proxy):
    assert json.loads(proxy.ask(b"/x").body)["scheme"] == "https"


def test_answers_without_a_body_leave_the_connection_in_step(proxy):
    c = proxy.connect()
    for _ in range(20):
        a = c.ask(b"HEAD /known?70000 HTTP/1.1\r\nHost: a\r\n\r\n", True)
        assert (a.status, a.field("Content-Length")) == (200, "70000")
        assert c.ask(GET % (b"/a", b"")).field("X-Seen-Uri") == "/a"
        a = c.ask(GET % (b"/etag", b'If-None-Match: "x"\r\n'))
        assert (a.status, a.field("ETag")) == (304, '"x"')
        assert c.ask(GET % (b"/b", b"")).field("X-Seen-Uri") == "/b"
        assert c.ask(GET % (b"/nothing", b"")).status == 204
        assert c.ask(GET % (b"/c", b"")).field("X-Seen-Uri") == "/c"
        a = c.ask(b"HEAD /source?100 HTTP/1.1\r\nHost: a\r\n\r\n", True)
        assert a.status == 200
    proxy.check()


def test_large_upload(proxy):
    before = memory(proxy)
    c = proxy.connect()
    c.socket.settimeout(60)
    c.send(b"PUT /up HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % LARGE)
    for _ in range(LARGE // len(PIECE)):
        c.send(PIECE)
    c.send(PIECE[:LARGE % len(PIECE)])
    assert json.loads(c.answer().body)["body"] == LARGE
    assert memory(proxy) < before + 20


def test_large_upload_in_chunks(proxy):
    before = memory(proxy)
    c = proxy.connect()
    c.socket.settimeout(60)
    c.send(b"PUT /up HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"%x\r\n%s\r\n" % (len(PIECE), PIECE)
    for _ in range(LARGE // len(PIECE)):
        c.send(chunk)
    c.send(b"0\r\n\r\n")
    seen = json.loads(c.answer().body)
    assert seen["body"] == LARGE // len(PIECE) * len(PIECE)
    assert memory(proxy) < before + 20


def test_large_downloads(proxy):
    before = memory(proxy)
    for uri in b"/known?%d" % LARGE, b"/file":
        c = proxy.connect()
        c.socket.settimeout(60)
        c.send(GET % (uri, b"Connection: close\r\n"))
        head = c._until(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        if b"chunked" in head.lower():
            assert len(c._chunks()) == LARGE
        else:
            read_body(c, LARGE - len(c.buffer))
            c.buffer = b""
    assert memory(proxy) < before + 20


def test_stream_without_a_length(proxy):
    c = proxy.connect()
    a = c.ask(GET % (b"/source?3000000", b""))
    assert a.body == (PIECE * 46)[:3000000]
    assert c.ask(GET % (b"/a", b"")).field("X-Seen-Uri") == "/a"


def test_slow_writers_hold_nobody_up(proxy):
    slow = [proxy.connect() for _ in range(20)]
    for c in slow:
        c.send(b"POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
    for byte in b"0123456789":
        for c in slow:
            c.send(bytes([byte]))
        began = time.monotonic()
        assert proxy.ask().status == 200
        assert time.monotonic() - began < 2
    for c in slow:
        assert json.loads(c.answer().body)["body"] == 10
    proxy.check()


def test_slow_readers_get_it_all(proxy):
    """One a worker, less than a proxy holds back: others go on."""
    c = proxy.connect()
    c.socket.setsockopt(1, 8, 65536)  # SO_RCVBUF
    c.send(GET % (b"/known?3000000", b"Connection: close\r\n"))
    c._until(b"\r\n\r\n")
    left = 3_000_000 - len(c.buffer)
    for _ in range(20):
        got = len(c.socket.recv(65536))
        left -= got
        began = time.monotonic()
        assert proxy.ask().status == 200
        assert time.monotonic() - began < 2
    read_body(c, left)


def test_continue_is_asked_for(proxy):
    c = proxy.connect()
    c.send(b"PUT /up HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
           b"Content-Length: 5\r\n\r\n")
    assert c.answer().status == 100
    c.send(b"hello")
    a = c.answer()
    while a.status == 100:  # the proxy's own and the server's
        a = c.answer()
    assert json.loads(a.body)["body"] == 5
    proxy.check()


def test_a_client_that_leaves_disturbs_no_other(proxy):
    for _ in range(20):
        c = proxy.connect()
        c.send(GET % (b"/known?1000000", b""))
        c.reset()
        c = proxy.connect()
        c.send(b"PUT /up HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx")
        c.reset()
        a = proxy.ask(b"/after")
        assert (a.status, a.field("X-Seen-Uri")) == (200, "/after")
