"""SIGSTOP and the freezer: who was stopped is not who is stuck."""

import os
import signal
import socket
import threading
import time

import pytest

APP = """
import os
import time

def app(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        open("began", "w").close()
        time.sleep(0.5)
    body = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""

READS = """
def app(environ, start_response):
    environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""


def freeze(pids, name):
    for pid in pids:
        os.kill(pid, getattr(signal, "SIG" + name))


@pytest.mark.parametrize("worker_class", ["sync", "gthread"])
def test_all_of_them_as_by_docker_pause(serve, until, worker_class):
    s = serve(app=APP, workers=2, timeout=1, worker_class=worker_class)
    everyone = [s.pid, *s.template(), *s.workers()]
    workers = s.workers()
    answers = []
    t = threading.Thread(target=lambda: answers.append(s.get("/slow").status),
                         daemon=True)
    t.start()
    until((s.folder / "began").exists, "the request runs")
    # The workers first: else the arbiter sees some that it has not stopped.
    freeze(reversed(everyone), "STOP")
    time.sleep(4)
    freeze(everyone, "CONT")
    t.join(10)
    assert answers == [200]
    n = s.log.count("Booting worker")
    s.signal("TTIN")  # done by an arbiter that has looked at all
    s.wait_log("Booting worker", count=n + 1)
    time.sleep(2)
    assert "WORKER TIMEOUT" not in s.log
    assert set(workers) <= set(s.workers())


def test_who_stays_behind_is_still_found_out(serve, until):
    s = serve(app=APP, workers=2, timeout=1)
    stuck = s.workers()[0]
    everyone = [*s.workers(), *s.template(), s.pid]
    freeze(everyone, "STOP")
    time.sleep(3)
    freeze([p for p in reversed(everyone) if p != stuck], "CONT")
    s.wait_log(f"WORKER TIMEOUT (pid:{stuck})")
    until(lambda: stuck not in s.workers() and len(s.workers()) == 2,
          "another worker")
    assert s.log.count("WORKER TIMEOUT") == 1
    assert s.get("/").status == 200


def test_the_arbiter_without_init(serve, until):
    """Nobody is there to let it go on; all is served meanwhile."""
    s = serve(app=APP, workers=2, timeout=1)
    workers = s.workers()
    os.kill(s.pid, signal.SIGSTOP)
    try:
        end = time.monotonic() + 3
        while time.monotonic() < end:
            assert s.get("/").status == 200
        os.kill(workers[0], signal.SIGKILL)
        assert s.get("/").status == 200
    finally:
        os.kill(s.pid, signal.SIGCONT)
    until(lambda: len(s.workers()) == 2 and workers[0] not in s.workers(),
          "another worker")
    assert "WORKER TIMEOUT" not in s.log


def test_a_worker_that_goes_on_in_time_keeps_its_request(serve, until):
    s = serve(app=APP, workers=2, timeout=20)
    answers = []
    t = threading.Thread(target=lambda: answers.append(s.get("/slow")),
                         daemon=True)
    t.start()
    until((s.folder / "began").exists, "the request runs")
    workers = s.workers()
    freeze(workers, "STOP")
    # What comes meanwhile waits at the listener.
    others = [threading.Thread(target=lambda: answers.append(s.get("/")),
                               daemon=True) for _ in range(10)]
    for o in others:
        o.start()
    time.sleep(1)
    assert answers == []
    freeze(workers, "CONT")
    for o in (t, *others):
        o.join(10)
    assert [a.status for a in answers] == [200] * 11
    assert s.workers() == workers


def test_init_itself(serve, until):
    """From outside of its namespace; what happens meanwhile is seen later."""
    s = serve(app=APP, workers=2, init=True)
    os.kill(s.init, signal.SIGSTOP)
    workers, arbiter = set(s.workers()), s.pid
    os.kill(min(workers), signal.SIGKILL)
    until(lambda: len(s.workers()) == 2 and set(s.workers()) != workers,
          "a new worker by the arbiter")
    os.kill(arbiter, signal.SIGKILL)
    for _ in range(20):
        assert s.get("/").status == 200
    os.kill(s.init, signal.SIGCONT)
    s.wait_log("Adopting 2 workers")
    s.wait_log("Ready: ", count=2)
    s.signal("TERM")
    assert s.wait() == 0


@pytest.mark.parametrize("worker_class", ["sync", "gthread"])
def test_clocks_that_ran_out_meanwhile_end_no_request_that_is_there(
        serve, worker_class):
    s = serve(app=READS, workers=1, worker_class=worker_class, keepalive=1,
              header_timeout=1, body_timeout=1)
    worker, = s.workers()
    get = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    post = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd"
    # What is sent before it is stopped, and while it is.
    halves = [(b"", get), (get[:-2], get[-2:]), (post[:-2], post[-2:]),
              (get, get)]
    clients = []
    for first, second in halves:
        c = socket.create_connection(("127.0.0.1", s.port), 20)
        c.sendall(first)
        if first == get:
            assert c.recv(1000).startswith(b"HTTP/1.1 200")
        clients.append((c, second))
    time.sleep(0.1)
    os.kill(worker, signal.SIGSTOP)
    for c, second in clients:
        c.sendall(second)
    time.sleep(2)
    os.kill(worker, signal.SIGCONT)
    for c, _ in clients:
        assert c.recv(1000).startswith(b"HTTP/1.1 200")
        c.close()
