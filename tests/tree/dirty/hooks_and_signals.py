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
