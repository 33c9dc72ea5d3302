"""Socket activation and sd_notify, as systemd does them."""

import os
import socket
import threading

import pytest

# What execs the server with LISTEN_PID as its own pid, as systemd does.
ACTIVATE = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ["LISTEN_PID"] = str(os.getpid())
os.environ["LISTEN_FDS"] = "1"
os.execv(sys.argv[2], sys.argv[2:])
"""

ENVIRON = """
import os

def app(environ, start_response):
    body = " ".join(sorted(os.environ)).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""

SLEEPS = """
import time

def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]

time.sleep(0.3)
"""


class Manager:
    def __init__(self, path):
        self.path = path
        self.heard = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + path[1:] if path[0] == "@" else path)
        threading.Thread(target=self._hear, daemon=True).start()

    def _hear(self):
        while True:
            self.heard += self._socket.recv(4096).decode().split("\n")


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    return Manager(str(tmp_path / "notify") if request.param == "path"
                   else f"@greencorn-test-{os.getpid()}-{id(request)}")


def test_it_hears_of_all_that_happens(serve, until, manager):
    s = serve(app=SLEEPS, ready=False, env={
        "NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "200000"})
    until(lambda: s.workers(), "a worker that boots")
    assert "READY=1" not in manager.heard
    s.wait_ready()
    until(lambda: "READY=1" in manager.heard, "READY")
    until(lambda: manager.heard.count("WATCHDOG=1") > 4, "signs of life")
    n = manager.heard.count("READY=1")
    s.signal("HUP")
    until(lambda: "RELOADING=1" in manager.heard, "RELOADING")
    assert any(m.startswith("MONOTONIC_USEC=") for m in manager.heard)
    until(lambda: manager.heard.count("READY=1") > n, "the end of the reload")
    s.write("app.py", "broken(\n")
    s.signal("HUP")
    until(lambda: manager.heard.count("RELOADING=1") == 2, "RELOADING")
    until(lambda: manager.heard.count("READY=1") > n + 1, "its failure")
    s.signal("TERM")
    assert s.wait() == 0
    assert "STOPPING=1" in manager.heard


def test_a_watchdog_of_somebody_else_is_not_ours(serve, until, tmp_path):
    manager = Manager(str(tmp_path / "notify"))
    serve(env={"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "1000",
               "WATCHDOG_PID": "1"})
    until(lambda: "READY=1" in manager.heard, "READY")
    assert "WATCHDOG=1" not in manager.heard


def test_a_manager_that_is_gone_is_no_error(serve):
    s = serve(env={"NOTIFY_SOCKET": "/nonexistent/notify"})
    assert "Cannot tell the service manager" in s.log
    assert s.get("/").status == 200


def activated(serve, listener, **kw):
    listener.set_inheritable(True)
    return serve(fds=[listener.fileno()],
                 wrapped=["python3", "-c", ACTIVATE, str(listener.fileno())],
                 **kw)


def test_its_sockets_are_used_instead_of_bind(serve):
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    s = activated(serve, listener, app=ENVIRON)
    assert f"Listening at: http://127.0.0.1:{port}" in s.log
    assert f":{s.port}" not in s.log
    s.port = port
    names = s.get("/").body.decode()
    assert "LISTEN_" not in names and "HANDOVER" not in names


def test_its_socket_files_stay(serve, tmp_path):
    path = str(tmp_path / "app.sock")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    s = activated(serve, listener)
    s.signal("TERM")
    assert s.wait() == 0
    assert os.path.exists(path)


def test_they_cross_usr2(serve, until):
    listener = socket.create_server(("127.0.0.1", 0))
    s = activated(serve, listener, pidfile="run.pid")
    s.signal("USR2")
    s.wait_log("Ready: ", count=2)
    new = int((s.folder / "run.pid.2").read_text())
    s.signal("TERM")
    assert s.process.wait(10) == 0
    s.follow(new)
    s.port = listener.getsockname()[1]
    assert s.get("/").status == 200


def test_what_was_meant_for_another_process_is_left(serve):
    listener = socket.create_server(("127.0.0.1", 0))
    s = serve(env={"LISTEN_PID": "1", "LISTEN_FDS": "1"})
    assert f"Listening at: http://127.0.0.1:{s.port}" in s.log
    listener.close()


def test_it_hears_who_goes_on_after_usr2(serve, until, tmp_path):
    manager = Manager(str(tmp_path / "notify"))
    s = serve(pidfile="run.pid", env={"NOTIFY_SOCKET": manager.path})
    s.signal("USR2")
    s.wait_log("Ready: ", count=2)
    new = int((s.folder / "run.pid.2").read_text())
    s.signal("TERM")
    assert s.process.wait(10) == 0
    s.follow(new)
    assert f"MAINPID={new}" in manager.heard
    assert "STOPPING=1" not in manager.heard
