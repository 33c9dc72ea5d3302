"""Calls from inside of a server: all of a process's over one link, through an
inherited door. The scenes run in an HTTP worker; each ends in a value."""

import json
import os
import subprocess
import threading
import time

import pytest

WEB = """
import importlib, json, traceback
def app(environ, start_response):
    try:
        import scenes
        body = getattr(scenes, environ["PATH_INFO"][1:])()
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(body).encode()]
    except BaseException:
        start_response("500 Failed", [("Content-Type", "text/plain")])
        return [traceback.format_exc().encode()]
"""

SCENES = '''
import asyncio, gc, os, resource, threading, time
from gunicorn.dirty import (DirtyTimeoutError, DirtyAppError, StashClient,
                            get_dirty_client, get_dirty_client_async, stash)

NAME = "apps:App"
c = get_dirty_client()


def sockets():
    """How many sockets this process has."""
    n = 0
    for fd in os.listdir("/proc/self/fd"):
        try:
            n += os.readlink(f"/proc/self/fd/{fd}").startswith("socket:")
        except OSError:
            pass
    return n


def ask(n, wrong, calls=50):
    for i in range(calls):
        if c.execute(NAME, "echo", n, i)["args"] != [n, i]:
            wrong.append((n, i))


def in_threads(n, run):
    threads = [threading.Thread(target=run, args=(i,)) for i in range(n)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)


def until(condition):
    end = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
    return True


def threads():
    wrong, most = [], []
    before = sockets()
    def run(n):
        ask(n, wrong)
        most.append(sockets())
    in_threads(20, run)
    return [wrong, max(most) - before]


async def _tasks():
    client = await get_dirty_client_async()
    before = sockets()
    answers = await asyncio.gather(
        *(client.execute_async(NAME, "echo", i) for i in range(200)))
    assert [a["args"] for a in answers] == [[i] for i in range(200)]
    assert [i async for i in client.stream_async(NAME, "acount", 5)] \\
        == [0, 1, 2, 3, 4]
    task = asyncio.ensure_future(client.execute_async(NAME, "wait", 60))
    await asyncio.sleep(0.2)
    task.cancel()
    try:
        await task
        raise AssertionError
    except asyncio.CancelledError:
        pass
    left = client.stream_async(NAME, "acount", 100000)
    async for i in left:
        break
    await left.aclose()
    try:
        await (await get_dirty_client_async(0.3)).execute_async(
            NAME, "sleep", 1)
        raise AssertionError
    except DirtyTimeoutError as e:
        assert e.timeout == 0.3
    big = os.urandom(3 << 20)
    for answer in await asyncio.gather(
            *(client.execute_async(NAME, "echo", big) for _ in range(4))):
        assert answer["args"] == [big]
    more = sockets() - before
    end = time.monotonic() + 15
    while not {"cancelled", "aclosed"} <= set(
            map(str, await client.execute_async(NAME, "notes"))):
        assert time.monotonic() < end
        await asyncio.sleep(0.02)
    return more


def tasks():
    return [asyncio.run(_tasks()), asyncio.run(_tasks())]


def together():
    """Threads and two event loops at once."""
    wrong, seen = [], []
    async def go():
        for i in range(20):
            answers = await asyncio.gather(
                *(c.execute_async(NAME, "echo", n, i) for n in range(10)))
            seen.append([a["args"] for a in answers]
                        == [[n, i] for n in range(10)])
    def run(n):
        if n < 2:
            asyncio.run(go())
        else:
            ask(n, wrong, 100)
    in_threads(8, run)
    return [wrong, len(seen), all(seen)]


def forked():
    stream = c.stream(NAME, "count", 5)
    assert next(stream) == 0
    pid = os.fork()
    if pid == 0:
        good = False
        try:
            wrong = []
            in_threads(4, lambda n: ask(n, wrong))
            try:
                next(stream)
            except Exception as e:
                good = not wrong and type(e).__name__ \\
                    == "DirtyConnectionError"
            del stream
            gc.collect()
        finally:
            os._exit(0 if good else 1)
    wrong = []
    in_threads(4, lambda n: ask(n, wrong))
    status = os.waitpid(pid, 0)[1]
    return [status, wrong, list(stream)]


def elsewhere():
    """Another user in another root."""
    if os.getuid() != 0:
        return True
    pid = os.fork()
    if pid == 0:
        try:
            os.chroot("/proc/self/fdinfo")
            os.chdir("/")
            os.setgid(54321)
            os.setuid(54321)
            good = c.execute(NAME, "echo", 1)["args"] == [1]
        finally:
            os._exit(0 if good else 1)
    return os.waitpid(pid, 0)[1] == 0


def slow():
    """A stream that nobody reads holds its generator, and no other call."""
    stream = c.stream(NAME, "count", 1000, 0, 65536)
    next(stream)
    time.sleep(0.5)
    began = time.monotonic()
    wrong = []
    in_threads(3, lambda n: ask(n, wrong, 20))
    took = time.monotonic() - began
    yielded = len(c.execute(NAME, "notes"))
    return [yielded, wrong, took, len(list(stream))]


def left():
    """Abandoned streams end, dropped ones too."""
    stream = c.stream(NAME, "count", 1000000)
    assert [next(stream), next(stream)] == [0, 1]
    stream.close()
    until(lambda: "closed" in c.execute(NAME, "notes"))
    stream = c.stream(NAME, "acount", 1000000)
    assert next(stream) == 0
    del stream
    gc.collect()
    return until(lambda: "aclosed" in c.execute(NAME, "notes"))


def timed_out():
    """The answer that comes later is nobody's."""
    short = get_dirty_client(0.3)
    for _ in range(3):
        try:
            short.execute(NAME, "sleep", 0.6)
            raise AssertionError
        except DirtyTimeoutError:
            pass
        assert c.execute(NAME, "echo", 5)["args"] == [5]
    stream = short.stream(NAME, "count", 3, 0.6)
    assert next(stream) == 0
    try:
        next(stream)
        raise AssertionError
    except DirtyTimeoutError:
        pass
    return c.execute(NAME, "echo", 6)["args"]


def large():
    big = [os.urandom(20 << 20) for _ in range(3)]
    good = []
    def run(n):
        values = [b"x", big[n], "text", bytearray(big[n][:70000]),
                  memoryview(big[n])[5:300000]]
        answer = c.execute(NAME, "echo", *values)["args"]
        good.append([bytes(v) if type(v) is not str else v for v in values]
                    == answer)
    in_threads(3, run)
    return good


def copies():
    """How often bytes are in memory beside what the caller itself holds."""
    size = 40 << 20
    big = os.urandom(size)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert c.execute(NAME, "echo", big)["args"] == [big]
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return (after - before) * 1024 / size


def too_large():
    try:
        c.execute(NAME, "echo", bytes((64 << 20) + 1))
    except Exception as e:
        assert c.execute(NAME, "echo", 1)["args"] == [1]
        return [type(e).__name__, e.message]


def failures():
    seen = []
    for app, action in ((NAME, "fails"), (NAME, "odd"), (NAME, "count"),
                        (NAME, "none"), ("apps:Other", "x")):
        try:
            c.execute(app, action, *([3] if action == "count" else []))
        except Exception as e:
            seen.append([type(e).__name__, e.message,
                         getattr(e, "traceback", None) is not None])
    stream = c.stream(NAME, "fails_late")
    assert next(stream) == 1
    try:
        next(stream)
    except DirtyAppError as e:
        seen.append([e.message, e.app_path, e.action])
    assert next(stream, None) is None
    assert list(c.stream(NAME, "echo", 1)) == [{"args": [1], "kwargs": {}}]
    return seen


def use_stash():
    stash.put("t", "a", {"n": [b"x"]})
    missing = stash.get("t", "b", "default")
    return [stash.get("t", "a")["n"] == [b"x"], missing, stash.tables()]


def unread():
    """Answers that nobody reads are given up, one by one."""
    from greencorn import _dirty_link as link
    size = 60 << 20
    request = {"app_path": NAME, "action": "blob", "args": [size],
               "kwargs": {}}
    calls = [link.begin(link.REQUEST, request) for _ in range(4)]
    chunks = link.begin(link.REQUEST, dict(
        request, action="late", args=[3, size]))
    time.sleep(6)
    seen = []
    for call in calls:
        kind, value = call.next(time.monotonic() + 20)
        seen.append([kind, len(value["result"]) == size if "result" in value
                     else value["error"]["message"]])
    kind, value = chunks.next(time.monotonic() + 20)
    seen.append([kind, value["error"]["message"]])
    return [seen, c.execute(NAME, "echo", 1)["args"]]


def rubbish():
    """What no link says: that link ends, and nothing else."""
    import socket, struct
    import _greencorn_dirty as in_c
    head = struct.Struct("=IBBHQ")
    good = b"".join(in_c.pack(2, 1, 5, {
        "app_path": NAME, "action": "echo", "args": [1], "kwargs": {}}))
    def say(data, hears):
        with socket.socket(socket.AF_UNIX, fileno=in_c.knock()) as s:
            s.settimeout(10)
            s.sendall(data)
            if not hears:
                s.shutdown(socket.SHUT_WR)
            got = b""
            while len(got) < 16 or len(got) < 16 + head.unpack_from(got)[0]:
                try:
                    more = s.recv(65536)
                except ConnectionResetError:  # it was closed unread
                    more = b""
                if not more:
                    return None
                got += more
            return head.unpack_from(got)[1], got[16:]
    ended = [head.pack(0xffffffff, 1, 1, 0, 1), head.pack(4, 0xee, 1, 0, 1)
             + b"abcd", head.pack(0, 2, 1, 0, 1),
             head.pack((64 << 20) + 1, 1, 1, 0, 1)]
    seen = [say(data, True) for data in ended]
    seen += [say(good[:n], False) for n in (1, 15, 16, len(good) - 1)]
    # Ids of no call, and a request that is none: only that is answered.
    odd = (head.pack(0, 0x24, 1, 0, 99) + head.pack(8, 0x25, 1, 0, 99)
           + bytes(8) + head.pack(3, 0x25, 1, 0, 5) + b"abc")
    refused = say(odd + head.pack(4, 1, 1, 0, 7) + b"abcd", True)
    answered = say(odd + good, True)
    for _ in range(200):  # random ones
        try:
            say(os.urandom(40), False)
        except OSError:
            pass
    return [seen, refused[0], b"DirtyProtocolError" in refused[1],
            answered[0], c.execute(NAME, "echo", 1)["args"]]


def effort():
    """Microseconds of this process for a call, four threads at once."""
    wrong = []
    before = time.process_time()
    in_threads(4, lambda n: ask(n, wrong, 500))
    return [wrong, (time.process_time() - before) / 2000 * 1e6]


def pid():
    return c.execute(NAME, "pid")


def load():
    """Calls without an end; how many failed, by kind."""
    failed = {}
    n = [0]
    def run(_):
        while not os.path.exists("enough"):
            try:
                c.execute(NAME, "echo", 1)
                n[0] += 1
            except Exception as e:
                failed[type(e).__name__] = failed.get(
                    type(e).__name__, 0) + 1
    in_threads(6, run)
    return [n[0], failed]
'''


