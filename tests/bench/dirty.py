"""Dirty calls, beside Gunicorn: of 25.0.0, and of the newest version.

`make bench` calls it last, `make bench-dirty` alone. Each server has 4 dirty
workers of 1 thread; the callers are threads in its HTTP worker, which use
gunicorn.dirty.get_dirty_client as an application would:
  the six scenarios of Gunicorn's own dirty benchmark, and its payloads;
  empty      the round trip of a call that does nothing, one at a time;
  arbiter    such calls, ten at a time: for each second of processor time that
             the dirty arbiter's process took;
  chunks     of 64 bytes and of 1 KB, in one stream;
  bytes      1 MB as a result, and as an argument.

What is quick is measured three times, in turns; the median counts. Where
others compute on the machine, a caller's thread that was woken waits for its
turn on a processor, and that is what is measured, unless all of this goes
before them: chrt -r 1 make bench-dirty.

    BENCH_DIRTY=1   the full numbers of requests; default 0.3 of them
    BENCH_ONLY      rows that have this in their names
"""

import json
import os
import statistics
import sys
import tempfile
import urllib.parse
import urllib.request
from types import SimpleNamespace

import machine
import servers

PART = float(os.environ.get("BENCH_DIRTY") or 0.3)
ONLY = os.environ.get("BENCH_ONLY") or ""
ROUNDS = 3
PATIENCE = 300
WORKERS = 4
REQUEST = b"GET / HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"
SHAPE = SimpleNamespace(app="app", name="dirty")

# name, action, arguments, requests, concurrency, published, aim (calls/s)
SCENARIOS = [
    ("baseline_10ms", "sleep_task", [10], 1000, 1, 81.5, None),
    ("throughput_10ms", "sleep_task", [10], 5000, 100, 334.4, 395),
    ("cpu_bound_100ms", "cpu_task", [100], 500, 20, 39.8, None),
    ("io_bound_500ms", "sleep_task", [500], 200, 50, 7.9, None),
    ("mixed_50_50", "mixed_task", [50, 50], 500, 30, 38.5, None),
    ("overload_10ms", "sleep_task", [10], 2000, 200, 334.1, None),
]
SIZES = (100, 1024, 10 * 1024, 100 * 1024, 1024 * 1024)


class Callers:
    """A running server, asked to call its dirty workers."""

    def __init__(self, server, folder):
        self.running = servers.Running(server, SHAPE, None, folder)
        self.name = server.name

    def wait(self):
        self.running.wait(REQUEST)
        self.run("empty", [], 50, 8)

    def run(self, action, args, requests, concurrency):
        query = urllib.parse.urlencode({
            "action": action, "args": json.dumps(args),
            "requests": max(concurrency, int(requests)),
            "concurrency": concurrency})
        url = f"http://127.0.0.1:{self.running.port}/?{query}"
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return SimpleNamespace(**json.load(answer))

    def dirty_arbiter(self):
        """The one child of the first process that has children itself."""
        children = machine.children_of()
        return max(children[self.running.process.pid],
                   key=lambda pid: len(children.get(pid, [])))


def _rate(callers, action, args, requests, concurrency):
    """(calls a second, the cell's text)"""
    r = callers.run(action, args, requests, concurrency)
    if r.failed:
        return None, f"{r.failed} failed: {r.why}"
    rate = r.calls / r.seconds
    return rate, f"{rate:.1f}  {r.p50 * 1e3:.1f}/{r.p99 * 1e3:.1f} ms"


def _scenario(action, args, requests, concurrency):
    return lambda c: _rate(c, action, args, requests * PART, concurrency)


