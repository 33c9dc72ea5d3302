"""Python that does not come back from C, with its lock held: the others serve,
the worker is found out and replaced, nobody has to help."""

import http.client
import threading
import time

import pytest

APP = """
import os
import signal
import threading

def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path != "/":
        open("began", "w").close()
    if path == "/gil":
        pow(3, 1 << 26)  # one call of C, for minutes, the GIL held
    elif path == "/deaf":
        everything = set(signal.Signals)
        for sig in everything - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(sig, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, everything)
        pow(3, 1 << 26)
    elif path == "/aside":
        threading.Timer(0.3, pow, (3, 1 << 26)).start()
    elif path == "/loop":
        while True:
            pass
    body = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""


def ask(s, path, ended):
    try:
        s.get(path, timeout=60)
    except (OSError, http.client.HTTPException):
        ended.append(time.monotonic())


def stuck_in(s, until, path):
    """The request runs now; the list gets when its connection ended."""
    ended = []
    threading.Thread(target=ask, args=(s, path, ended), daemon=True).start()
    until((s.folder / "began").exists, "the request runs")
    return ended


@pytest.mark.parametrize("init", [False, True])
@pytest.mark.parametrize("worker_class", ["sync", "gthread"])
@pytest.mark.parametrize("path", ["/gil", "/deaf", "/loop"])
def test_it_is_replaced_and_others_serve(serve, until, worker_class, path,
                                         init):
    if worker_class == "gthread" and path != "/gil":
        pytest.skip("a thread that computes holds up nobody else there")
    s = serve(app=APP, workers=2, timeout=2, worker_class=worker_class,
              threads=2 if worker_class == "gthread" else 1, init=init)
    old = set(s.workers())
    ended = stuck_in(s, until, path)
    slowest = 0
    while not ended:
        began = time.monotonic()
        assert s.get("/").status == 200
        slowest = max(slowest, time.monotonic() - began)
    assert slowest < 1.5
    until(lambda: len(s.workers()) == 2, "two workers")
    assert len(old & set(s.workers())) == 1
    assert s.log.count("WORKER TIMEOUT") == 1
    assert f"GET {path}" in s.log


@pytest.mark.parametrize("worker_class", ["sync", "gthread"])
def test_by_a_thread_that_serves_no_request(serve, worker_class):
    """The only worker: what waits is the next one's."""
    s = serve(app=APP, workers=1, timeout=2, worker_class=worker_class,
              threads=2 if worker_class == "gthread" else 1)
    old = s.workers()
    assert s.get("/aside").status == 200
    time.sleep(0.5)
    assert s.get("/", timeout=15).status == 200
    assert s.workers() != old
    assert s.log.count("WORKER TIMEOUT") == 1


@pytest.mark.parametrize("path", ["/gil", "/deaf"])
def test_a_reload_and_a_stop_get_past_it(serve, until, path):
    s = serve(app=APP, workers=2, timeout=0, graceful_timeout=2)
    old = set(s.workers())
    stuck_in(s, until, path)
    s.signal("HUP")
    until(lambda: len(s.workers()) == 2 and not old & set(s.workers()),
          "two new workers")
    assert s.get("/").status == 200
    (s.folder / "began").unlink()
    stuck_in(s, until, path)
    began = time.monotonic()
    s.signal("TERM")
    assert s.wait() == 0
    assert time.monotonic() - began < 8


def test_as_it_loads(serve, until):
    """A worker that hangs before it is ready, at a reload: it fails."""
    s = serve(app=APP, workers=2, boot_timeout=4, boot_retries=1)
    old = s.workers()
    s.write("app.py", "import time; time.sleep(3600)\n")
    s.signal("HUP")
    s.wait_log("The reload failed")
    assert ") in its start" in s.log
    assert 'app.py", line 1 in <module>' in s.log
    assert s.workers() == old and s.get("/").status == 200
    s.write("app.py", APP)
    s.signal("HUP")
    until(lambda: len(s.workers()) == 2 and not set(old) & set(s.workers()),
          "two new workers")


def test_a_start_that_hangs_ends_with_a_reason(serve):
    s = serve(app="pow(3, 1 << 26)\n", boot_timeout=1, boot_retries=1,
              ready=False)
    assert s.wait(40) == 3
    assert s.log.count("WORKER TIMEOUT") == 2
    assert "Reason: Workers die before they are ready." in s.log


def test_a_load_may_take_longer_than_a_request(serve):
    s = serve(app="import time; time.sleep(3)\n" + APP, timeout=1)
    assert s.get("/").status == 200
    assert "WORKER TIMEOUT" not in s.log
