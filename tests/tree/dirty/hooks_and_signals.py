"""What the configuration file is told, and what signals mean."""

import os
import threading
import time

CONF = """
import os
def say(*args):
    os.write(1, (" ".join(map(str, ("hook",) + args)) + "\\n").encode())
def on_dirty_starting(arbiter):
    say("starting", arbiter.pid)
def dirty_post_fork(arbiter, worker):
    say("post_fork", arbiter.pid, worker.pid == os.getpid(), worker.age,
        worker.app_paths)
def dirty_worker_init(worker):
    say("init", worker.pid, list(worker.apps), worker.cfg.dirty_workers)
def dirty_worker_exit(arbiter, worker):
    say("exit", worker.pid, list(arbiter.workers))
"""


def test_hooks(dirty, wait_until):
    s = dirty(conf=CONF)
    pid = s.caller().execute("apps:App", "pid")
    arbiter = s.dirty_arbiter()
    s.wait_log(f"hook init {pid} ['apps:App'] 1")
    log = s.log
    at = [log.index(line) for line in (
        f"hook starting {arbiter}\n",
        f"hook post_fork {arbiter} True 1 ['apps:App']\n",
        f"hook init {pid} ")]
    assert at == sorted(at)
    os.kill(pid, 9)
    s.wait_log(f"hook exit {pid} [")
    s.signal("TERM")
    assert s.wait() == 0
    assert s.log.count("hook exit") == 2


def test_a_stop_lets_calls_finish(dirty):
    s = dirty()
    c = s.caller()
    c.execute("apps:App", "echo")
    done = []
    t = threading.Thread(
        target=lambda: done.append(c.execute("apps:App", "sleep", 1)))
    t.start()
    time.sleep(0.3)
    s.signal("TERM")
    assert s.wait() == 0
    t.join()
    assert done
    assert not os.path.exists(c.socket_path)


def test_a_quick_stop_does_not(dirty):
    s = dirty()
    c = s.caller()
    pid = c.execute("apps:App", "pid")

    def ask():
        try:
            c.execute("apps:App", "sleep", 20)
        except Exception:
            pass

    t = threading.Thread(target=ask)
    t.start()
    time.sleep(0.3)
    began = time.monotonic()
    s.signal("QUIT")
    assert s.wait() == 0
    assert time.monotonic() - began < 3
    t.join()
    assert not os.path.exists(f"/proc/{pid}")


def test_hup_brings_new_code(dirty, wait_until):
    s = dirty(conf="dirty_workers = 1\n", dirty_workers="")
    c = s.caller()
    old = c.execute("apps:App", "pid")
    arbiter = s.dirty_arbiter()
    done = []
    t = threading.Thread(
        target=lambda: done.append(c.execute("apps:App", "sleep", 2)))
    t.start()
    time.sleep(0.3)
    s.write("apps.py", """
from gunicorn.dirty import DirtyApp
class App(DirtyApp):
    def pid(self):
        return "new code"
""")
    s.signal("HUP")
    wait_until(lambda: c.execute("apps:App", "pid") == "new code",
               "the new code")
    t.join()
    assert done == [old]
    wait_until(lambda: not os.path.exists(f"/proc/{arbiter}"),
               "the old dirty arbiter's end")


def test_nothing_of_http_is_held(dirty):
    s = dirty()
    pid = s.caller().execute("apps:App", "pid")
    with open("/proc/net/tcp") as f:
        inodes = {line.split()[9] for line in f
                  if line.split()[1].endswith(f":{s.port:04X}")}
    assert inodes
    for process in (pid, s.dirty_arbiter()):
        for fd in os.listdir(f"/proc/{process}/fd"):
            try:
                link = os.readlink(f"/proc/{process}/fd/{fd}")
            except OSError:
                continue
            assert link[8:-1] not in inodes, (process, fd)


def test_workers_of_another_user(dirty, tmp_path):
    if os.geteuid() != 0:
        return
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() == "root" and folder.stat().st_mode & 0o77 == 0:
            folder.chmod(0o755)
    s = dirty(user="nobody", app="""
from gunicorn.dirty import get_dirty_client
def app(environ, start_response):
    body = str(get_dirty_client().execute("apps:App", "pid")).encode()
    start_response("200 OK", [])
    return [body]
""")
    pid = int(s.get("/").body)
    nobody = 65534
    assert os.stat(f"/proc/{pid}").st_uid == nobody