def _payload(size):
    return lambda c: _rate(
        c, "payload_task", [size], max(100, 1000 // (size // 1024 + 1)),
        max(5, 100 // (size // 1024 + 1)))


def _empty(which):
    def measure(callers):
        r = callers.run("empty", [], 10000 * PART, 1)
        if r.failed:
            return None, r.why
        us = getattr(r, which) * 1e6
        return 1 / us, f"{us:.0f} us"
    return measure


def _arbiter(callers):
    pids = [callers.dirty_arbiter()]
    before = machine.cpu_seconds(pids)
    r = callers.run("empty", [], 20000 * PART, 10)
    spent = machine.cpu_seconds(pids) - before
    if r.failed or spent <= 0:
        return None, r.why or "no processor time"
    return r.calls / spent, f"{r.calls / spent:.0f}"


def _chunks(size):
    def measure(callers):
        r = callers.run("chunks", [max(100, int(20000 * PART)), size], 1, 1)
        if r.failed:
            return None, r.why
        return r.units / r.seconds, f"{r.units / r.seconds:.0f}"
    return measure


def _bytes(action):
    def measure(callers):
        r = callers.run(action, [1_000_000], 2000 * PART, 1)
        if r.failed:
            return None, "has no bytes"
        rate = r.units / r.seconds / 1e9
        return rate, f"{rate:.2f} GB/s"
    return measure


def rows():
    """(name, what measures it, rounds, aim)"""
    for name, action, args, n, concurrency, published, aim in SCENARIOS:
        yield (f"{name} calls/s", _scenario(action, args, n, concurrency), 1,
               f"published {published}" + (f"; >= {aim}" if aim else ""))
    for size in SIZES:
        yield f"payload {size} calls/s", _payload(size), ROUNDS, ""
    yield "empty call, p50", _empty("p50"), ROUNDS, "<= 60 us"
    yield "empty call, p99", _empty("p99"), ROUNDS, ""
    yield "calls per arbiter's CPU-s", _arbiter, ROUNDS, ">= 20 x"
    for size in (64, 1024):
        yield f"chunks/s of {size} bytes", _chunks(size), ROUNDS, ""
    yield "1 MB bytes, result", _bytes("blob"), ROUNDS, ">= 1 GB/s"
    yield "1 MB bytes, argument", _bytes("size"), ROUNDS, ">= 1 GB/s"


def _options():
    return ["--workers", "1", "--timeout", "600", "--dirty-app",
            "dirty_app:App", "--dirty-workers", str(WORKERS),
            "--dirty-threads", "1", "dirty_calls:app"]


def _greencorn(shape, port, folder):
    return [servers.binary(), "--bind", f"127.0.0.1:{port}", *_options()]


def _gunicorn(peer, *more):
    """Its name matters: by it a second Gunicorn finds, and ends, the dirty
    arbiter of the first."""
    return lambda shape, port, folder: [
        servers.environment(peer), "-m", "gunicorn", "--bind",
        f"127.0.0.1:{port}", "--log-level", "warning", "--name", f"{peer}-{port}",
        *more, *_options()]


COMPARED = [
    servers.Server("greencorn", "dirty", _greencorn),
    servers.Server("Gunicorn 25.0.0", "dirty", _gunicorn("gunicorn")),
    servers.Server("Gunicorn 27.0.1", "dirty", _gunicorn(
        "gunicorn-newest", "--no-control-socket")),
]


def _cell(callers, measure):
    if isinstance(callers, str):
        return None, callers
    try:
        return measure(callers)
    except OSError as e:
        return None, str(e)


def _cells(stand, measure, rounds):
    """The median cell of each server; they take turns."""
    found = [[_cell(c, measure) for c in stand] for _ in range(rounds)]
    medians = []
    for cells in zip(*found, strict=True):
        good = [c for c in cells if c[0] is not None]
        if not good:
            medians.append(cells[0])
            continue
        middle = statistics.median_low(value for value, _ in good)
        medians.append(next(c for c in good if c[0] == middle))
    return medians


def _line(name, cells, aim):
    ours = cells[0][0]
    line = f"{name:<26}{cells[0][1][:24]:>25}"
    for value, text in cells[1:]:
        ratio = f"x {ours / value:.1f}" if ours and value else ""
        line += f"{text[:24]:>25} {ratio:>7}"
    return f"{line}  {aim}".rstrip()


def _start(server, folder):
    """Its callers, or why there are none."""
    try:
        callers = Callers(server, folder)
    except servers.Absent as e:
        return str(e)
    try:
        callers.wait()
        return callers
    except (servers.Absent, OSError) as e:
        callers.running.stop()
        return str(e)


def main():
    with tempfile.TemporaryDirectory() as folder:
        stand = []
        try:
            for server in COMPARED:
                stand.append(_start(server, folder))
            print(f"{'dirty calls':<26}{COMPARED[0].name:>25}" + "".join(
                f"{s.name:>25} {'':>7}" for s in COMPARED[1:]), flush=True)
            for name, measure, rounds, aim in rows():
                if ONLY in name:
                    cells = _cells(stand, measure, rounds)
                    print(_line(name, cells, aim), flush=True)
        finally:
            for callers in stand:
                if isinstance(callers, Callers):
                    callers.running.stop()
    print("%d workers of 1 thread; calls/s: p50/p99 beside it; load average "
          "%.1f" % (WORKERS, os.getloadavg()[0]))


if __name__ == "__main__":
    sys.exit(main())
