"""Nobody waits behind a slow request while another worker is idle."""

import collections
import os
import signal
import socket
import threading
import time

import pytest

APP = r"""
import os, time

def sleeps():
    while not os.path.exists("go"):
        time.sleep(0.01)

def sleeps_once():
    time.sleep(2)

def computes():
    while not os.path.exists("go"):
        sum(range(20000))

def keeps_the_gil():
    pow(3, 1 << 24)  # one call of C, ten seconds and more

def app(environ, start_response):
    path, body = environ["PATH_INFO"], str(os.getpid()).encode()
    if path == "/echo":
        body = environ["wsgi.input"].read()
    elif path == "/who":
        body = repr((environ["REMOTE_ADDR"], environ["REMOTE_PORT"],
                     environ["HTTP_X"], environ.get("PROXY_ADDR"))).encode()
    elif path == "/10ms":
        time.sleep(0.01)
    elif path != "/":
        open("began", "w").close()
        globals()[path[1:]]()
    start_response("200 OK", [("Content-Type", "text/plain"),
                              ("Content-Length", str(len(body)))])
    return [body]
"""

WORKERS = 4


class Client:
    """One keep-alive connection, by hand."""

    def __init__(self, s):
        self.socket = socket.create_connection(("127.0.0.1", s.port), 20)
        self.file = self.socket.makefile("rb")

    def send(self, path="/", body=b"", extra=""):
        method = "POST" if body else "GET"
        self.socket.sendall(
            f"{method} {path} HTTP/1.1\r\nHost: a\r\nX: y\r\n{extra}"
            f"Content-Length: {len(body)}\r\n\r\n".encode() + body)

    def answer(self):
        status = self.file.readline().split()[1]
        assert status == b"200"
        n = 0
        while (line := self.file.readline().strip()) != b"":
            if line.lower().startswith(b"content-length:"):
                n = int(line.split(b":")[1])
        return self.file.read(n)

    def ask(self, path="/", body=b"", extra=""):
        self.send(path, body, extra)
        return self.answer()

    def close(self):
        self.file.close()
        self.socket.close()


def _by_worker(clients):
    """Each worker's connections: pid -> clients."""
    found = collections.defaultdict(list)
    for c in clients:
        found[c.ask()].append(c)
    return found


@pytest.fixture
def server(serve):
    s = serve("app:app", app=APP, workers=WORKERS, timeout=60)
    s.wait_ready()
    return s


def test_connections_are_spread_evenly(server):
    clients = []
    for _ in range(64):
        clients.append(Client(server))
        clients[-1].ask()
    spread = {pid: len(c) for pid, c in _by_worker(clients).items()}
    assert len(spread) == WORKERS
    assert max(spread.values()) - min(spread.values()) <= 2, spread


def _begin(s, clients, busy, wait_until):
    """One of the clients' workers is busy; the other clients of it."""
    found = _by_worker(clients)
    mates = max(found.values(), key=len)
    slow = mates.pop()
    slow.send("/" + busy)
    wait_until(lambda: (s.folder / "began").exists(), "the slow call began")
    return slow, mates


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("busy", ["sleeps", "computes", "keeps_the_gil"])
def test_nobody_waits_for_a_slow_one(serve, wait_until, busy, threads):
    server = serve("app:app", app=APP, workers=WORKERS, threads=threads,
                   timeout=60)
    server.wait_ready()
    slow, mates = _begin(server, [Client(server) for _ in range(16)], busy,
                         wait_until)
    assert len(mates) >= 2
    took, by = [], []
    for c in mates:
        begun = time.monotonic()
        by.append(c.ask())
        took.append(time.monotonic() - begun)
    # Once they are with other workers, nothing delays them.
    assert threads > 1 or [c.ask() for c in mates] == by
    (server.folder / "go").touch()
    if busy != "keeps_the_gil":
        slow.answer()
    print(f"longest {max(took) * 1000:.0f} ms")
    # Within a second what waits would find somebody anyway.
    assert min(took) < 0.5


def test_nobody_waits_for_the_next_slow_one_either(serve, wait_until):
    server = serve("app:app", app=APP, workers=2)
    server.wait_ready()
    clients = [Client(server) for _ in range(16)]
    for _ in range(3):
        slow, mates = _begin(server, clients, "sleeps", wait_until)
        took = []
        for c in mates:
            begun = time.monotonic()
            c.ask()
            took.append(time.monotonic() - begun)
        (server.folder / "go").touch()
        slow.answer()
        (server.folder / "go").unlink()
        (server.folder / "began").unlink()
        assert min(took) < 0.5


