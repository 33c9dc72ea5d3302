"""A disk that is full: requests are served, and what can wait does.

Logs, pid file and sockets lie on a file system of 256 KiB, in a mount
namespace of the server's own.
"""

import os
import socket

import pytest

APP = """
import os

def app(environ, start_response):
    if environ["PATH_INFO"] == "/upload":
        n = len(environ["wsgi.input"].read())
        body = b"%d" % n
    else:
        body = b"ok"
    print("said by the application", file=environ["wsgi.errors"])
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""

SMALL = "mount -t tmpfs -o size=256k none small && "
FULL = SMALL + "{ head -c 1m /dev/zero >small/filler || true; } && "


class Disk:
    """small/ as the server sees it."""

    def __init__(self, s):
        self.path = f"/proc/{s.process.pid}/root{s.folder}/small"

    def __truediv__(self, name):
        return f"{self.path}/{name}"

    def read(self, name):
        with open(self / name) as f:
            return f.read()

    def fill(self):
        with open(self / "filler", "ab", buffering=0) as f:
            for size in (65536, 4096, 1):
                try:
                    while True:
                        f.write(b"x" * size)
                except OSError:
                    pass
        # Files of no pages need none: those that exist may still have room.
        for name in os.listdir(self.path):
            if name == "filler" or not os.path.isfile(self / name):
                continue
            try:
                with open(self / name, "ab", buffering=0) as f:
                    while True:
                        f.write(b"\n")
            except OSError:
                pass

    def empty(self):
        os.remove(self / "filler")


@pytest.fixture
def on_small_disk(serve, tmp_path):
    """serve(), in which small/ is a small disk; its Disk in s.disk."""
    def start(prepare=SMALL, **kw):
        (tmp_path / "small").mkdir(exist_ok=True)
        options = [] if os.geteuid() == 0 else ["--map-root-user"]
        s = serve(wrapped=["unshare", "--mount", *options, "sh", "-c",
                           prepare + 'exec "$@"', "sh"], **kw)
        s.disk = Disk(s)
        return s
    return start


@pytest.mark.parametrize("worker_class", ["sync", "gthread"])
def test_logs(on_small_disk, until, worker_class):
    s = on_small_disk(app=APP, workers=2, worker_class=worker_class,
                      errorlog="small/error.log",
                      accesslog="small/access.log", ready=False)
    until(lambda: os.path.exists(s.disk / "error.log") and
          "Ready: " in s.disk.read("error.log"), "Ready")
    assert s.get("/before").status == 200
    until(lambda: "/before" in s.disk.read("access.log"), "its line")
    s.disk.fill()
    for _ in range(300):
        assert s.get("/during").status == 200
    workers = s.workers()
    os.kill(workers[0], 9)
    until(lambda: len(s.workers()) == 2 and workers[0] not in s.workers(),
          "a new worker")
    s.signal("HUP")
    s.signal("USR1")
    until(lambda: not set(workers) & set(s.workers()) and
          len(s.workers()) == 2, "all new workers")
    assert s.get("/during").status == 200
    s.disk.empty()
    until(lambda: s.get("/after").status == 200 and
          "/after" in s.disk.read("access.log"), "lines again")
    s.signal("TTIN")
    until(lambda: "Handling signal: ttin" in s.disk.read("error.log"),
          "the log's lines again")
    assert "log lines were lost)" in s.disk.read("error.log")
    s.signal("TERM")
    assert s.wait() == 0


def test_the_start_says_what_cannot_be_written(on_small_disk):
    """A pid file that cannot be is an error, as with Gunicorn."""
    s = on_small_disk(FULL, app=APP, pidfile="small/run.pid", ready=False)
    assert s.wait() == 1
    assert "No space left on device" in s.log and "run.pid" in s.log


def test_a_pid_file_at_a_reload(on_small_disk, until):
    s = on_small_disk(app=APP, conf="")
    workers = s.workers()
    s.disk.fill()
    s.write("gunicorn.conf.py", "pidfile = 'small/run.pid'\n")
    s.signal("HUP")
    s.wait_log("The reload failed")
    assert "No space left on device" in s.log
    assert s.workers() == workers and s.get("/").status == 200
    s.disk.empty()
    s.signal("HUP")
    until(lambda: os.path.exists(s.disk / "run.pid"), "the pid file")
    assert s.disk.read("run.pid") != ""


def test_bodies_need_no_disk(on_small_disk):
    """There is no spool: a body larger than memory's share streams."""
    s = on_small_disk(app=APP, env={"TMPDIR": "small"},
                      tmp_upload_dir="small")
    s.disk.fill()
    assert s.get("/").status == 200
    body = b"x" * (8 << 20)
    with socket.create_connection(("127.0.0.1", s.port), 20) as c:
        c.sendall(b"POST /upload HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                  b"Content-Length: %d\r\n\r\n" % len(body) + body)
        answer = b"".join(iter(lambda: c.recv(65536), b""))
    assert answer.endswith(b"%d" % len(body))
    assert os.listdir(s.disk.path) == ["filler"]


def test_a_device_that_is_always_full(serve, until):
    s = serve(app=APP, errorlog="/dev/full", accesslog="/dev/full",
              ready=False)
    until(lambda: s.workers(), "a worker")
    for _ in range(100):
        until(lambda: s.get("/").status == 200, "an answer")
    s.signal("HUP")
    old = s.workers()
    until(lambda: s.workers() and not set(old) & set(s.workers()),
          "a new worker")
    assert s.get("/").status == 200
    s.signal("TERM")
    assert s.wait() == 0