@pytest.fixture
def play(dirty, tmp_path):
    """play("scene", **settings): what it returns, in an HTTP worker."""
    (tmp_path / "scenes.py").write_text(SCENES)
    started = []

    def run(scene, server=None, **settings):
        settings.setdefault("dirty_threads", 4)
        settings.setdefault("dirty_workers", 2)
        settings.setdefault("threads", 4)
        if server is None and not started:
            started.append(dirty(app=WEB, timeout=120, **settings))
        answer = (server or started[0]).get("/" + scene)
        assert answer.status == 200, answer.body.decode()
        return json.loads(answer.body)
    run.started = started
    return run


def test_threads_share_a_link(play):
    wrong, sockets = play("threads")
    assert not wrong
    assert sockets == 1


def test_tasks_share_a_link(play):
    assert play("tasks", dirty_workers=1) == [1, 0]


def test_threads_and_loops_at_once(play):
    assert play("together") == [[], 40, True]


def test_a_child_makes_its_own(play):
    assert play("forked") == [0, [], [1, 2, 3, 4]]


def test_no_path_no_name_and_no_uid_is_needed(play):
    assert play("elsewhere")


def test_a_slow_stream_holds_up_no_other_call(play):
    yielded, wrong, took, rest = play("slow", dirty_workers=1)
    assert yielded < 50
    assert not wrong
    assert took < 5
    assert rest == 999


