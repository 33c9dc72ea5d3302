"""control_socket: Gunicorn's commands, by frames and by its own client, and
clients that are up to no good."""

import json
import os
import pathlib
import shutil
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import time

import pytest

CACHE = pathlib.Path(os.environ.get(
    "XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "greencorn"

DIRTY = """
from gunicorn.dirty import DirtyApp

class App(DirtyApp):
    def echo(self, x):
        return x
"""


class Client:
    def __init__(self, path, timeout=10):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(str(path))
        self.n = 0

    def send(self, body):
        self.socket.sendall(struct.pack(">I", len(body)) + body)

    def _exactly(self, n):
        got = b""
        while len(got) < n:
            piece = self.socket.recv(n - len(got))
            if not piece:
                raise EOFError
            got += piece
        return got

    def answer(self):
        n, = struct.unpack(">I", self._exactly(4))
        return json.loads(self._exactly(n))

    def ask(self, command):
        self.n += 1
        self.send(json.dumps({"id": self.n, "command": command}).encode())
        said = self.answer()
        assert said["id"] == self.n
        return said

    def ok(self, command):
        said = self.ask(command)
        assert said["status"] == "ok", said
        return said["data"]

    def error(self, command):
        said = self.ask(command)
        assert said["status"] == "error", said
        return said["error"]

    def close(self):
        self.socket.close()


@pytest.fixture
def control(serve, until):
    made = []

    def start(*args, name="c.sock", **settings):
        s = serve(*args, control_socket=name, **settings)
        until((s.folder / name).exists, "the socket")

        def client(**kwargs):
            made.append(Client(s.folder / name, **kwargs))
            return made[-1]
        return s, client

    yield start
    for c in made:
        c.close()


def test_there_is_none_by_default(serve, tmp_path):
    serve()
    assert not [p for p in tmp_path.iterdir() if p.is_socket()]


def test_it_is_ours_alone_and_goes_at_the_end(control):
    s, _ = control()
    path = s.folder / "c.sock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    s.signal("TERM")
    assert s.wait() == 0 and not path.exists()


def test_its_mode_can_be_another(control):
    s, client = control(control_socket_mode="0660")
    assert stat.S_IMODE((s.folder / "c.sock").stat().st_mode) == 0o660
    assert client().ok("help")


def test_it_can_be_switched_off(serve):
    s = serve("--control-socket", "c.sock", "--no-control-socket", "app:app")
    assert not (s.folder / "c.sock").exists()


def test_what_is_shown(control):
    s, client = control(workers=2)
    c = client()
    workers = c.ok("show workers")
    assert workers["count"] == 2
    assert {w["pid"] for w in workers["workers"]} == set(s.workers())
    assert all(w["booted"] for w in workers["workers"])
    everything = c.ok("show all")
    assert everything["arbiter"]["pid"] == s.pid
    assert everything["web_worker_count"] == 2
    assert everything["dirty_arbiter"] is None
    assert c.ok("show dirty")["enabled"] is False
    stats = c.ok(" show \t stats ")
    assert stats["pid"] == s.pid and stats["workers_target"] == 2
    assert stats["workers_spawned"] == 2 and stats["reloads"] == 0
    listeners = c.ok("show listeners")
    assert listeners["count"] == 1
    assert listeners["listeners"][0]["address"] \
        == f"http://127.0.0.1:{s.port}"
    assert "worker kill <PID>" in c.ok("help")["commands"]


def test_secrets_are_not_shown(control):
    s, client = control("-e", "TOKEN=hush-hush", "app:app", workers=1,
                        logconfig_json="", statsd_prefix='a"\\b')
    c = client()
    shown = c.ok("show config")
    assert shown["workers"] == "1" and shown["raw_env"] == ["TOKEN=***"]
    assert shown["statsd_prefix"] == 'a"\\b'
    assert "hush" not in json.dumps(shown)


def test_workers_come_and_go(control, until):
    s, client = control(workers=2)
    c = client()
    assert c.ok("worker add 2") == {"added": 2, "previous": 2, "total": 4}
    until(lambda: len(s.workers()) == 4, "four workers")
    assert c.ok("worker remove") \
        == {"removed": 1, "previous": 4, "total": 3}
    assert c.ok("worker remove 50") \
        == {"removed": 2, "previous": 3, "total": 1}
    until(lambda: len(s.workers()) == 1, "one worker")
    old, = s.workers()
    assert c.ok(f"worker kill {old}")["success"] is True
    until(lambda: s.workers() and old not in s.workers(), "another")
    assert s.get("/").status == 200
    assert "Control socket: worker add (pid:" in s.log


def test_reload_reopen_and_stop(control, until):
    s, client = control(workers=1, errorlog="error.log", ready=False)
    until(lambda: "Ready: " in (s.folder / "error.log").read_text(), "ready")
    c = client()
    old = s.workers()
    assert c.ok("reload") == {"status": "reloading"}
    until(lambda: s.workers() and not set(old) & set(s.workers()), "new ones")
    assert c.ok("show stats")["reloads"] == 1
    os.rename(s.folder / "error.log", s.folder / "moved.log")
    assert c.ok("reopen") == {"status": "reopening"}
    until((s.folder / "error.log").exists, "the log")
    assert c.ok("shutdown") \
        == {"status": "shutting_down", "mode": "graceful"}
    assert s.wait() == 0


def test_a_quick_stop_does_not_wait_for_requests(control, until):
    s, client = control(workers=1, app="""
import time

def app(environ, start_response):
    time.sleep(25)
    return []
""")
    asking = socket.create_connection(("127.0.0.1", s.port))
    asking.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    time.sleep(0.3)
    begun = time.monotonic()
    assert client().ok("shutdown quick")["mode"] == "quick"
    s.wait()
    assert time.monotonic() - begun < 10
    asking.close()


def test_dirty_workers_come_and_go(control, until, tmp_path):
    (tmp_path / "tasks.py").write_text(DIRTY)
    s, client = control(dirty_apps="tasks:App", dirty_workers=1)
    c = client()
    until(lambda: c.ok("show dirty")["enabled"], "the dirty arbiter")
    assert c.ok("show dirty")["apps"][0]["import_path"] == "tasks:App"

    def n():
        found = 0
        for entry in os.listdir("/proc"):
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as f:
                    title = f.read()
                if b"dirty-worker" not in title:
                    continue
                found += os.path.samefile(f"/proc/{entry}/cwd", s.folder)
            except OSError:
                pass
        return found
    until(lambda: n() == 1, "one dirty worker")
    assert c.ok("dirty add 2")["requested"] == 2
    until(lambda: n() == 3, "three dirty workers")
    assert c.ok("dirty remove")["success"] is True
    until(lambda: n() == 2, "two dirty workers")


def test_errors_name_the_command_and_the_way_out(control):
    _, client = control()
    c = client()
    for command in ("frob", "show", "worker", "shutdownnow", "\x1b[31m"):
        said = c.error(command)
        assert said.endswith('no such command; "help" lists what there is')
        assert said.isprintable() or command[0] == "\x1b"
    assert "is empty" in c.error("  ")
    assert c.error("worker add x") \
        == "worker add x: not a number from 1 to 512"
    assert "1 to 512" in c.error("worker add 0")
    assert "needs a pid" in c.error("worker kill")
    assert "no worker has that pid" in c.error("worker kill 1")
    assert "takes no argument" in c.error("reload now")
    assert "neither graceful nor quick" in c.error("shutdown now")
    assert "there is no dirty arbiter" in c.error("dirty add")
    assert c.ok("help")


def test_garbage_is_answered(control):
    _, client = control()
    c = client()
    for body in (b"", b"\xff\xfe", b"help", b"[]", b'{"id": 1}',
                 b'{"id": 1, "command": 3}', b'{"id": 1, "command": "help"',
                 b"[" * 60000):
        c.send(body)
        said = c.answer()
        assert said["status"] == "error"
        assert said["error"].startswith("request: ")
    c.send(b'{"command": "help", "id": "x\\"y"}')
    assert c.answer()["id"] == 'x"y'


def test_what_is_too_long_is_refused(control):
    s, client = control()
    c = client()
    c.socket.sendall(struct.pack(">I", 64 * 1024 + 1))
    assert "longer than 65536 bytes" in c.answer()["error"]
    with pytest.raises(EOFError):
        c.answer()
    c = client()
    c.send(b'{"command": "help", "id": 1, "x": "' + b"y" * 60000 + b'"}')
    assert c.answer()["status"] == "ok"


def test_many_messages_at_once_are_all_answered(control):
    _, client = control()
    c = client()
    body = b'{"id": 7, "command": "show stats"}'
    c.socket.sendall((struct.pack(">I", len(body)) + body) * 50)
    assert {c.answer()["id"] for _ in range(50)} == {7}


def test_a_slow_client_is_dropped_and_holds_up_nobody(control):
    s, client = control()
    slow, deaf = client(timeout=20), client(timeout=20)
    slow.socket.sendall(b"\0\0")
    body = b'{"id": 7, "command": "show config"}'
    deaf.socket.setblocking(False)
    with pytest.raises(BlockingIOError):
        while True:  # until nothing more fits either way
            deaf.socket.sendall(struct.pack(">I", len(body)) + body)
    begun = time.monotonic()
    assert client().ok("help") and s.get("/").status == 200
    assert time.monotonic() - begun < 5
    assert slow.socket.recv(1) == b""
    assert 8 < time.monotonic() - begun < 15
    for _ in range(50):
        try:
            deaf.socket.send(b"x")
        except BlockingIOError:
            time.sleep(0.2)
        except OSError:
            break
    else:
        raise AssertionError("the one that does not read is still there")
    assert client().ok("help")


def test_twenty_clients(control):
    _, client = control()
    clients = [client() for _ in range(20)]
    body = b'{"id": 7, "command": "help"}'
    for c in clients:
        c.send(body)
    for c in clients:
        assert c.answer()["status"] == "ok"
        c.close()
    idle = [client() for _ in range(20)]
    time.sleep(1.5)
    begun = time.monotonic()
    assert client(timeout=20).ok("help")
    assert time.monotonic() - begun < 18
    del idle


def test_a_path_that_cannot_be_had_is_one_warning(serve, tmp_path):
    (tmp_path / "file").write_text("keep me")
    for path in ("/nonexistent/c.sock", "file", "x" * 200):
        s = serve(control_socket=path)
        assert s.get("/").status == 200
        time.sleep(1.2)
        assert s.log.count("Cannot open the control socket") == 1, path
        assert "WARNING" in s.log
        s.end()
    assert (tmp_path / "file").read_text() == "keep me"


def test_a_stale_file_is_replaced_and_a_living_one_is_not(control, serve):
    s, client = control()
    other = serve(control_socket="c.sock")
    assert "Cannot open the control socket" in other.log
    assert client().ok("show stats")["pid"] == s.pid
    other.end()
    assert client().ok("show stats")["pid"] == s.pid
    os.kill(s.pid, 9)
    s.wait()
    assert (s.folder / "c.sock").exists()
    again, client = control()
    assert client().ok("show stats")["pid"] == again.pid


def test_a_reload_moves_it(serve, until):
    s = serve(conf="control_socket = 'one.sock'\n")
    until((s.folder / "one.sock").exists, "the socket")
    c = Client(s.folder / "one.sock")
    made = (s.folder / "one.sock").stat().st_ino
    c.ok("reload")
    until(lambda: c.ok("show stats")["workers_spawned"] >= 2, "new workers")
    assert (s.folder / "one.sock").stat().st_ino == made
    s.write("gunicorn.conf.py", "control_socket = 'two.sock'\n")
    c.ok("reload")
    until((s.folder / "two.sock").exists, "the new file")
    until(lambda: not (s.folder / "one.sock").exists(), "the old one to go")
    assert Client(s.folder / "two.sock").ok("help")
    c.close()


def test_no_child_keeps_it(control, until):
    s, client = control(workers=1)
    c = client()
    old = set(s.workers())
    c.ok("reload")  # a template that is forked with a client connected
    until(lambda: s.workers() and not old & set(s.workers()), "new ones")

    def sockets(pid):
        found = set()
        for entry in os.scandir(f"/proc/{pid}/fd"):
            try:
                found.add(os.readlink(entry.path))
            except OSError:
                pass
        return found
    with open("/proc/net/unix") as f:
        ours = {f"socket:[{line.split()[6]}]" for line in f
                if line.rstrip().endswith("c.sock")}
    assert len(ours & sockets(s.pid)) == 2
    others = s.workers() + s.template()
    assert len(others) >= 2
    for pid in others:
        assert not ours & sockets(pid)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user")
def test_another_user_is_refused_whatever_the_mode(serve, until):
    folder = pathlib.Path(tempfile.mkdtemp(dir="/tmp"))
    try:
        folder.chmod(0o755)
        path = folder / "c.sock"
        s = serve(control_socket=path, control_socket_mode="0666")
        until(path.exists, "the socket")
        pid = os.fork()  # the interpreter may be where nobody can execute it
        if pid == 0:
            status = 1
            try:
                os.setgid(65534)
                os.setuid(65534)
                status = 7 if Client(path).socket.recv(1) == b"" else 2
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
        s.wait_log("refuses a client of uid 65534")
        c = Client(path)
        assert c.ok("help")
        c.close()
    finally:
        shutil.rmtree(folder)


def test_a_new_executable_has_it_when_the_old_one_is_gone(control, until):
    s, client = control(workers=1)
    old = s.pid
    s.signal("USR2")
    s.wait_log("Ready: ", count=2)
    assert client().ok("show stats")["pid"] == old
    new = int(s.log.split("The new server is ")[1].split()[0])
    s.signal("TERM")
    s.follow(new)

    def pid():
        try:
            return client().ok("show stats")["pid"]
        except (OSError, EOFError):
            return None
    until(lambda: pid() == new, "the new one's socket")
    assert client().ok("shutdown quick")
    until(lambda: not (s.folder / "c.sock").exists(), "its end")


def test_the_next_arbiter_has_it_too(control, until):
    s, client = control(init=True, workers=1)
    c = client()
    old = s.pid
    os.kill(old, 9)
    with pytest.raises((EOFError, OSError)):
        c.ok("help")

    def answers():
        try:
            return client().ok("show workers")["count"] >= 1
        except (OSError, EOFError):
            return False
    until(answers, "the next arbiter's socket")
    assert s.pid != old


def gunicornc():
    """Gunicorn's own client; made once."""
    v = sys.version_info
    place = CACHE / f"dirty-gunicorn-newest-{v[0]}.{v[1]}"
    if not (place / "done").exists():
        for step in ([sys.executable, "-m", "venv", "--clear", place],
                     [place / "bin" / "python", "-m", "pip", "install", "-q",
                      "--disable-pip-version-check", "gunicorn"]):
            subprocess.run(step, check=True, timeout=120)
        (place / "done").touch()
    return place / "bin" / "gunicornc"


def test_gunicorn_s_own_client(control, until, tmp_path):
    (tmp_path / "tasks.py").write_text(DIRTY)
    s, client = control(dirty_apps="tasks:App", dirty_workers=1, workers=2)
    c = client()
    until(lambda: c.ok("show dirty")["enabled"], "the dirty arbiter")

    def run(command, *more):
        done = subprocess.run(
            [gunicornc(), "-s", s.folder / "c.sock", "-c", command, *more],
            capture_output=True, text=True, timeout=30)
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout + done.stderr

    for command, wanted in (
            ("show all", str(s.pid)), ("show workers", "Total: 2 workers"),
            ("show dirty", "tasks:App"), ("show stats", "Workers target:"),
            ("show listeners", f"127.0.0.1:{s.port}"),
            ("show config", "worker_class"), ("help", "worker add [N]"),
            ("dirty add", ""), ("worker add 1", ""), ("reopen", "")):
        status, said = run(command)
        assert status == 0 and wanted in said, (command, said)
    status, said = run("show workers", "-j")
    assert status == 0 and len(json.loads(said)["workers"]) >= 2
    status, said = run("frob")
    assert status == 1 and "no such command" in said
    assert run("shutdown quick")[0] == 0
    assert s.wait() == 0
