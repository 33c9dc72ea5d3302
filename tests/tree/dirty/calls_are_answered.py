"""Every call gets its own answer: the result, a stream, or what went wrong."""

import asyncio
import os
import threading
import time

import pytest

WEB = """
import json
from gunicorn.dirty import get_dirty_client, get_dirty_client_async
import greencorn.dirty.errors
import gunicorn.dirty.errors

assert greencorn.dirty.errors is gunicorn.dirty.errors

def app(environ, start_response):
    client = get_dirty_client()
    if environ["PATH_INFO"] == "/stream":
        body = [b"%d\\n" % i for i in client.stream("apps:App", "count", 3)]
    else:
        body = [json.dumps(client.execute("apps:App", "echo", 1, b=[None])
                           ).encode()]
    start_response("200 OK", [("Content-Type", "text/plain")])
    return body
"""


@pytest.mark.parametrize("worker_class", ["sync", "gthread"])
def test_from_http_workers(dirty, worker_class):
    s = dirty(app=WEB, worker_class=worker_class)
    assert s.get("/").body == b'{"args": [1], "kwargs": {"b": [null]}}'
    assert s.get("/stream").body == b"0\n1\n2\n"


def test_values_travel_as_they_are(dirty):
    values = [None, True, -5, 1.5, "\u00e4", b"\0\xff", [1, [2]], {"a": {}}]
    with dirty().caller() as c:
        answer = c.execute("apps:App", "echo", *values, key=b"x")
        assert answer == {"args": values, "kwargs": {"key": b"x"}}
        big = os.urandom(5 << 20)
        assert c.execute("apps:App", "echo", memoryview(big))["args"] == [big]


def test_streams(dirty):
    with dirty().caller() as c:
        assert list(c.stream("apps:App", "count", 1000)) == list(range(1000))
        assert list(c.stream("apps:App", "acount", 3)) == [0, 1, 2]
        assert c.execute("apps:App", "wait", 0.01) == "waited"
        assert len(c._pool.idle()) == 1  # all on one connection


def test_errors_say_what_went_wrong(dirty, dirty_package):
    e = dirty_package.errors
    with dirty().caller() as c:
        with pytest.raises(e.DirtyAppError) as caught:
            c.execute("apps:App", "fails")
        assert caught.value.message == "bad thing"
        assert caught.value.app_path == "apps:App"
        assert caught.value.action == "fails"
        assert "RuntimeError: bad thing" in caught.value.traceback
        with pytest.raises(e.DirtyAppError, match="Unknown action: _no"):
            c.execute("apps:App", "_no")
        with pytest.raises(e.DirtyAppError, match="set"):
            c.execute("apps:App", "odd")
        with pytest.raises(e.DirtyNoWorkersAvailableError) as caught:
            c.execute("apps:Other", "echo")
        assert caught.value.app_path == "apps:Other"
        stream = c.stream("apps:App", "fails_late")
        assert next(stream) == 1
        with pytest.raises(e.DirtyError) as caught:
            next(stream)
        assert caught.value.message == "bad thing"
        with pytest.raises(e.DirtyError, match="stream"):
            c.execute("apps:App", "count", 3)
        assert c.execute("apps:App", "echo")["args"] == []
    with pytest.raises(e.DirtyConnectionError) as caught:
        dirty_package.DirtyClient("/nowhere/at.all").execute("a:B", "c")
    assert caught.value.socket_path == "/nowhere/at.all"


def test_threads_share_a_client(dirty):
    c = dirty(dirty_workers=2, dirty_threads=4).caller()
    wrong = []

    def ask(n):
        for i in range(50):
            if c.execute("apps:App", "echo", n, i)["args"] != [n, i]:
                wrong.append((n, i))

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(20)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(30)
    assert not wrong
    pid = os.fork()
    if pid == 0:
        good = c.execute("apps:App", "echo", 7)["args"] == [7]
        os._exit(0 if good else 1)
    assert os.waitpid(pid, 0)[1] == 0
    assert c.execute("apps:App", "echo", 8)["args"] == [8]


def test_tasks(dirty, dirty_package, wait_until):
    s = dirty(dirty_threads=4)

    async def go():
        c = s.caller()
        answers = await asyncio.gather(
            *(c.execute_async("apps:App", "echo", i) for i in range(50)))
        assert [a["args"] for a in answers] == [[i] for i in range(50)]
        got = [i async for i in c.stream_async("apps:App", "acount", 5)]
        assert got == [0, 1, 2, 3, 4]
        task = asyncio.ensure_future(c.execute_async("apps:App", "wait", 60))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(dirty_package.DirtyTimeoutError):
            await s.caller(0.3).execute_async("apps:App", "sleep", 1)
        assert await c.execute_async("apps:App", "echo", 1)
        await c.close_async()

    asyncio.run(go())
    c = s.caller()
    wait_until(lambda: "cancelled" in c.execute("apps:App", "notes"),
               "the task's call to be cancelled")


def test_streams_that_are_left_end(dirty, wait_until):
    s = dirty(dirty_threads=2)
    c = s.caller()
    for action in ("count", "acount"):
        stream = c.stream("apps:App", action, 1000000)
        assert [next(stream), next(stream)] == [0, 1]
        stream.close()
    wait_until(lambda: {"closed", "aclosed"} <=
               set(map(str, c.execute("apps:App", "notes"))),
               "the generators' finally")


def test_who_reads_slowly_holds_the_generator(dirty):
    s = dirty(dirty_threads=2)
    c = s.caller()
    stream = c.stream("apps:App", "count", 1000, 0, 65536)
    next(stream)
    time.sleep(0.5)
    yielded = len(c.execute("apps:App", "notes"))
    assert yielded < 50
    assert len(list(stream)) == 999


def test_threads_run_at_the_same_time(dirty):
    c = dirty(dirty_threads=4).caller()
    began = time.monotonic()
    threads = [threading.Thread(target=c.execute,
                                args=("apps:App", "sleep", 0.5))
               for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert time.monotonic() - began < 1.5


def test_a_full_queue_says_so(dirty, dirty_package):
    s = dirty(dirty_max_queue=2)
    c = s.caller()
    c.execute("apps:App", "echo")  # its worker is there
    failed = []

    def ask():
        try:
            c.execute("apps:App", "sleep", 0.5)
        except dirty_package.DirtyError as e:
            failed.append(e.message)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(failed) == 3
    assert "dirty_max_queue" in failed[0]
