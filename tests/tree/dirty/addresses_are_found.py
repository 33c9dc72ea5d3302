"""Where the dirty arbiter listens, in a container and without a /tmp."""

import os

APP = """
import os
from gunicorn.dirty import get_dirty_client
def app(environ, start_response):
    start_response("200 OK", [])
    pid = get_dirty_client().execute("apps:App", "pid")
    return [f"{os.environ['GUNICORN_DIRTY_SOCKET']} {pid}".encode()]
"""


def test_without_a_writable_tmp(dirty, tmp_path):
    s = dirty(app=APP, address=False, wrapped=(
        "unshare", "--mount", "sh", "-c",
        f"mount --bind {tmp_path} /mnt && "
        "mount -t tmpfs -o ro none /tmp && cd /mnt && exec \"$@\"", "sh"))
    address, _ = s.get("/").body.decode().split()
    inode = os.stat("/proc/self/ns/pid").st_ino
    assert address.startswith(f"@greencorn-dirty-{inode}-")


def test_under_init_an_arbiter_that_dies_is_replaced(dirty, wait_until):
    s = dirty(app=APP, address=False, init=True)
    address, pid = s.get("/").body.decode().split()
    assert address.endswith("_1.sock")
    os.kill(s.init_child(), 9)
    s.wait_log("Dirty arbiter starting", count=2)

    def served():
        answer = s.get("/")
        return answer.status == 200 and \
            answer.body.decode().split() != [address, pid]
    wait_until(served, "calls answered by new dirty workers")
    assert s.get("/").body.decode().split()[0] == address
    s.signal("TERM")
    assert s.wait() == 0


def test_a_pid_file_lies_beside_it(dirty, tmp_path, wait_until):
    """Who is named there and has lost its server is told to end; nobody
    else is."""
    import signal
    import subprocess

    def sleeper(title):
        # Its parent is gone at once: an orphan.
        return int(subprocess.run(
            ["bash", "-c",
             f"(exec -a '{title}' sleep 60 >&- 2>&-) & echo $!"],
            stdout=subprocess.PIPE, text=True, timeout=10).stdout)

    s = dirty()
    path = f"/tmp/gunicorn_dirty_{s.pid}.pid"
    wait_until(lambda: os.path.exists(path), "the file")
    assert int(open(path).read()) == s.dirty_arbiter()
    assert os.stat(path).st_mode & 0o777 == 0o600
    orphan, other = sleeper("gunicorn: dirty-arbiter [x]"), sleeper("other")
    for pid, ends in ((other, False), (orphan, True)):
        with open(path, "w") as f:
            f.write(f"{pid}\n")
        arbiter = s.dirty_arbiter()
        os.kill(arbiter, signal.SIGKILL)
        wait_until(lambda pid=pid: int(open(path).read() or 0) != pid,
                   "the next one's")
        if ends:
            wait_until(lambda pid=pid: not os.path.exists(f"/proc/{pid}")
                       or "Z" in open(f"/proc/{pid}/stat").read().split()[2],
                       "the orphan's end")
        else:
            assert os.path.exists(f"/proc/{pid}")
    os.kill(other, signal.SIGKILL)
    s.signal("TERM")
    assert s.wait() == 0
    assert not os.path.exists(path)


def test_dirty_workers_come_and_go(dirty, wait_until):
    """A reload may take them away, and bring them back."""
    s = dirty(conf="dirty_workers = 1\n", dirty_workers="", app="""
import os
from gunicorn.dirty import get_dirty_client
def app(environ, start_response):
    start_response("200 OK", [])
    try:
        return [str(get_dirty_client().execute("apps:App", "pid")).encode()]
    except Exception as e:
        return [type(e).__name__.encode()]
""")

    def answer():
        return s.get("/").body.decode()
    first = answer()
    assert first.isdigit()
    for _ in range(2):
        s.write("gunicorn.conf.py", "dirty_workers = 0\n")
        s.signal("HUP")
        wait_until(lambda: answer() == "DirtyError", "no dirty workers")
        wait_until(lambda: not s._titled(": dirty-arbiter"), "its end")
        s.write("gunicorn.conf.py", "dirty_workers = 1\n")
        s.signal("HUP")
        wait_until(lambda: answer().isdigit(), "dirty workers again")
        assert answer() != first


def test_a_daemons(dirty, tmp_path, wait_until):
    import signal

    s = dirty("--daemon", "--pid", "pid", app=APP, address=False, ready=False,
              errorlog="log")
    wait_until(lambda: "Ready: " in ((tmp_path / "log").read_text()
               if (tmp_path / "log").exists() else ""), "the daemon")
    pid = int((tmp_path / "pid").read_text())
    try:
        address, worker = s.get("/").body.decode().split()
        assert os.path.exists(address) and worker.isdigit()
    finally:
        os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not os.path.exists(f"/proc/{pid}"), "its end")
    assert not os.path.exists(address)
