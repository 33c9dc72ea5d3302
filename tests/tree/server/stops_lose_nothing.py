"""TERM: readiness ends at once, then accepting, then what runs."""

import http.client
import socket
import threading
import time

import pytest

APP = """
import time

def app(environ, start_response):
    if environ["PATH_INFO"] == "/long":
        open("began", "w").close()
        time.sleep(60)
    if environ["PATH_INFO"] == "/stream":
        start_response("200 OK", [])
        return stream()
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]

def stream():
    yield b"begun"
    time.sleep(60)
"""


def kept(s):
    c = http.client.HTTPConnection("127.0.0.1", s.port, timeout=20)
    ask(c)
    return c


def ask(c):
    c.request("GET", "/")
    r = c.getresponse()
    return r, r.read()


def probe(path, what):
    with socket.socket(socket.AF_UNIX) as c:
        c.settimeout(5)
        c.connect(path)
        c.sendall(b"GET %s HTTP/1.0\r\n\r\n" % what)
        return int(c.recv(4096).split()[1])


def test_readiness_ends_before_accepting(serve, until, tmp_path):
    admin = str(tmp_path / "admin.sock")
    s = serve(app=APP, admin_bind=f"unix:{admin}", shutdown_delay=1.5)
    until(lambda: probe(admin, b"/readyz") == 200, "ready")
    c = kept(s)
    began = time.monotonic()
    s.signal("TERM")
    until(lambda: probe(admin, b"/readyz") == 503, "not ready")
    assert probe(admin, b"/livez") == 200
    while time.monotonic() < began + 1:
        assert s.get("/").status == 200
        assert ask(c)[0].status == 200
    assert s.wait() == 0
    assert time.monotonic() - began > 1.5


def test_each_kept_connection_gets_a_last_answer(serve):
    s = serve(app=APP, workers=2, keepalive=60, worker_class="gthread",
              threads=2)
    connections = [kept(s) for _ in range(20)]
    s.signal("TERM")
    s.wait_log("Worker exiting", count=2)
    for c in connections:
        r, body = ask(c)
        assert body == b"ok"
        assert r.headers["Connection"] == "close"
    assert s.wait() == 0


def test_the_graceful_time_is_the_end(serve, until):
    s = serve(app=APP, graceful_timeout=1)
    t = threading.Thread(target=swallow, args=(s,), daemon=True)
    t.start()
    until((s.folder / "began").exists, "the request runs")
    began = time.monotonic()
    s.signal("TERM")
    assert s.wait() == 0
    assert 0.9 < time.monotonic() - began < 5


@pytest.mark.parametrize("threads, init, seconds", [
    (1, False, 2), (1, True, 2), (2, False, 2), (1, False, 0), (2, True, 0)])
def test_what_never_began_is_refused_then(serve, until, threads, init,
                                          seconds):
    """Behind calls that do not end: in the worker, in the server's queue, in
    the kernel's."""
    s = serve(app=APP, graceful_timeout=seconds, threads=threads, init=init,
              worker_class="gthread" if threads > 1 else "sync", keepalive=60)
    early, late = kept(s), kept(s)
    for _ in range(threads):
        (s.folder / "began").unlink(missing_ok=True)
        threading.Thread(target=swallow, args=(s,), daemon=True).start()
        until((s.folder / "began").exists, "the request runs")
    early.request("GET", "/early")
    time.sleep(1.3)  # by now it is in the queue
    fresh = http.client.HTTPConnection("127.0.0.1", s.port, timeout=20)
    for c in late, fresh:
        c.request("GET", "/late")
    s.signal("TERM")
    for c in late, early, fresh:
        r = c.getresponse()
        assert (r.status, r.headers["Connection"]) == (503, "close")
        assert b"busy" in r.read()
    assert s.wait() == 0


@pytest.mark.parametrize("seconds", [0, 1])
@pytest.mark.parametrize("threads", [1, 2])
def test_what_runs_then_is_refused_or_cut(serve, until, threads, seconds):
    """An answer of ours, if there is none yet; else nobody takes what came for
    all of it, although HTTP/1.0 says the end by closing."""
    s = serve(app=APP, graceful_timeout=seconds, threads=threads,
              workers=3 - threads,
              worker_class="gthread" if threads > 1 else "sync")
    long, stream = (socket.create_connection(("127.0.0.1", s.port), 20)
                    for _ in range(2))
    stream.sendall(b"GET /stream HTTP/1.0\r\n\r\n")
    while b"begun" not in stream.recv(4096):
        pass
    long.sendall(b"GET /long HTTP/1.1\r\nHost: a\r\n\r\n")
    until((s.folder / "began").exists, "the request runs")
    s.signal("TERM")
    answer = b""
    while more := long.recv(4096):
        answer += more
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"Connection: close" in answer
    with pytest.raises(ConnectionResetError):
        assert stream.recv(4096) == b""
        raise AssertionError("it looks complete")
    assert s.wait() == 0


def test_a_second_signal_hastens_it(serve, until):
    s = serve(app=APP, graceful_timeout=60)
    t = threading.Thread(target=swallow, args=(s,), daemon=True)
    t.start()
    until((s.folder / "began").exists, "the request runs")
    s.signal("TERM")
    s.wait_log("Handling signal: term")
    s.signal("QUIT")
    assert s.wait(5) == 0


def test_a_worker_that_cannot_end_is_killed(serve, until):
    s = serve(app=APP, workers=2, graceful_timeout=1)
    s.signal("STOP", s.workers()[0])
    s.signal("TERM")
    assert s.wait(10) == 0
    assert "Workers still run after the graceful time" in s.log


def test_reuse_port_lets_two_servers_share_an_address(serve):
    first = serve(app=APP, reuse_port="true")
    second = serve(app=APP, reuse_port="true",
                   env={"GREENCORN_BIND": f"127.0.0.1:{first.port}"})
    first.signal("TERM")
    assert first.wait() == 0
    assert first.get("/").status == 200  # by the second
    assert second.process.poll() is None


def test_umask_is_for_socket_files(serve, tmp_path):
    for umask, mode in (("0", 0o777), ("0o077", 0o700)):
        path = tmp_path / f"app{mode}.sock"
        s = serve(app=APP, bind=f"unix:{path}", umask=umask)
        assert path.stat().st_mode & 0o777 == mode
        s.end()


def swallow(s):
    try:
        s.get("/long")
    except (OSError, http.client.HTTPException):
        pass
