"""How workers share the work, beside Gunicorn and Granian.

`make bench` calls it last, `make bench-share` alone. For 1, 2 and 4 workers:
  even     64 keep-alive connections, opened one after another, each asking for
           10 ms of time.sleep again and again: answers as a part of what is
           possible, and the least and the most busy worker's part of the mean;
  behind   one request lasts 3 s (sleeping, computing, or in one call of C with
           the GIL held) while the others ask for nothing much, one at a time
           on each connection: the longest that one of them waited;
  reload   (4 workers) HUP under load: until no old worker is left, and how
           many requests failed.

    BENCH_SECONDS  of a measurement
"""

import collections
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from types import SimpleNamespace

import machine
import servers

SECONDS = float(os.environ.get("BENCH_SECONDS") or 3)
CONNECTIONS = 64
SLOW = 3  # seconds
PATIENCE = 20
REQUEST = "GET {} HTTP/1.1\r\nHost: bench\r\n\r\n"
SHAPE = SimpleNamespace(app="share", name="share")


class Client:
    """A keep-alive connection; another when the server closes it."""

    def __init__(self, port):
        self.port = port
        self.socket = None

    def ask(self, path):
        """The answer's body, or None where there was none."""
        try:
            if self.socket is None:
                self.socket = socket.create_connection(
                    ("127.0.0.1", self.port), PATIENCE)
                self.file = self.socket.makefile("rb")
            self.socket.sendall(REQUEST.format(path).encode())
            return self._answer()
        except (OSError, IndexError):
            self.close()
            return None

    def _answer(self):
        if self.file.readline().split()[1] != b"200":
            raise OSError("not 200")
        length, last = 0, False
        while (line := self.file.readline().lower().strip()) != b"":
            if line.startswith(b"content-length:"):
                length = int(line.split(b":")[1])
            last = last or line == b"connection: close"
        body = self.file.read(length)
        if last:
            self.close()
        return body

    def close(self):
        if self.socket is not None:
            self.file.close()
            self.socket.close()
        self.socket = None


def _in_threads(clients, work):
    threads = [threading.Thread(target=work, args=(c,)) for c in clients]
    for t in threads:
        t.start()
    return threads


def even(port, workers):
    """(part of the possible rate, least and most of a worker's share)"""
    clients = [Client(port) for _ in range(CONNECTIONS)]
    for c in clients:
        c.ask("/")
    answers = collections.Counter()
    end = time.monotonic() + SECONDS

    def work(c):
        while time.monotonic() < end:
            body = c.ask("/sleep10ms")
            if body is not None and time.monotonic() < end:
                answers[body] += 1

    for t in _in_threads(clients, work):
        t.join()
    for c in clients:
        c.close()
    total = sum(answers.values())
    mean = total / workers
    shares = sorted(answers.values()) + [0] * (len(answers) < workers)
    return (total / (SECONDS * 100 * workers),
            min(shares) / mean, max(shares) / mean)


def behind(port, how):
    """The longest wait of a request while another lasts SLOW seconds."""
    clients = [Client(port) for _ in range(16)]
    for c in clients:
        c.ask("/")
    slow = Client(port)
    slow.ask("/")
    over = threading.Event()

    def be_slow():
        slow.ask(f"/{how}")
        over.set()

    longest = 0
    thread = threading.Thread(target=be_slow)
    thread.start()
    time.sleep(0.1)
    while not over.is_set():
        for c in clients:
            begun = time.monotonic()
            c.ask("/")
            longest = max(longest, time.monotonic() - begun)
            if over.is_set():
                break
    thread.join()
    for c in (slow, *clients):
        c.close()
    return longest


def reload(running):
    """(seconds until only new workers are there, requests, failed)"""
    old = set(machine.tree(running.process.pid)) - {running.process.pid}
    stop = threading.Event()
    counts = collections.Counter()

    def work(c):
        while not stop.is_set():
            counts[c.ask("/") is not None] += 1

    threads = _in_threads([Client(running.port) for _ in range(4)], work)
    begun = time.monotonic()
    running.process.send_signal(signal.SIGHUP)
    while time.monotonic() < begun + PATIENCE:
        now = set(machine.tree(running.process.pid))
        if not old & now - _steady(now):
            break
        time.sleep(0.01)
    took = time.monotonic() - begun
    time.sleep(0.5)
    stop.set()
    for t in threads:
        t.join()
    return took, sum(counts.values()), counts[False]


def _steady(pids):
    """Those that a reload leaves: admin, and whoever is no Python."""
    found = set()
    for pid in pids:
        try:
            with open(f"/proc/{pid}/cmdline") as f:
                title = f.read()
        except OSError:
            continue
        if ": admin" in title:
            found.add(pid)
    return found


def _options(workers, *more):
    return ["--workers", str(workers), "--keep-alive", "75", "--timeout",
            "60", *more]


def _greencorn(workers, *more):
    return lambda shape, port, folder: [
        servers.binary(), "--bind", f"127.0.0.1:{port}",
        *_options(workers, *more), "apps:share"]


def _gunicorn(workers, *more):
    return lambda shape, port, folder: [
        servers.environment("gunicorn"), "-m", "gunicorn", "--bind",
        f"127.0.0.1:{port}", "--log-level", "warning",
        *_options(workers, *more), "apps:share"]


def _granian(workers):
    return lambda shape, port, folder: [
        servers.environment("granian"), "-m", "granian", "--interface",
        "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers",
        str(workers), "--http", "1", "--no-ws", "--log-level", "warning",
        "--blocking-threads", "1", "apps:share"]


def compared(workers):
    gthread = ("-k", "gthread", "--threads", "4")
    return [
        ("greencorn sync", _greencorn(workers)),
        ("greencorn gthread 4", _greencorn(workers, *gthread)),
        ("Gunicorn sync", _gunicorn(workers)),
        ("Gunicorn gthread 4", _gunicorn(workers, *gthread)),
        ("Granian", _granian(workers)),
    ]


def row(name, command, workers, folder):
    """The line of one server with so many workers."""
    server = servers.Server(name, "other", command)
    try:
        running = servers.Running(server, SHAPE, None, folder)
    except servers.Absent as e:
        return f"{name}: {e}"
    try:
        running.wait(REQUEST.format("/").encode())
        rate, least, most = even(running.port, workers)
        line = (f"{name:<20} {workers:>7} {100 * rate:>8.0f} % "
                f"{100 * least:>5.0f}..{100 * most:.0f} %")
        for how in ("sleep", "compute", "c"):
            line += f" {1000 * behind(running.port, how):>8.0f}"
        if workers == 4 and "Granian" not in name:
            took, n, failed = reload(running)
            line += f"   {took:.2f} s, {failed} of {n} failed"
        return line
    except servers.Absent as e:
        return f"{name}: {e}"
    finally:
        running.stop()


def main():
    print("the work among workers   workers  of rate   shares"
          "   longest wait behind 3 s, ms      reload")
    print(f"{'':45}          sleep  compute     in C")
    with tempfile.TemporaryDirectory() as folder:
        for workers in (1, 2, 4):
            for name, command in compared(workers):
                print(row(name, command, workers, folder), flush=True)
    print("gthread: of the rate of one thread a worker. load average %.1f"
          % os.getloadavg()[0])


if __name__ == "__main__":
    sys.exit(main())
