"""Two workers of several threads, and everything that threads meet in at the
same time: requests that are passed on, calls that last too long, hooks that
see each request, connections that the application takes, clients that leave.
(The long version runs it under ThreadSanitizer as well.)"""

import hashlib
import random
import socket
import threading
import time

import pytest

APP = r"""
import hashlib, os, threading, time

def hello(environ):
    return environ["QUERY_STRING"].encode()

def sleeps(environ):
    time.sleep(0.2)
    return hello(environ)

def computes(environ):
    end = time.monotonic() + 0.1
    while time.monotonic() < end:
        hashlib.sha256(b"x" * 4096).digest()
    return hello(environ)

def late(environ):
    try:
        time.sleep(2.6)  # longer than request_timeout
        return b"never seen"
    except TimeoutError:
        return b"told"

def sum(environ):
    return hashlib.sha256(environ["wsgi.input"].read()).hexdigest().encode()

def look(environ):
    return repr(environ["gunicorn.socket"].getpeername()).encode()

def take(environ):
    sock = environ["gunicorn.socket"]
    sock.sendall(b"HTTP/1.1 101 Mine\r\n\r\n")
    while data := sock.recv(100):
        sock.sendall(data.upper())
    raise StopIteration

def app(environ, start_response):
    path = environ["PATH_INFO"][1:]
    if path == "big":
        start_response("200 OK", [])
        return (hello(environ) * 1000 for _ in range(100))
    body = globals()[path](environ)
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""

CONF = """
import threading

seen, lock = {"pre": 0, "post": 0}, threading.Lock()

def note(what):
    with lock:
        seen[what] += 1

def pre_request(worker, req):
    note("pre")

def post_request(worker, req, environ, resp):
    environ["hook"] = resp.status_code
    note("post")

def worker_exit(server, worker):
    print("saw", seen["pre"] == seen["post"], seen["pre"], flush=True)
"""

SECONDS = 6
CLIENTS = 12
DEADLINE = 30  # for one answer: a sanitizer takes its time


class Client:
    """Asks one thing after the other; self.wrong is what was no answer."""

    def __init__(self, s, seed):
        self.s = s
        self.random = random.Random(seed)
        self.wrong = []
        self.n = 0
        self.socket = None

    def connect(self):
        self.close()
        self.socket = socket.create_connection(
            ("127.0.0.1", self.s.port), DEADLINE)
        self.file = self.socket.makefile("rb")

    def close(self):
        if self.socket is not None:
            self.file.close()
            self.socket.close()
        self.socket = None

    def send(self, path, body=b"", extra=""):
        if self.socket is None:
            self.connect()
        self.socket.sendall(
            f"{'POST' if body else 'GET'} /{path}?{self.token} HTTP/1.1\r\n"
            f"Host: a\r\nContent-Length: {len(body)}\r\n{extra}\r\n".encode())
        self.socket.sendall(body)

    def answer(self):
        status = int(self.file.readline().split()[1])
        fields = {}
        while (line := self.file.readline().strip()) != b"":
            name, value = line.split(b": ", 1)
            fields[name.lower()] = value
        if b"content-length" in fields:
            body = self.file.read(int(fields[b"content-length"]))
        else:
            body = self.chunks() if b"transfer-encoding" in fields else b""
        if fields.get(b"connection") == b"close":
            assert self.file.read() == b""
            self.close()
        return status, body

    def chunks(self):
        body = b""
        while n := int(self.file.readline(), 16):
            body += self.file.read(n)
            self.file.readline()
        self.file.readline()
        return body

    def ask(self, *args, **kw):
        self.send(*args, **kw)
        return self.answer()

    # --- what it may do ---

    def hello(self):
        close = self.random.random() < 0.2
        extra = "Connection: close\r\n" if close else ""
        assert self.ask("hello", extra=extra) == (200, self.token.encode())

    def sleeps(self):
        assert self.ask("sleeps") == (200, self.token.encode())

    def computes(self):
        assert self.ask("computes") == (200, self.token.encode())

    def late(self):
        assert self.ask("late")[0] == 504

    def sum(self):
        body = self.random.randbytes(self.random.choice((10, 5000, 300000)))
        told = hashlib.sha256(body).hexdigest().encode()
        assert self.ask("sum", body) == (200, told)

    def look(self):
        assert self.ask("look")[0] == 200

    def take(self):
        self.connect()
        self.send("take")
        assert self.answer()[0] == 101
        self.socket.sendall(b"abc")
        assert self.file.read(3) == b"ABC"
        self.socket.shutdown(socket.SHUT_WR)
        assert self.file.read() == b""
        self.close()

    def big(self):
        assert self.ask("big") == (200, self.token.encode() * 100000)

    def leaves(self):
        self.send(self.random.choice(("big", "sleeps", "take")))
        self.close()

    def pipelines(self):
        self.send("hello")
        self.send("sleeps")
        for _ in range(2):
            assert self.answer() == (200, self.token.encode())

    def run(self, end):
        does = [self.hello] * 8 + [
            self.sleeps, self.computes, self.sum, self.look, self.take,
            self.big, self.leaves, self.pipelines]
        while time.monotonic() < end:
            self.n += 1
            self.token = f"{self.n}-{self.random.random()}"
            # Rarely: the slots are few.
            does_now = self.random.choice(does)
            if self.random.random() < 0.01:
                does_now = self.late
            try:
                does_now()
            except (AssertionError, OSError, ValueError, IndexError) as e:
                self.wrong.append((does_now.__name__, repr(e)[:300]))
                self.close()
        self.close()


@pytest.mark.parametrize("threads", [1, 3])
def test_everybody_is_answered(serve, threads):
    s = serve("app:app", app=APP, conf=CONF, workers=2, threads=threads,
              worker_class="gthread" if threads > 1 else "sync",
              request_timeout=2, timeout=60, graceful_timeout=10,
              accesslog="access.log")
    end = time.monotonic() + SECONDS
    clients = [Client(s, seed) for seed in range(CLIENTS)]
    running = [threading.Thread(target=c.run, args=(end,)) for c in clients]
    for t in running:
        t.start()
    for t in running:
        t.join()
    wrong = [w for c in clients for w in c.wrong]
    assert wrong == [], s.log[-3000:]
    assert all(c.n > 3 for c in clients)
    s.signal("TERM")
    assert s.wait() == 0
    assert "saw True" in s.log and "saw False" not in s.log
    assert "Traceback" not in s.log, s.log
