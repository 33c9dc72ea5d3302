"""max_requests: a worker serves on until its successor is ready."""

import http.client
import os
import threading

PID = """
import os

def app(environ, start_response):
    body = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""


def test_no_request_is_lost_while_workers_come_and_go(serve):
    s = serve(app=PID, workers=2, max_requests=20, max_requests_jitter=10)
    failed, pids, stop = [], set(), threading.Event()

    def ask():
        while not stop.is_set():
            try:
                pids.add(s.get("/").body)
            except OSError as e:
                failed.append(e)
                return

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(3)]
    for t in threads:
        t.start()
    s.wait_log("Autorestarting worker after current request.", count=6)
    stop.set()
    for t in threads:
        t.join()
    assert failed == []
    assert len(pids) >= 5


def test_a_kept_alive_connection_is_told_before_it_closes(serve, until):
    s = serve(app=PID, max_requests=3, keepalive=30)
    old = s.workers()
    c = http.client.HTTPConnection("127.0.0.1", s.port, timeout=20)
    for _ in range(3):
        c.request("GET", "/")
        c.getresponse().read()
    s.wait_log("Autorestarting worker")
    s.wait_log("Worker exiting")
    # The old worker lingers for what is on its way on this connection.
    c.request("GET", "/")
    r = c.getresponse()
    assert r.headers["Connection"] == "close"
    assert r.read() == str(old[0]).encode()
    until(lambda: s.workers() and s.workers() != old, "a successor")
    assert s.get("/").body != str(old[0]).encode()


def test_who_cannot_be_replaced_serves_on(serve, until):
    s = serve(app=PID, max_requests=1)
    old = s.workers()
    s.write("app.py", "raise RuntimeError('boom')\n")
    for _ in range(20):
        assert int(s.get("/").body) == old[0]
    s.wait_log("exited with code 3", count=2)
    assert int(s.get("/").body) == old[0]
    s.write("app.py", PID)
    until(lambda: int(s.get("/").body) != old[0], "its successor")
    s.write("app.py", "raise RuntimeError('boom')\n")
    for pid in s.workers():
        try:
            os.kill(pid, 9)
        except ProcessLookupError:
            pass  # one that did not start
    assert s.wait() == 3  # nobody serves any more
