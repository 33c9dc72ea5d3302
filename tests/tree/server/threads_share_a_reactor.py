"""While applications sleep, compute or keep the GIL, all else goes on."""

import http.client
import os
import socket
import threading
import time

import pytest

APP = r"""
import os, threading, time

BIG = b"x" * (8 << 20)

def sleeps():
    while not os.path.exists("go"):
        time.sleep(0.01)

def computes():
    n = 0
    while not os.path.exists("go"):
        for i in range(20000):
            n += i

def keeps_the_gil():
    # One call of C, some tenths of a second, again and again.
    while not os.path.exists("go"):
        pow(3, 1 << 21)

def app(environ, start_response):
    path, body = environ["PATH_INFO"], b"hello"
    if path == "/big":
        body = BIG
    elif path == "/name":
        body = repr((threading.current_thread().name, threading.current_thread()
            is threading.main_thread(), environ["wsgi.multithread"])).encode()
    elif path == "/threads":
        body = str(len(os.listdir("/proc/self/task"))).encode()
    elif path == "/echo":
        body = environ["wsgi.input"].read()
    elif path == "/2ms":
        time.sleep(0.002)
    elif path != "/":
        open("began-" + environ["QUERY_STRING"], "w").close()
        globals()[path[1:]]()
    start_response("200 OK", [("Content-Type", "text/plain"),
                              ("Content-Length", str(len(body)))])
    return [body]
"""

CLASSES = pytest.mark.parametrize("threads", [1, 4])
BUSY = pytest.mark.parametrize("busy", ["sleeps", "computes", "keeps_the_gil"])


def _connect(s):
    c = socket.create_connection(("127.0.0.1", s.port), timeout=10)
    return c


def _request(path, headers=""):
    return f"GET {path} HTTP/1.1\r\nHost: a\r\n{headers}\r\n".encode()