def test_streams_that_are_left_end(play):
    assert play("left", dirty_workers=1)


def test_no_call_gets_another_ones_answer(play):
    assert play("timed_out", dirty_workers=1) == [6]


def test_large_messages_at_once(play):
    assert play("large") == [True] * 3


def test_bytes_are_received_where_they_stay(play):
    assert play("copies") < 1.3  # the answer


def test_a_message_that_is_too_large(play):
    kind, message = play("too_large")
    assert kind == "DirtyProtocolError"
    assert "too large" in message


def test_failures_are_told(play):
    seen = play("failures")
    assert seen[0] == ["DirtyAppError", "bad thing", True]
    assert seen[1][0] == "DirtyAppError" and "set" in seen[1][1]
    assert seen[2][0] == "DirtyError" and "stream" in seen[2][1]
    assert seen[3][:2] == ["DirtyAppError", "Unknown action: none"]
    assert seen[4][0] == "DirtyNoWorkersAvailableError"
    assert seen[5] == ["bad thing", "apps:App", "fails_late"]


def test_the_stash_goes_over_it(play):
    assert play("use_stash") == [True, "default", ["t"]]


def has_ended(pid):
    """Its descriptors are closed, whether its parent has looked or not."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def test_a_link_is_made_anew_when_the_dirty_arbiter_dies(play, wait_until):
    old = play("pid")
    s = play.started[0]
    for reads in (False, True):
        arbiter = s.dirty_arbiter()
        if reads:
            os.kill(arbiter, 9)
            wait_until(lambda pid=arbiter: has_ended(pid), "its end")
        else:  # the call is sent, and nobody reads it
            os.kill(arbiter, 19)
            threading.Timer(0.5, os.kill, (arbiter, 9)).start()
        new = play("pid")  # waits for the next one
        assert new != old
        assert s.dirty_arbiter() != arbiter
        old = new


def test_a_reload_loses_no_call(play, tmp_path, wait_until):
    """Six threads call while dirty arbiters come and go."""
    play("pid")
    s = play.started[0]
    result = []
    t = threading.Thread(target=lambda: result.append(play("load")))
    t.start()
    time.sleep(0.5)
    for n in range(1, 3):
        arbiter = s.dirty_arbiter()
        s.signal("HUP")
        wait_until(lambda: not os.path.exists(f"/proc/{arbiter}"),
                   "the old dirty arbiter's end")
        time.sleep(0.3)
    (tmp_path / "enough").touch()
    t.join(60)
    n, failed = result[0]
    assert failed == {}
    assert n > 100


def test_a_dirty_arbiter_that_dies_under_load(play, tmp_path, wait_until):
    """Those whose call was under way are told; nobody hangs, none is told
    something else."""
    play("pid")
    s = play.started[0]
    result = []
    t = threading.Thread(target=lambda: result.append(play("load")))
    t.start()
    kills = 3
    for _ in range(kills):
        time.sleep(0.5)
        arbiter = s.dirty_arbiter()
        os.kill(arbiter, 9)
        wait_until(lambda old=arbiter: s.dirty_arbiter() != old,
                   "the next dirty arbiter")
    assert play("pid")
    (tmp_path / "enough").touch()
    t.join(90)
    n, failed = result[0]
    assert set(failed) <= {"DirtyConnectionError"}
    assert sum(failed.values()) <= kills * 6
    assert n > 100


def test_answers_that_nobody_reads(play):
    """The dirty arbiter holds some of them, tells of the others, and goes
    on."""
    seen, after = play("unread", dirty_workers=5)
    assert [2, True] in seen
    assert [3, "The caller's process does not read its answers"] in seen
    assert len(seen) == 5
    assert seen[4][0] == 3  # a chunk that came when all was full
    assert after == [1]


def test_rubbish_ends_its_link_only(play):
    seen, refused, named, answered, after = play("rubbish")
    assert seen == [None] * 8
    assert (refused, named, answered, after) == (3, True, 2, [1])


def test_few_threads_do_not_spin(play):
    wrong, microseconds = play("effort")
    assert not wrong
    print("us:", microseconds)
    assert microseconds < 300


GEVENT = """
from gevent import monkey
monkey.patch_all()
import gevent, sys, time
from gunicorn.dirty import DirtyClient, get_dirty_client
c = DirtyClient(sys.argv[1], 15) if len(sys.argv) > 1 else get_dirty_client()
wrong = []
def ask(n):
    for i in range(20):
        if c.execute("apps:App", "echo", n, i)["args"] != [n, i]:
            wrong.append((n, i))
