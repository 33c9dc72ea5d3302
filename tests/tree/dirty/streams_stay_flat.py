"""However long a stream is, and however slowly it is read: memory stays flat
in everybody whom it passes. `make soak` sends a million chunks each way."""

import os
import socket
import threading
import time

CHUNKS = 1_000_000 if os.environ.get("SOAK") else 100_000

WEB = """
from gunicorn.dirty import get_dirty_client

def app(environ, start_response):
    client = get_dirty_client()
    what, _, n = environ["PATH_INFO"][1:].partition("/")
    start_response("200 OK", [("Content-Type", "application/octet-stream")])
    if what == "body":
        return client.stream("apps:App", "blocks", int(n))
    if what == "progress":
        return [str(client.execute("apps:App", "progress")).encode()]
    total = sum(client.stream("apps:App", "numbers", int(n)))
    return [str(total).encode()]
"""
APPS = """
from gunicorn.dirty import DirtyApp
class App(DirtyApp):
    made = 0
    def numbers(self, n):
        yield from range(n)
    def blocks(self, n):
        self.made = 0
        try:
            for _ in range(n):
                self.made += 1
                yield bytes(16384)
        finally:
            self.made = -self.made
    def progress(self):
        return self.made
"""


def pss(pid):
    """KiB."""
    with open(f"/proc/{pid}/smaps_rollup") as f:
        return int(f.read().split("\nPss:")[1].split()[0])


def everybody(s):
    return [s.dirty_arbiter(), *s.dirty_workers(), *s.workers()]


def test_a_million_chunks(dirty):
    s = dirty(app=WEB, source=APPS, timeout=600)
    c = s.caller(60)

    def stream(n):
        assert s.get(f"/sum/{n}", timeout=600).body == \
            str(n * (n - 1) // 2).encode()
        assert sum(c.stream("apps:App", "numbers", n)) == n * (n - 1) // 2

    stream(50000)
    before = [pss(pid) for pid in everybody(s)]
    largest = list(before)
    over = threading.Event()

    def watch():
        while not over.wait(0.2):
            now = [pss(pid) for pid in everybody(s)]
            largest[:] = map(max, zip(largest, now, strict=True))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        stream(CHUNKS)
    finally:
        over.set()
        watcher.join()
    print(f"KiB of dirty arbiter, dirty worker, worker: {before}, at most "
          f"{largest}")
    for at_first, at_most in zip(before, largest, strict=True):
        assert at_most < at_first + 8192


def test_a_slow_http_client_holds_the_generator(dirty, wait_until):
    """And when it leaves, the generator ends."""
    s = dirty(app=WEB, source=APPS, workers=2, dirty_threads=2, timeout=600,
              worker_class="gthread", threads=2)
    n = 20000  # 320 MB

    def progress():
        return int(s.get("/progress").body)

    with socket.create_connection(("127.0.0.1", s.port), 10) as sock:
        sock.sendall(f"GET /body/{n} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert sock.recv(100).startswith(b"HTTP/1.1 200")
        made = []

        def stands():
            made.append(progress())
            return len(made) > 20 and made[-1] == made[-20] > 0
        wait_until(stands, "the generator to stand")
        assert 0 < made[-1] < n // 4
        stood = [pss(pid) for pid in everybody(s)]
        got = 0
        while got < 64 << 20:  # it goes on as it is read
            got += len(sock.recv(1 << 20))
            if got % (8 << 20) < 1 << 20:
                time.sleep(0.01)
        assert progress() > made[-1] + 1000
        for at_first, now in zip(stood, map(pss, everybody(s)), strict=True):
            assert now < at_first + 4096
    wait_until(lambda: progress() < 0, "the generator's finally")
    assert -progress() < n
