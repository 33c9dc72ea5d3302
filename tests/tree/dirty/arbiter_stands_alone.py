"""DirtyArbiter(cfg, log, socket_path).run(): a program's own dirty arbiter."""

import os
import signal
import subprocess
import time

BINARY = os.path.abspath(os.environ.get("GREENCORN", "build/out/greencorn"))

APP = """
import os
from gunicorn.dirty import DirtyApp, stash
class Bench(DirtyApp):
    def echo(self, *args):
        return list(args)
    def count(self, n):
        yield from range(n)
    def facts(self):
        stash.put("t", "k", 1)
        return [os.environ.get("MARK"), os.getcwd(), stash.get("t", "k")]
"""

PROGRAM = """
import logging, os, signal, sys, time
sys.path.insert(0, os.path.join(os.getcwd(), "lib"))
from gunicorn.dirty import DirtyArbiter, DirtyClient, errors

class MockConfig:
    dirty_apps = ["bench_app:Bench:2"]
    dirty_workers = 2
    dirty_threads = 2
    dirty_timeout = 7
    dirty_graceful_timeout = 3
    env = {}
    uid, gid = os.getuid(), os.getgid()
    proc_name = "bench"
    on_dirty_starting = staticmethod(lambda arbiter: None)

path = os.path.join(os.getcwd(), "own.sock")
os.environ["MARK"] = "here"
pid = os.fork()
if pid == 0:
    DirtyArbiter(MockConfig(), logging.getLogger(), socket_path=path).run()
    os._exit(9)
end = time.monotonic() + 20
while not os.path.exists(path):
    assert time.monotonic() < end
    time.sleep(0.05)
with DirtyClient(path, timeout=20) as c:
    assert c.execute("bench_app:Bench", "echo", 1, b"x") == [1, b"x"]
    assert list(c.stream("bench_app:Bench", "count", 5)) == [0, 1, 2, 3, 4]
    assert c.execute("bench_app:Bench", "facts") == ["here", os.getcwd(), 1]
    try:
        c.execute("none:At", "all")
        raise AssertionError
    except errors.DirtyNoWorkersAvailableError:
        pass
if len(sys.argv) > 1:  # its end is the dirty arbiter's
    print(pid, flush=True)
    os._exit(0)
os.kill(pid, signal.SIGTERM)
assert os.waitpid(pid, 0)[1] == 0
assert not os.path.exists(path)
print("good")
"""


def run(tmp_path, *args):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "bench_app.py").write_text(APP)
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "gunicorn.conf.py").write_text("raise RuntimeError('read')")
    return subprocess.run([BINARY, "python", "program.py", *args],
                          cwd=tmp_path, capture_output=True, text=True,
                          timeout=60)


def test_a_program_starts_one(tmp_path):
    done = run(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("good\n")


def test_it_ends_with_its_program(tmp_path):
    done = run(tmp_path, "leave")
    pid = int(done.stdout.splitlines()[-1])
    end = time.monotonic() + 15
    while os.path.exists(f"/proc/{pid}"):
        assert time.monotonic() < end, os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def test_mistakes_are_named(tmp_path):
    done = subprocess.run([BINARY, "dirty-arbiter"], capture_output=True,
                          text=True, timeout=20)
    assert done.returncode == 2 and "usage" in done.stderr
    done = subprocess.run(
        [BINARY, "dirty-arbiter", str(tmp_path / "a.sock"),
         "--dirty-app=nonsense", "--dirty-workers=1"],
        capture_output=True, text=True, timeout=20)
    assert done.returncode == 1
    assert "dirty_apps is 'nonsense', but must be MODULE:CLASS" in done.stderr