def test_hup_to_the_dirty_arbiter(dirty, wait_until):
    """Its workers are replaced, with new code; calls wait meanwhile."""
    s = dirty()
    c = s.caller()
    arbiter = s.dirty_arbiter()
    c.execute("apps:App", "pid")
    s.write("apps.py", """
from gunicorn.dirty import DirtyApp
class App(DirtyApp):
    def pid(self):
        return "new code"
""")
    s.signal("HUP", arbiter)
    wait_until(lambda: c.execute("apps:App", "pid") == "new code",
               "the new code")
    assert s.dirty_arbiter() == arbiter


def test_the_order_of_a_beginning(dirty):
    """post_fork, then __init__ and init of each, then worker_init."""
    s = dirty(apps=["apps:A", "apps:B"], conf=CONF, source="""
import os
from gunicorn.dirty import DirtyApp
os.write(1, b"hook import\\n")
class A(DirtyApp):
    def __init__(self): os.write(1, f"hook made {self}\\n".encode())
    def init(self): os.write(1, f"hook ready {self}\\n".encode())
    def close(self): os.write(1, f"hook close {self}\\n".encode())
    def __str__(self): return type(self).__name__
class B(A): pass
""")
    s.wait_log("hook init ")
    s.signal("TERM")
    assert s.wait() == 0
    words = [line.split()[1:3] for line in s.log.splitlines()
             if line.startswith("hook ")]
    assert [w[0] for w in words] == [
        "starting", "post_fork", "import", "made", "ready", "made", "ready",
        "init", "close", "close", "exit"]
    assert [w[1] for w in words[3:7]] == ["A", "A", "B", "B"]


def test_starting_is_said_once(dirty, wait_until):
    """A template that is replaced starts no dirty arbiter."""
    s = dirty(conf=CONF)
    c = s.caller()
    pid = c.execute("apps:App", "pid")
    s.signal("HUP", s.dirty_arbiter())
    wait_until(lambda: c.execute("apps:App", "pid") != pid, "a new worker")
    assert s.log.count("hook starting") == 1


def test_int_to_the_dirty_arbiter_is_term(dirty):
    s = dirty()
    c = s.caller()
    pid = c.execute("apps:App", "pid")
    done = []
    t = threading.Thread(target=lambda: done.append(
        c.execute("apps:App", "sleep", 1)))
    t.start()
    time.sleep(0.3)
    s.signal("INT", s.dirty_arbiter())
    t.join(15)
    assert done == [pid]
    assert c.execute("apps:App", "pid") != pid


def test_usr1_reopens_the_logs_of_all(dirty, tmp_path, wait_until):
    s = dirty(ready=False, errorlog=str(tmp_path / "log"), source="""
import logging
from gunicorn.dirty import DirtyApp
class App(DirtyApp):
    def say(self, text):
        logging.getLogger("gunicorn.error").info(text)
""")
    c = s.caller()
    c.execute("apps:App", "say", "before the move")
    (tmp_path / "log").rename(tmp_path / "old")
    s.signal("USR1", s.dirty_arbiter())

    def written():
        c.execute("apps:App", "say", "after the move")
        new = tmp_path / "log"
        return new.exists() and "after the move" in new.read_text()
    wait_until(written, "a line in the new file")
    assert "before the move" in (tmp_path / "old").read_text()


def test_who_downloads_slowly_holds_the_generator(dirty):
    """From the generator to the client's socket nothing piles up."""
    import socket

    s = dirty(dirty_threads=2, app="""
from gunicorn.dirty import get_dirty_client
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return get_dirty_client().stream("apps:App", "count", 2000, 0, 65536)
""")
    c = s.caller()
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        client.connect(("127.0.0.1", s.port))
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        client.recv(1000)
        time.sleep(1)
        before = len(c.execute("apps:App", "notes"))
        time.sleep(0.5)
        after = len(c.execute("apps:App", "notes"))
        assert before == after < 200  # of 2000: what sockets hold
    # The client has left: so does the generator.
    end = time.monotonic() + 20
    while "closed" not in c.execute("apps:App", "notes"):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_stop_waits_for_who_reads_slowly(dirty, dirty_package):
    """The answer was ready before, but had not left."""
    s = dirty()
    c = s.caller()
    c.execute("apps:App", "echo")
    data = os.urandom(20 << 20)
    turn = c._begin("request", {"app_path": "apps:App", "action": "echo",
                                "args": [data], "kwargs": {}}, None)
    time.sleep(1)
    s.signal("TERM")
    s.wait_log("Dirty arbiter", count=1)
    time.sleep(1.5)
    message = turn.next(time.monotonic() + 15)
    assert message["result"]["args"] == [data]
    assert s.wait() == 0
