"""Processes that an application or its hooks fork keep nothing of the server:
it ends without them, its address is free at once, connections end."""

import os
import signal
import socket

import pytest

OK = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""

FORK = """
import os
import time

def child():
    pid = os.fork()
    if pid == 0:
        time.sleep(60)
        os._exit(0)
    with open("children", "a") as f:
        f.write(f"{pid}\\n")
"""

IN_A_CALL = """
import multiprocessing
import os
import subprocess
import threading
import time

def app(environ, start_response):
    how = environ["QUERY_STRING"]
    if how == "subprocess":
        pid = subprocess.Popen(["sleep", "60"], close_fds=False).pid
    elif how == "multiprocessing":
        p = multiprocessing.get_context("fork").Process(
            target=time.sleep, args=(60,))
        p.start()
        pid = p.pid
    elif how == "thread":
        t = threading.Thread(target=in_a_thread)
        t.start()
        t.join()
        pid = forked
    else:
        pid = fork()
    with open("children", "a") as f:
        f.write(f"{pid}\\n")
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]

def fork():
    pid = os.fork()
    if pid == 0:
        time.sleep(60)
        os._exit(0)
    return pid

def in_a_thread():
    global forked
    forked = fork()
"""

HOOKS = {"on_starting": "s", "when_ready": "s", "pre_fork": "s, w",
         "post_fork": "s, w", "post_worker_init": "w", "on_reload": "s"}


@pytest.fixture
def forks(serve, until, tmp_path):
    """serve(), with the children's pids, which end with the test."""
    file = tmp_path / "children"

    def children():
        return [int(n) for n in file.read_text().split()] \
            if file.exists() else []

    def start(**kw):
        s = serve(graceful_timeout=1, **kw)
        s.forked = children
        return s

    yield start
    for pid in children():
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def ends_without_them(s, until):
    until(s.forked, "a child")
    idle = socket.create_connection(("127.0.0.1", s.port), 10)
    idle.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert idle.recv(4096).startswith(b"HTTP/1.1 200")
    s.process.send_signal(signal.SIGTERM)
    # They may hold the pipe of its output, so not to that one's end.
    assert s.process.wait(20) == 0
    assert all(is_there(pid) for pid in s.forked())
    while idle.recv(4096):
        pass
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", s.port))
        again.listen()


def is_there(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("preload", ["true", "false"])
def test_by_the_module(forks, until, preload):
    s = forks(app=FORK + "child()\n" + OK, preload_app=preload)
    ends_without_them(s, until)


def test_by_the_configuration_file(forks, until):
    ends_without_them(forks(app=OK, conf=FORK + "child()\n"), until)


@pytest.mark.parametrize("hook", HOOKS)
def test_by_a_hook(forks, until, hook):
    s = forks(app=OK, conf=f"{FORK}def {hook}({HOOKS[hook]}): child()\n")
    if hook == "on_reload":
        s.signal("HUP")
    ends_without_them(s, until)


@pytest.mark.parametrize("worker_class", ["sync", "gthread"])
@pytest.mark.parametrize("how", ["fork", "subprocess", "multiprocessing",
                                 "thread"])
def test_by_a_call(forks, until, worker_class, how):
    s = forks(app=IN_A_CALL, worker_class=worker_class)
    assert s.get(f"/?{how}").status == 200
    idle = socket.create_connection(("127.0.0.1", s.port), 10)
    n = len(s.forked())
    s.process.send_signal(signal.SIGTERM)
    assert s.process.wait(20) == 0
    assert n == 1
    assert is_there(s.forked()[0]) or how == "multiprocessing"
    assert idle.recv(1) == b""
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", s.port))


def test_the_server_s_signals_are_not_theirs(forks, until):
    """multiprocessing's terminate() is a TERM."""
    s = forks(app=IN_A_CALL, conf=f"{FORK}def on_starting(s): child()\n")
    assert s.get("/?fork").status == 200
    for pid in s.forked():
        os.kill(pid, signal.SIGTERM)
        until(lambda: not is_there(pid), f"the end of {pid}")
    assert len(s.forked()) == 2
    assert s.get("/?fork").status == 200


def test_a_worker_is_killed_and_its_child_keeps_no_connection(forks, until):
    s = forks(app=IN_A_CALL, workers=1)
    c = socket.create_connection(("127.0.0.1", s.port), 10)
    c.sendall(b"GET /?fork HTTP/1.1\r\nHost: a\r\n\r\n")
    assert c.recv(4096).startswith(b"HTTP/1.1 200")
    os.kill(s.workers()[0], signal.SIGKILL)
    try:
        assert c.recv(1) == b""
    except ConnectionResetError:
        pass
    until(lambda: s.get("/?fork").status == 200, "another worker")