def _read_answer(c):
    """Status and body of an answer with a length."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = c.recv(65536)
        assert more, data
        data += more
    head, body = data.split(b"\r\n\r\n", 1)
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length:
        more = c.recv(65536)
        assert more
        body += more
    return int(head.split()[1]), body


def _serve(serve, threads, **settings):
    args = ["-k", "gthread" if threads > 1 else "sync", "--threads",
            str(threads), "app:app"]
    return serve(*args, app=APP, workers=1, **settings)


class _Busy:
    """As many requests as there are slots, all in the application."""

    def __init__(self, s, until, what, threads):
        self.s = s
        self.conns = []
        for i in range(threads):
            c = _connect(s)
            c.sendall(_request(f"/{what}?{i}"))
            self.conns.append(c)
        until(lambda: all((s.folder / f"began-{i}").exists()
                          for i in range(threads)), "all slots are taken")

    def end(self):
        (self.s.folder / "go").touch()
        for c in self.conns:
            assert _read_answer(c) == (200, b"hello")
            c.close()


@CLASSES
@BUSY
def test_others_go_on_while_every_slot_is_taken(serve, until, threads, busy):
    s = _serve(serve, threads, header_timeout=1, keepalive=1)
    idle, late, reader = _connect(s), _connect(s), _connect(s)
    idle.sendall(_request("/"))
    assert _read_answer(idle) == (200, b"hello")
    late.sendall(b"GET / HT")
    # The worker has seen it before it gets busy.
    assert s.get("/").status == 200
    reader.sendall(_request("/big"))
    got = len(reader.recv(1))
    if threads > 1:
        # One slot waits for this reader, all others are busy.
        b = _Busy(s, until, busy, threads - 1)
    while got < 8 << 20:
        got += len(reader.recv(1 << 20))
    if threads == 1:
        b = _Busy(s, until, busy, 1)
    began = time.monotonic()
    assert _read_answer(late)[0] == 408
    assert late.recv(1) == b""
    assert idle.recv(1) == b""
    assert time.monotonic() - began < 5
    b.end()
    assert s.get("/").status == 200


@CLASSES
def test_nothing_is_accepted_that_no_slot_could_serve(serve, until, threads):
    s = _serve(serve, threads)
    b = _Busy(s, until, "sleeps", threads)

    def fds():
        return len(os.listdir(f"/proc/{s.workers()[0]}/fd"))

    time.sleep(0.1)  # for the deputy, which is to take the listeners out
    before = fds()
    waiting = _connect(s)
    waiting.sendall(_request("/"))
    time.sleep(0.3)
    assert fds() == before
    b.end()
    assert _read_answer(waiting) == (200, b"hello")


@CLASSES
def test_pipelined_requests_are_answered_without_waiting(serve, threads):
    s = _serve(serve, threads)
    c = _connect(s)
    c.sendall(_request("/") * 50)
    data = b""
    while data.count(b"\r\n\r\nhello") < 50:
        more = c.recv(65536)
        assert more
        data += more


@CLASSES
def test_many_at_once_all_get_their_own(serve, threads):
    s = _serve(serve, threads)
    wrong = []

    def client(n):
        c = _connect(s)
        for i in range(100):
            path = "/2ms" if i % 10 == 0 else "/echo"
            body = b"%d-%d" % (n, i) * (1 + i * 37 % 900)
            c.sendall(f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: "
                      f"{len(body)}\r\n\r\n".encode() + body)
            want = b"hello" if path == "/2ms" else body
            if _read_answer(c) != (200, want):
                wrong.append((n, i))
        c.close()

    clients = [threading.Thread(target=client, args=(n,)) for n in range(32)]
    for t in clients:
        t.start()
    for t in clients:
        t.join(60)
    assert not wrong
    assert s.log.count("Booting worker") == 1


def test_threads_are_pythons_own_and_none_is_the_main_one(serve):
    s = _serve(serve, 4)
    name, main, multithread = eval(s.get("/name").body)
    assert name.startswith("greencorn-") and not main and multithread


def test_sync_with_threads_is_gthread(serve):
    s = serve("--threads", "3", "app:app", app=APP)
    assert "Using worker: gthread" in s.log
    name, main, multithread = eval(s.get("/name").body)
    assert name.startswith("greencorn-") and not main and multithread


def test_sync_calls_on_the_main_thread(serve):
    s = _serve(serve, 1)
    assert eval(s.get("/name").body)[1:] == (True, False)


def test_idle_connections_cost_no_thread(serve):
    s = _serve(serve, 4, keepalive=30)
    before = int(s.get("/threads").body)
    idle = [_connect(s) for _ in range(200)]
    for c in idle:
        c.sendall(_request("/"))
    for c in idle:
        assert _read_answer(c) == (200, b"hello")
    assert int(s.get("/threads").body) == before


@CLASSES
def test_worker_connections_is_a_bound(serve, threads):
    s = _serve(serve, threads, worker_connections=3, keepalive=30)
    held = [_connect(s) for _ in range(2)]
    for c in held:
        c.sendall(_request("/"))
        assert _read_answer(c) == (200, b"hello")
    held.append(_connect(s))
    held[2].sendall(b"GET / HTTP/1.1\r\n")
    more = _connect(s)
    more.sendall(_request("/"))
    more.settimeout(0.5)
    with pytest.raises(TimeoutError):
        more.recv(1)
    held[0].close()
    more.settimeout(30)
    assert _read_answer(more) == (200, b"hello")


def test_a_python_that_no_longer_runs_is_ended(serve):
    app = APP.replace("pow(3, 1 << 21)", "pow(3, 1 << 28)")
    s = serve("-k", "gthread", "--threads", "2", "app:app", app=app, timeout=1)
    c = _connect(s)
    c.sendall(_request("/keeps_the_gil?0"))
    s.wait_log("WORKER TIMEOUT")
    s.wait_log("Booting worker", count=2)
    assert s.get("/").status == 200


def test_a_thread_that_sleeps_long_ends_nothing(serve, until):
    s = _serve(serve, 2, timeout=1)
    b = _Busy(s, until, "sleeps", 1)
    time.sleep(2.5)
    assert s.get("/").status == 200
    b.end()
    assert "TIMEOUT" not in s.log


@CLASSES
@BUSY
def test_a_worker_drains(serve, until, threads, busy):
    s = _serve(serve, threads)
    b = _Busy(s, until, busy, threads)
    s.signal("TERM")
    s.wait_log("Worker exiting" if threads > 1 else "Handling signal: term")
    time.sleep(0.1)
    b.end()
    assert s.wait() == 0


def _status(s):
    c = http.client.HTTPConnection("127.0.0.1", s.admin, timeout=10)
    c.request("GET", "/statusz")
    lines = c.getresponse().read().decode().split("\n")
    return {k: int(v) for k, v in (line.split() for line in lines if line)}


def _serve_with_status(serve, threads, **settings):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    s = _serve(serve, threads, admin_bind=f"127.0.0.1:{port}", **settings)
    s.admin = port
    return s


@CLASSES
def test_a_queue_has_its_bound(serve, until, threads):
    s = _serve_with_status(serve, threads, queue_limit=2)
    conns = [_connect(s) for _ in range(4)]
    for c in conns:
        c.sendall(_request("/"))
        assert _read_answer(c) == (200, b"hello")
    b = _Busy(s, until, "sleeps", threads)
    for n, c in enumerate(conns[:2]):
        c.sendall(_request("/"))
        until(lambda: _status(s)["waiting"] == n + 1, "it waits")
    for c in conns[2:]:
        c.sendall(_request("/"))
        head = c.recv(4096)
        assert head.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nRetry-After: 1\r\n" in head
    until(lambda: _status(s)["waiting_ms"] >= 100, "its age is seen")
    assert _status(s)["busy"] == threads and _status(s)["workers"] == 1
    assert "All threads are busy: 2 requests wait" in s.log
    b.end()
    for c in conns[:2]:
        assert _read_answer(c) == (200, b"hello")
    until(lambda: _status(s)["waiting"] == 0, "none waits")


def test_a_slot_that_comes_back_accepts_at_once(serve, until):
    s = _serve_with_status(serve, 2)
    b = _Busy(s, until, "sleeps", 1)
    upload = _connect(s)
    upload.sendall(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 200000"
                   b"\r\n\r\n" + b"x" * 140000)
    until(lambda: _status(s)["busy"] == 2, "its body is waited for")
    time.sleep(0.1)  # for the turn that finds nothing more of it
    (s.folder / "go").touch()
    assert _read_answer(b.conns[0]) == (200, b"hello")
    began = time.monotonic()
    assert s.get("/").status == 200
    assert time.monotonic() - began < 0.4
    upload.sendall(b"x" * 60000)
    assert _read_answer(upload) == (200, b"x" * 200000)


@CLASSES
def test_no_request_waits_longer_than_it_should(serve, until, threads):
    s = _serve(serve, threads, queue_timeout="1")
    waiting = _connect(s)
    waiting.sendall(_request("/"))
    assert _read_answer(waiting) == (200, b"hello")
    b = _Busy(s, until, "sleeps", threads)
    began = time.monotonic()
    waiting.sendall(_request("/"))
    assert _read_answer(waiting)[0] == 503
    assert 0.8 < time.monotonic() - began < 8
    b.end()
