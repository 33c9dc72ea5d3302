"""Threads and event loops call over one link while calls time out, are
cancelled and left, and dirty workers and dirty arbiters are killed: every call
ends, with its own answer or an error that fits, and nothing is left over."""

import json
import os
import random
import signal
import threading
import time

WEB = """
import json, traceback
def app(environ, start_response):
    import storm
    try:
        body = json.dumps(storm.run(*environ["QUERY_STRING"].split("&")))
        start_response("200 OK", [])
    except BaseException:
        body = traceback.format_exc()
        start_response("500 Failed", [])
    return [body.encode()]
"""

STORM = '''
import asyncio, gc, os, random, threading, time
from gunicorn.dirty import DirtyError, DirtyTimeoutError, get_dirty_client
from greencorn import _dirty_link

NAME = "apps:App"
client, hasty = get_dirty_client(30), get_dirty_client(0.05)
done = {}
errors = {}
wrong = []


def note(what):
    done[what] = done.get(what, 0) + 1


def failed(e):
    kind = f"{type(e).__name__}: {e.message[:40]}"
    errors[kind] = errors.get(kind, 0) + 1


def check(got, value, what):
    if got != value:
        wrong.append([what, repr(got)[:200], repr(value)[:200]])


def one(r):
    """A call of some kind."""
    kind = r.randrange(7)
    mark = r.getrandbits(60)
    if kind < 3:
        data = r.randbytes(r.choice([10, 1000, 20000, 300000]))
        check(client.execute(NAME, "echo", mark, data)["args"],
              [mark, data], "echo")
    elif kind == 3:
        n = r.randrange(1, 60)
        check(list(client.stream(NAME, "count", n)), list(range(n)), "stream")
    elif kind == 4:
        stream = client.stream(NAME, "count", 10000, 0, 5000)
        for _ in range(r.randrange(1, 9)):
            check(next(stream), b"x" * 5000, "left")
        if r.random() < 0.5:
            stream.close()
    elif kind == 5:
        try:
            check(hasty.execute(NAME, "sleep", r.choice([0, 0.1])) > 0, True,
                  "hasty")
        except DirtyTimeoutError:
            note("timed out")
    else:
        client.execute(NAME, "sleep", 0.01)
    note(kind)


async def task(seed, end):
    r = random.Random(seed)
    while time.monotonic() < end:
        mark = r.getrandbits(60)
        kind = r.randrange(4)
        try:
            if kind == 0:
                data = r.randbytes(r.choice([10, 50000]))
                check((await client.execute_async(
                    NAME, "echo", mark, data))["args"], [mark, data], "async")
            elif kind == 1:
                n = r.randrange(1, 9)
                check([i async for i in client.stream_async(
                    NAME, "acount", n)], list(range(n)), "async stream")
            elif kind == 2:
                inner = asyncio.ensure_future(
                    client.execute_async(NAME, "wait", 60))
                await asyncio.sleep(r.random() * 0.05)
                inner.cancel()
                try:
                    await inner
                except asyncio.CancelledError:
                    pass
            else:
                left = client.stream_async(NAME, "acount", 1000)
                async for i in left:
                    if i == 2:
                        break
                if r.random() < 0.5:
                    await left.aclose()
        except DirtyError as e:
            failed(e)
            await asyncio.sleep(0.01)
        note(f"async {kind}")


async def tasks(seed, end):
    await asyncio.gather(*(task(seed + i, end) for i in range(6)))


def run(seed, seconds):
    seed, end = int(seed), time.monotonic() + float(seconds)
    def threaded(n):
        r = random.Random(seed + n)
        if n < 2:
            asyncio.run(tasks(seed + 100 * n, end))
            return
        while time.monotonic() < end:
            try:
                one(r)
            except DirtyError as e:
                failed(e)
                time.sleep(0.01)
    threads = [threading.Thread(target=threaded, args=(n,)) for n in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(max(0, end + 60 - time.monotonic()))
    stuck = sum(t.is_alive() for t in threads)
    gc.collect()
    check(client.execute(NAME, "echo", 1)["args"], [1], "last")
    link = _dirty_link._link
    return {"done": done, "errors": errors, "wrong": wrong[:5],
            "stuck": stuck, "calls": len(link.calls),
            "sleepers": len(link.sleepers), "leader": link.leader,
            "out": len(link.out)}
'''

FITTING = ("DirtyConnectionError: Communication error: the dirty arbiter",
           "DirtyWorkerError: Worker ",
           # A successor that does not come in time, on a busy machine.
           "DirtyTimeoutError: ", "DirtyNoWorkersAvailableError: ")


def storm(dirty, tmp_path, seconds, kills):
    (tmp_path / "storm.py").write_text(STORM)
    s = dirty(app=WEB, timeout=600, graceful_timeout=600,
              dirty_workers=3, dirty_threads=4,
              dirty_timeout=20)
    seed = int.from_bytes(os.urandom(3))
    result = []
    t = threading.Thread(target=lambda: result.append(
        s.get(f"/?{seed}&{seconds}", timeout=seconds + 120)))
    t.start()
    r = random.Random(seed)
    end = time.monotonic() + seconds - 1
    spared_until = 0  # the next one comes later after each death in a row
    while kills and time.monotonic() < end:
        time.sleep(r.choice([0.2, 0.5, 1]))
        arbiter = s.dirty_arbiter()
        try:
            if r.random() < 0.3 and time.monotonic() > spared_until:
                os.kill(arbiter, signal.SIGKILL)
                spared_until = time.monotonic() + 40
            elif r.random() < 0.3:
                s.signal("HUP")
            else:
                os.kill(r.choice(s.dirty_pids()[-3:]),
                        r.choice([signal.SIGKILL, signal.SIGTERM]))
        except ProcessLookupError:
            pass
    t.join(seconds + 120)
    answer = result[0]
    assert answer.status == 200, answer.body.decode()
    seen = json.loads(answer.body)
    print("seed", seed, seen)
    assert seen["stuck"] == 0
    assert seen["wrong"] == []
    left = (seen["calls"], seen["sleepers"], seen["leader"], seen["out"])
    assert left == (0, 0, None, 0)
    assert sum(seen["done"].values()) > 20
    return seen["errors"]


def test_without_faults(dirty, tmp_path):
    assert storm(dirty, tmp_path, 60 if os.environ.get("SOAK") else 3,
                 False) == {}


def test_with_faults(dirty, tmp_path):
    errors = storm(dirty, tmp_path, 300 if os.environ.get("SOAK") else 8, True)
    assert all(e.startswith(FITTING) for e in errors), errors