gevent.joinall([gevent.spawn(ask, n) for n in range(20)])
began = time.monotonic()
ticks = []
def tick():
    while True:
        ticks.append(0)
        gevent.sleep(0.01)
ticker = gevent.spawn(tick)
gevent.joinall([gevent.spawn(c.execute, "apps:App", "sleep", 0.5)
                for _ in range(4)])
took = time.monotonic() - began
victim = gevent.spawn(c.execute, "apps:App", "wait", 60)
gevent.sleep(0.2)
victim.kill()
with gevent.Timeout(0.3, False):
    c.execute("apps:App", "wait", 60)
streams = []
def read():
    streams.append(list(c.stream("apps:App", "count", 50)))
gevent.joinall([gevent.spawn(read) for _ in range(5)])
assert not wrong, wrong
assert took < 1.8, took
assert len(ticks) > 10, ticks
assert streams == [list(range(50))] * 5, streams
end = time.monotonic() + 10
while c.execute("apps:App", "notes").count("cancelled") < 2:
    assert time.monotonic() < end
    gevent.sleep(0.02)
"""


def test_greenlets(dirty, site_with_gevent, tmp_path):
    """In an HTTP worker, over its link, and in a program of its own."""
    s = dirty(dirty_threads=4, pythonpath=str(site_with_gevent), app="""
