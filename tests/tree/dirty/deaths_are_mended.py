"""Who dies is replaced, and its callers are told."""

import os
import threading
import time

import pytest


def failing(call, kind):
    """Runs call in a thread; a function that waits for its error."""
    caught = []

    def run():
        try:
            call()
        except kind as e:
            caught.append(e)

    thread = threading.Thread(target=run)
    thread.start()

    def result():
        thread.join(15)
        assert caught, "it did not fail"
        return caught[0]
    return result


def test_a_worker_that_is_killed(dirty, dirty_package):
    s = dirty()
    c = s.caller()
    pid = c.execute("apps:App", "pid")
    call = failing(lambda: c.execute("apps:App", "sleep", 30),
                   dirty_package.DirtyWorkerError)
    stream = c.stream("apps:App", "count", 3)
    time.sleep(0.2)
    os.kill(pid, 9)
    assert "SIGKILL" in call().message
    assert list(stream) == [0, 1, 2]  # it waited for the successor
    assert c.execute("apps:App", "pid") != pid
    assert "was sent SIGKILL!" in s.log


def test_a_call_that_takes_too_long(dirty, dirty_package):
    s = dirty(dirty_timeout=1, dirty_threads=2)
    c = s.caller()
    c.execute("apps:App", "echo")
    began = time.monotonic()
    stuck = failing(lambda: c.execute("apps:App", "stick"),
                    dirty_package.DirtyTimeoutError)
    time.sleep(0.5)
    neighbour = failing(lambda: c.execute("apps:App", "sleep", 20),
                        dirty_package.DirtyWorkerError)
    assert stuck().timeout == 1
    assert "longer than dirty_timeout" in neighbour().message
    assert time.monotonic() - began < 5
    assert "DIRTY WORKER TIMEOUT" in s.log
    assert c.execute("apps:App", "echo", 1)["args"] == [1]


def test_no_timeout(dirty):
    c = dirty(dirty_timeout=0).caller()
    assert c.execute("apps:App", "sleep", 1.2)


def test_a_timeout_of_years(dirty):
    """In the caller, and in an HTTP worker, which goes by the setting."""
    s = dirty(dirty_timeout=500000000, app="""
from gunicorn.dirty import get_dirty_client
def app(environ, start_response):
    got = get_dirty_client().execute("apps:App", "echo", 1)["args"]
    start_response("200 OK", [])
    return [repr(got).encode()]
""")
    assert s.caller(1e9).execute("apps:App", "echo", 1)["args"] == [1]
    assert s.get("/").body == b"[1]"


def test_a_stream_may_take_longer_than_the_timeout(dirty):
    c = dirty(dirty_timeout=1).caller()
    assert list(c.stream("apps:App", "count", 5, 0.4)) == [0, 1, 2, 3, 4]


def test_the_dirty_arbiter_is_killed(dirty, dirty_package, wait_until):
    s = dirty()
    c = s.caller()
    old = c.execute("apps:App", "pid")
    arbiter = s.dirty_arbiter()
    call = failing(lambda: c.execute("apps:App", "sleep", 30),
                   dirty_package.DirtyConnectionError)
    time.sleep(0.2)
    os.kill(arbiter, 9)
    call()
    # Who calls now waits at the same address for the next one.
    assert c.execute("apps:App", "pid") != old
    assert s.dirty_arbiter() != arbiter
    assert s.get("/").status == 200
    wait_until(lambda: not os.path.exists(f"/proc/{old}"), "the orphan's end",
               deadline=35)


def test_an_application_that_cannot_be_made(dirty, dirty_package, wait_until):
    s = dirty(apps=["apps:Bad"], source="""
from gunicorn.dirty import DirtyApp
class Bad(DirtyApp):
    def init(self):
        raise RuntimeError("no model")
""")
    assert s.get("/").status == 200
    with pytest.raises(dirty_package.DirtyNoWorkersAvailableError):
        s.caller().execute("apps:Bad", "echo")
    assert "no model" in s.log
    assert "Dirty worker failed to boot" in s.log


def test_term_to_a_worker(dirty):
    """It finishes what it does; its successor serves."""
    s = dirty()
    c = s.caller()
    pid = c.execute("apps:App", "pid")
    done = []
    t = threading.Thread(target=lambda: done.append(
        c.execute("apps:App", "sleep", 0.7)))
    t.start()
    time.sleep(0.2)
    os.kill(pid, 15)
    assert c.execute("apps:App", "pid") != pid
    t.join()
    assert done == [pid]


def test_nonsense_ends_its_connection_only(dirty, dirty_package):
    import socket

    s = dirty()
    c = s.caller()
    address = c.socket_path
    for nonsense in (b"GET / HTTP/1.1\r\n\r\n", b"\x04\0\0\x01",
                     b"\0\0\0\0", b"\0\0\0\x02[]",
                     b"GD\x01\x01\0\0\0\x01" + bytes(8) + b"\xff"):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(5)
            sock.connect(address)
            sock.sendall(nonsense)
            answer = b""
            while more := sock.recv(4096):
                answer += more
            assert b"DirtyProtocolError" in answer
    for part in (b"\0", b"GD\x01\x01\0\0\1\0", b"\0\0\1\0{"):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(address)
            sock.sendall(part)
    assert c.execute("apps:App", "echo", 1)["args"] == [1]


def test_many_callers_and_large_payloads(dirty, wait_until):
    """200 callers, 2 workers; the memory of large messages returns."""
    s = dirty(dirty_workers=2)
    c = s.caller(60)
    wrong = []

    def ask(n):
        if c.execute("apps:App", "echo", n)["args"] != [n]:
            wrong.append(n)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(200)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
    assert not wrong
    for _ in range(3):
        data = os.urandom(30 << 20)
        assert c.execute("apps:App", "echo", data)["args"] == [data]

    def resident():
        with open(f"/proc/{s.dirty_arbiter()}/status") as f:
            return int(f.read().split("VmRSS:")[1].split()[0])
    wait_until(lambda: resident() < 40000, "memory to return")


def test_a_message_that_is_too_large(dirty, dirty_package):
    c = dirty().caller()
    with pytest.raises(dirty_package.DirtyProtocolError, match="too large"):
        c.execute("apps:App", "echo", bytes((64 << 20) + 1))
    assert c.execute("apps:App", "echo", 1)["args"] == [1]


def test_deaths_far_apart_are_no_series(dirty, wait_until):
    """Whoever dies again at once comes back later and later; reloads in
    between make no series of single deaths."""
    s = dirty()
    s.caller().execute("apps:App", "echo")
    for _ in range(3):
        arbiter = s.dirty_arbiter()
        os.kill(arbiter, 9)
        died = time.monotonic()
        new = wait_until(
            lambda old=arbiter: s.dirty_arbiter() != old and s.dirty_arbiter(),
            "the next one")
        assert time.monotonic() - died < 3.5
        time.sleep(10.5)
        s.signal("HUP")
        wait_until(lambda old=new: not os.path.exists(f"/proc/{old}"),
                   "the old one's end")
