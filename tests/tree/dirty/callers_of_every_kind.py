"""Who may call: HTTP workers of both classes under load, dirty workers
themselves, programs beside the server, of threads and of asyncio, in our
Python and in others."""

import collections
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading

import pytest

BINARY = os.path.abspath(os.environ.get("GREENCORN", "build/out/greencorn"))
ROOTFS = pathlib.Path(__file__).resolve().parents[3] / "rootfs/python"
PYTHONS = {"greencorn": [BINARY, "python"], "another": [sys.executable]}

TASKS = """
import asyncio, time
from gunicorn.dirty import (DirtyAppError, DirtyTimeoutError,
                            get_dirty_client_async)
APP = "apps:App"

async def ask(c, n):
    for i in range(20):
        answer = await c.execute_async(APP, "nap", n, i)
        assert answer == [n, i], answer

async def listen(c, n):
    got = [i async for i in c.stream_async(APP, "numbers", n, 100)]
    assert got == list(range(n, n + 100))

async def main():
    c = await get_dirty_client_async(timeout=30)
    assert await get_dirty_client_async(timeout=30) is c
    await asyncio.gather(*(ask(c, n) for n in range(20)),
                         *(listen(c, n) for n in range(10)))
    try:
        await c.execute_async(APP, "fails")
        raise AssertionError
    except DirtyAppError as e:
        assert e.message == "bad thing"
    stream = c.stream_async(APP, "numbers", 0, 10**9)
    assert [await anext(stream), await anext(stream)] == [0, 1]
    await stream.aclose()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(c.execute_async(APP, "wait", 60))
        beside = group.create_task(ask(c, 7))
        await beside
        task.cancel()
    began = time.monotonic()
    try:
        async with asyncio.timeout(0.2):
            await c.execute_async(APP, "wait", 60)
        raise AssertionError
    except TimeoutError:
        assert time.monotonic() - began < 5
    await c.close_async()
    c = await get_dirty_client_async(timeout=0.3)
    try:
        await c.execute_async(APP, "wait", 60)
        raise AssertionError
    except DirtyTimeoutError:
        pass

for _ in range(3):  # a loop each: nothing of one is left to the next
    asyncio.run(main())
print("good")
"""

THREADS = """
import os, threading
from gunicorn.dirty import get_dirty_client
APP = "apps:App"
wrong = []

def ask(n):
    c = get_dirty_client(timeout=60)
    for i in range(20):
        if c.execute(APP, "nap", n, i) != [n, i]:
            wrong.append((n, i))
        if list(c.stream(APP, "numbers", n, 10)) != list(range(n, n + 10)):
            wrong.append(n)

def crowd():
    threads = [threading.Thread(target=ask, args=(n,)) for n in range(20)]
    for t in threads: t.start()
    for t in threads: t.join()
    assert not wrong, wrong[:3]

crowd()
pid = os.fork()
crowd()  # in both, at the same time
if pid == 0:
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
print("good")
"""


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("source", [TASKS, THREADS], ids=["tasks", "threads"])
def test_programs(dirty, python, source, tmp_path, wait_until, holdings):
    s = dirty(dirty_workers=2, dirty_threads=4)
    c = s.caller()
    (tmp_path / "program.py").write_text(source)

    def run():
        done = subprocess.run(
            [*PYTHONS[python], "program.py"], cwd=tmp_path,
            capture_output=True, text=True, timeout=120, env={
                **os.environ, "PYTHONPATH": str(ROOTFS),
                "GUNICORN_DIRTY_SOCKET": c.socket_path})
        assert done.returncode == 0, done.stderr
        assert done.stdout == "good\n"

    if sys.version_info < (3, 11) and python == "another":
        pytest.skip("asyncio.timeout")
    run()
    # Each thread of both has its loop of asyncio from now on.
    waits = [threading.Thread(target=c.execute, args=("apps:App", "wait", 1))
             for _ in range(8)]
    for t in waits:
        t.start()
    for t in waits:
        t.join()
    c.close()
    held = holdings(s)
    run()
    held.returned(workers_kib=4096)


WEB = """
import json
from gunicorn.dirty import get_dirty_client

def app(environ, start_response):
    c = get_dirty_client()
    what, n = environ["PATH_INFO"][1:].split("/")
    start_response("200 OK", [("Content-Type", "text/event-stream")])
    if what == "stream":
        return (b"data: %d\\n\\n" % i
                for i in c.stream("apps:App", "numbers", int(n), 20))
    return [json.dumps(c.execute("apps:App", "nap", int(n))).encode()]
"""


@pytest.mark.parametrize("kind", ["sync", "gthread"])
def test_http_workers_under_load(dirty, kind):
    s = dirty(app=WEB, workers=2, worker_class=kind, threads=4,
              dirty_workers=2, dirty_threads=2)
    counts, wrong = collections.Counter(), []

    def work(me):
        for i in range(me * 1000, me * 1000 + 30):
            if i % 3:
                body, wanted = s.get(f"/call/{i}").body, b"[%d]" % i
            else:
                body = s.get(f"/stream/{i}").body
                wanted = b"".join(b"data: %d\n\n" % j
                                  for j in range(i, i + 20))
            if body != wanted:
                wrong.append((i, body[:100]))
            counts[me] += 1

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
    assert not wrong, wrong[:3]
    assert sum(counts.values()) == 240


NESTED = """
from gunicorn.dirty import DirtyApp, get_dirty_client
class Inner(DirtyApp):
    def double(self, n):
        return 2 * n
    def count(self, n):
        yield from range(n)
class Outer(DirtyApp):
    def ask(self, n):
        return get_dirty_client().execute("apps:Inner", "double", n)
    def pass_on(self, n):
        yield from get_dirty_client().stream("apps:Inner", "count", n)
"""


def test_dirty_workers_call_others(dirty):
    s = dirty(apps=["apps:Outer", "apps:Inner"], dirty_workers=2,
              dirty_threads=2, source=NESTED)
    c = s.caller()
    for n in range(20):
        assert c.execute("apps:Outer", "ask", n) == 2 * n
        assert list(c.stream("apps:Outer", "pass_on", n)) == list(range(n))


def test_a_dirty_worker_that_waits_for_itself(dirty, dirty_package):
    """Its one thread cannot answer: told in time, and nothing stays so."""
    s = dirty(apps=["apps:Outer", "apps:Inner"], dirty_timeout=2,
              source=NESTED)
    c = s.caller()
    with pytest.raises(dirty_package.DirtyError):
        c.execute("apps:Outer", "ask", 1)
    assert c.execute("apps:Inner", "double", 2) == 4


def test_others_are_not_let_in(dirty):
    """Another user's process is turned away at once."""
    if os.geteuid() != 0:
        pytest.skip("only root can be two users")
    s = dirty()
    path = s.caller().socket_path
    os.chmod(path, 0o777)
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        own = shutil.copy(BINARY, folder)
        done = subprocess.run(
            [own, "python", "-c", "import sys\n"
             "from gunicorn.dirty import DirtyClient\n"
             "DirtyClient(sys.argv[1], timeout=9).execute('apps:App', 'echo')",
             path], user=65534, cwd=folder, capture_output=True, text=True,
            timeout=30, env={"PATH": os.environ["PATH"]})
    assert done.returncode != 0
    assert "DirtyConnectionError" in done.stderr or \
        "DirtyProtocolError" in done.stderr, done.stderr
    assert s.caller().execute("apps:App", "echo", 1)["args"] == [1]
