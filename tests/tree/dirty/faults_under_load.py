"""Callers, workers and the dirty arbiter that die while others go on: every
call ends, with its own answer or with an error that says why."""

import collections
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

ROOTFS = pathlib.Path(__file__).resolve().parents[3] / "rootfs/python"
APP = "apps:App"


@pytest.fixture
def program(tmp_path):
    """program(server, source): a process whose c is a client; its standard
    output is a pipe."""
    started = []

    def start(server, source):
        p = subprocess.Popen(
            [sys.executable, "-c", "import sys\n"
             "from gunicorn.dirty import DirtyClient\n"
             "c = DirtyClient(sys.argv[1], timeout=60)\n" + source,
             server.caller().socket_path],
            env={**os.environ, "PYTHONPATH": str(ROOTFS)},
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        started.append(p)
        return p

    yield start
    for p in started:
        p.kill()
        p.wait()
        p.stdout.close()


def in_threads(n, work):
    threads = [threading.Thread(target=work, args=(i,), daemon=True)
               for i in range(n)]
    for t in threads:
        t.start()
    return threads


def join(threads, seconds=60):
    end = time.monotonic() + seconds
    for t in threads:
        t.join(max(0, end - time.monotonic()))
    assert not [t for t in threads if t.is_alive()], "a call hangs"


def test_callers_that_die(dirty, neighbours, holdings, program, wait_until):
    """In a call that waits, that runs, and in a stream."""
    s = dirty(dirty_threads=4)
    c = s.caller()
    # Each thread has its loop of asyncio from now on.
    join(in_threads(4, lambda _: c.execute(APP, "wait", 0.5)))
    c.close()
    held = holdings(s)
    with neighbours(s):
        for _ in range(3):
            dying = [
                program(s, f"c.execute('{APP}', 'wait', 60)"),
                program(s, f"c.execute('{APP}', 'sleep', 1)"),
                program(s, f"for i in c.stream('{APP}', 'count', 10**9): "
                        "print(i, flush=True)"),
            ]
            assert dying[2].stdout.readline() == b"0\n"
            time.sleep(0.3)
            for p in dying:
                p.kill()
                p.wait()
        # A generator whose caller does not read, and then dies.
        p = program(s, f"it = c.stream('{APP}', 'count', 10**9, 0, 65536)\n"
                    "next(it); print(1, flush=True); sys.stdin.read()")
        assert p.stdout.readline()
        p.kill()
        p.wait()

        def over():
            notes = collections.Counter(map(str, c.execute(APP, "notes")))
            return notes["cancelled"] == 3 and notes["closed"] == 4
        wait_until(over, "three cancelled, four closed")
    assert c.execute(APP, "pid") == s.dirty_pids()[-1]
    assert len(s.dirty_pids()) == 1
    c.execute(APP, "forget")
    c.close()
    held.returned()


def test_callers_that_die_in_the_queue(dirty, holdings, program, wait_until):
    """Their calls never run."""
    s = dirty()
    c = s.caller()
    c.execute(APP, "echo")
    held = holdings(s)
    busy = in_threads(1, lambda _: c.execute(APP, "sleep", 1.5))
    time.sleep(0.2)
    dying = [program(s, f"print(1, flush=True); c.execute('{APP}', 'note')")
             for _ in range(5)]
    for p in dying:
        assert p.stdout.readline()
    time.sleep(0.3)
    for p in dying:
        p.kill()
        p.wait()
    join(busy)
    assert c.execute(APP, "notes") == []
    held.returned()


@pytest.mark.parametrize("sig", ["KILL", "SEGV", "BUS", "ABRT"])
def test_a_worker_that_is_killed(dirty, dirty_package, neighbours, holdings,
                                 sig, wait_until):
    """While it computes, waits and streams: each of its calls is told; those
    of the other worker go on."""
    s = dirty(dirty_workers=2, dirty_threads=8)
    c = s.caller()
    wait_until(lambda: len({c.execute(APP, "pid") for _ in range(6)}) == 2,
               "two workers")
    held = holdings(s)
    outcomes = []

    def call(n):
        try:
            if n % 2:
                outcomes.append(c.execute(APP, "sleep", 2))
            else:
                for pid in c.stream(APP, "pids", 20, 0.1):
                    pass
                outcomes.append(pid)
        except dirty_package.DirtyWorkerError as e:
            assert f"SIG{sig}" in e.message, e.message
            outcomes.append(-e.worker_id)

    victim = s.dirty_pids()[0]
    threads = in_threads(12, call)
    time.sleep(0.7)
    s.signal(sig, victim)
    join(threads, 20)
    counts = collections.Counter(outcomes)
    assert counts[-victim] == 6, counts
    assert counts[s.dirty_pids()[1]] == 6, counts
    wait_until(lambda: len({c.execute(APP, "pid") for _ in range(6)}) == 2,
               "two workers again")
    c.close()
    held.returned()


def test_a_worker_that_is_stopped(dirty, dirty_package):
    """SIGSTOP: it is ended at dirty_timeout, its callers are told."""
    s = dirty(dirty_timeout=3)
    c = s.caller()
    pid = c.execute(APP, "pid")
    s.signal("STOP", pid)
    with pytest.raises(dirty_package.DirtyTimeoutError):
        c.execute(APP, "echo")
    assert c.execute(APP, "pid") != pid


def test_two_hundred_callers(dirty, holdings, dirty_package):
    """Against two workers, while others die, leave and talk nonsense: every
    call gets its own answer, and the longest waits not much longer than all
    calls take."""
    s = dirty(dirty_workers=2, dirty_threads=2)
    c = s.caller(60)

    def crowd(each):
        longest, wrong = [0.0] * 200, []

        def call(n):
            for i in range(each):
                began = time.monotonic()
                try:
                    if n % 5 == 0:
                        got = list(c.stream(APP, "numbers", n, 5))
                        good = got == [n + j for j in range(5)]
                    else:
                        got = c.execute(APP, "nap", n, i)
                        good = got == [n, i]
                except Exception as e:
                    good, got = False, e
                if not good:
                    wrong.append((n, i, got))
                longest[n] = max(longest[n], time.monotonic() - began)

        over = threading.Event()

        def be_rude(seed):
            chance = random.Random(seed)
            while not over.is_set():
                kind = chance.randrange(4)
                if kind == 0:
                    stream = c.stream(APP, "numbers", 0, 10**9)
                    next(stream)
                    stream.close()
                elif kind == 1:
                    with pytest.raises(dirty_package.DirtyTimeoutError):
                        s.caller(0.001).execute(APP, "nap", 0, 0)
                else:
                    with socket.socket(socket.AF_UNIX) as sock:
                        sock.settimeout(20)
                        sock.connect(c.socket_path)
                        sock.sendall(b"\0" * kind + chance.randbytes(20))

        rude = in_threads(4, be_rude)
        began = time.monotonic()
        join(in_threads(200, call), 120)
        took = time.monotonic() - began
        over.set()
        join(rude)
        assert not wrong, wrong[:3]
        assert max(longest) < took / each * 4 + 2
        c.close()

    crowd(1)
    held = holdings(s)
    crowd(10)
    held.returned()
    assert len(s.dirty_pids()) == 2


@pytest.mark.parametrize("whom", ["arbiter", "template", "worker"])
def test_killed_under_load(dirty, dirty_package, whom, wait_until):
    """Calls in it fail at once, later ones are served by its successor."""
    s = dirty(dirty_workers=2, dirty_threads=2)
    c = s.caller(60)
    c.execute(APP, "echo")
    over = threading.Event()
    counts = collections.Counter()
    strange = []
    longest = [0.0]

    def call(n):
        i = 0
        while not over.is_set():
            i += 1
            began = time.monotonic()
            try:
                if n % 4 == 0:
                    good = list(c.stream(APP, "numbers", i, 20)) == list(
                        range(i, i + 20))
                elif n % 4 == 1:
                    data = bytes([n]) * 200000
                    good = c.execute(APP, "echo", data)["args"] == [data]
                else:
                    good = c.execute(APP, "nap", n, i) == [n, i]
                counts[good] += 1
            except (dirty_package.DirtyConnectionError,
                    dirty_package.DirtyWorkerError) as e:
                counts[type(e).__name__] += 1
            except Exception as e:
                strange.append(e)
            longest[0] = max(longest[0], time.monotonic() - began)

    arbiter = s.dirty_arbiter()
    workers = s.dirty_pids()
    threads = in_threads(40, call)
    for _ in range(3):
        time.sleep(0.7)
        victim = {"arbiter": s.dirty_arbiter, "template": s.dirty_template,
                  "worker": lambda: s.dirty_workers()[0]}[whom]()
        os.kill(victim, signal.SIGKILL)
        done = counts[True]
        wait_until(lambda done=done: counts[True] > done + 40,
                   "calls to be answered again")
    over.set()
    join(threads)
    assert not strange, strange[:3]
    assert counts[False] == 0
    assert longest[0] < 10
    lost = counts["DirtyConnectionError"] + counts["DirtyWorkerError"]
    if whom == "template":
        assert lost == 0
    else:
        assert 0 < lost <= 3 * 40
    wait_until(lambda: len(s.dirty_workers()) == 2, "two workers")
    if whom == "arbiter":
        assert s.dirty_arbiter() != arbiter
        for pid in workers:
            wait_until(lambda pid=pid: not os.path.exists(f"/proc/{pid}"),
                       "the orphan's end", deadline=35)
    else:
        assert s.dirty_arbiter() == arbiter
    assert s.get("/").status == 200