def app(environ, start_response):
    import subprocess, sys
    start_response("200 OK", [])
    import greenlets
    return [b"good"]
""")
    (tmp_path / "greenlets.py").write_text(
        GEVENT.replace("if len(sys.argv) > 1", "if False"))
    assert s.get("/").body == b"good", s.log
    (tmp_path / "program.py").write_text(GEVENT)
    done = subprocess.run(
        [os.path.abspath(os.environ.get("GREENCORN", "build/out/greencorn")),
         "python", str(tmp_path / "program.py"), s.caller().socket_path],
        env={**os.environ, "PYTHONPATH": str(site_with_gevent)},
        capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_a_preloaded_application_that_calls_too_early(dirty):
    """There is no dirty arbiter while the template loads: it is told so at
    once, and its workers' calls take the link all the same."""
    s = dirty(preload_app="true", app="""
import os, time
from gunicorn.dirty import DirtyConnectionError, get_dirty_client
began = time.monotonic()
try:
    get_dirty_client().execute("apps:App", "echo")
    early = "answered"
except DirtyConnectionError:
    early = "told"
took = time.monotonic() - began
def app(environ, start_response):
    from greencorn import _dirty_link
    get_dirty_client().execute("apps:App", "echo")
    start_response("200 OK", [])
    return [f"{early} {took < 5} {_dirty_link._link is not None}".encode()]
""")
    assert s.get("/").body == b"told True True"