def test_who_has_just_served_is_idle(serve, wait_until):
    """What the board says of a worker that sleeps in its reactor is true."""
    s = serve("app:app", app=APP, workers=2, timeout=60)
    s.wait_ready()
    clients = [Client(s) for _ in range(6)]
    slow, _ = _begin(s, clients, "sleeps_once", wait_until)
    clients.remove(slow)
    begun = time.monotonic()
    for c in clients:
        c.send()
    for c in clients:
        c.answer()
    took = time.monotonic() - begun
    slow.answer()
    assert took < 0.5


def test_what_is_passed_on_is_whole(server, wait_until):
    slow, mates = _begin(server, [Client(server) for _ in range(16)], "sleeps",
                         wait_until)
    body = os.urandom(50000)
    assert mates[0].ask("/echo", body=body) == body
    host, port = mates[1].socket.getsockname()
    assert eval(mates[1].ask("/who")) == (host, str(port), "y", None)
    # And it goes on as if nothing had happened.
    assert mates[0].ask("/echo", body=body[:10]) == body[:10]
    (server.folder / "go").touch()
    slow.answer()


def test_who_the_client_is_goes_along(serve, wait_until):
    s = serve("app:app", "--proxy-protocol", app=APP, workers=2, timeout=60)
    s.wait_ready()
    clients = [Client(s) for _ in range(6)]
    for c in clients:
        c.socket.sendall(b"PROXY TCP4 203.0.113.7 192.0.2.1 5000 80\r\n")
    slow, mates = _begin(s, clients, "sleeps", wait_until)
    for c in mates:
        assert eval(c.ask("/who")) == ("203.0.113.7", "5000", "y",
                                       "192.0.2.1")
    (s.folder / "go").touch()
    slow.answer()


def test_what_cannot_be_passed_on_waits(server, wait_until):
    """Pipelined, or with a body that is larger than a message: no loss."""
    slow, mates = _begin(server, [Client(server) for _ in range(16)], "sleeps",
                         wait_until)
    mates[0].send()
    mates[0].send()
    body = os.urandom(300000)
    threading.Thread(target=mates[1].send, args=("/echo", body),
                     daemon=True).start()
    time.sleep(0.2)
    (server.folder / "go").touch()
    assert mates[0].answer() == mates[0].answer()
    assert mates[1].answer() == body
    slow.answer()


@pytest.mark.parametrize("n", [1, 2])
def test_a_worker_that_is_killed_takes_no_other_request_with_it(
        serve, wait_until, n):
    s = serve("app:app", app=APP, workers=n, timeout=4)
    s.wait_ready()
    clients = [Client(s) for _ in range(4 * n)]
    slow = []
    for pid, mine in _by_worker(clients).items():
        slow.append(mine.pop())
        slow[-1].send("/sleeps")
        wait_until((s.folder / "began").exists, "the slow call began")
        (s.folder / "began").unlink()
    for c in clients:
        if c not in slow:
            c.send()
    s.wait_log("WORKER TIMEOUT", count=n)
    for c in clients:
        if c not in slow:
            c.answer()


def test_a_stopped_worker_takes_nothing(server, wait_until):
    """Idle on the board, but it stands still: others serve."""
    clients = [Client(server) for _ in range(16)]
    found = _by_worker(clients)
    stopped = int(next(iter(found)))
    os.kill(stopped, signal.SIGSTOP)
    try:
        more = []
        for _ in range(20):
            more.append(Client(server))
            assert more[-1].ask() != str(stopped).encode()
    finally:
        os.kill(stopped, signal.SIGCONT)


@pytest.mark.parametrize("n", [1, 4])
def test_a_reload_lets_nobody_wait(serve, wait_until, n):
    """Behind a slow call of the old configuration: the new one serves."""
    s = serve("app:app", app=APP, workers=n)
    s.wait_ready()
    slow, mates = _begin(s, [Client(s) for _ in range(4 * n)], "sleeps",
                         wait_until)
    old = set(s.workers())
    s.signal("HUP")
    wait_until(lambda: len(set(s.workers()) - old) == n, "new ones are there")
    s.wait_log("Worker exiting", count=n - 1)
    for c in mates:
        assert int(c.ask()) not in old
    (s.folder / "go").touch()
    assert int(slow.answer()) in old


def test_new_connections_have_their_turn(serve):
    """Old ones that always have a request ready keep nobody out."""
    s = serve("app:app", app=APP, workers=1)
    s.wait_ready()
    over = threading.Event()

    def hammer():
        c = Client(s)
        while not over.is_set():
            c.ask("/10ms")

    threads = [threading.Thread(target=hammer) for _ in range(8)]
    for t in threads:
        t.start()
    try:
        time.sleep(0.3)  # from here on the queue is never empty
        begun = time.monotonic()
        for _ in range(5):
            c = Client(s)
            c.socket.settimeout(5)
            c.ask()
        print(f"five: {(time.monotonic() - begun) * 1000:.0f} ms")
    finally:
        over.set()
        for t in threads:
            t.join()
