"""A running server: the release binary, started as a user starts it.

    def test_it(serve):
        s = serve("app:app", app="def app(e, s): ...", workers=2)
        assert s.get("/").status == 200
        s.signal("TERM")
        assert s.wait() == 0

Each server has a folder and a port of its own and is ended with its test.
"""

import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

BINARY = os.environ.get("GREENCORN", "build/out/greencorn")
DEADLINE = 20
# A PID namespace of its own, without a container around it.
AS_PID_1 = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
if os.geteuid() != 0:
    AS_PID_1.append("--map-root-user")

HELLO = """
def app(environ, start_response):
    body = b"hello\\n"
    start_response("200 OK", [("Content-Type", "text/plain"),
                              ("Content-Length", str(len(body)))])
    return [body]
"""


def _until(condition, what, deadline=DEADLINE):
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline} s: {what}")
        time.sleep(0.02)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body


class Server:
    def __init__(self, folder, args, env, fds=(), init=False, wrapped=()):
        self.folder = folder
        self._init = init
        self._successor = None
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        environment = {k: v for k, v in os.environ.items()
                       if not k.startswith(("GREENCORN", "GUNICORN"))
                       and k not in ("PORT", "WEB_CONCURRENCY")}
        environment["GREENCORN_BIND"] = f"127.0.0.1:{self.port}"
        environment.update(env)
        self.process = subprocess.Popen(
            [*wrapped, *(AS_PID_1 if init else ()), os.path.abspath(BINARY), *args],
            cwd=folder, env=environment,
            pass_fds=fds, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        self._log = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self._log.append(line.decode(errors="replace"))

    @property
    def log(self):
        return "".join(self._log)

    def wait_log(self, text, deadline=DEADLINE, count=1):
        try:
            _until(lambda: self.log.count(text) >= count, repr(text), deadline)
        except AssertionError as e:
            raise AssertionError(f"{e}\n--- log:\n{self.log}") from None
        return self.log

    def wait_ready(self):
        return self.wait_log("Ready: ")

    @property
    def pid(self):
        """The arbiter's; with init=True there is a process above it."""
        if self._successor is not None:
            return self._successor
        return self.init_child() if self._init else self.process.pid

    def follow(self, pid):
        """From here on the server is another process, no child of ours."""
        self._successor = pid

    @property
    def under_init(self):
        return self._init

    @property
    def init(self):
        return _until(lambda: _children(self.process.pid), "init")[0]

    def init_child(self):
        return _until(lambda: [p for p in _children(self.init)
                               if ": master" in _title(p)], "an arbiter")[0]

    def children(self):
        return _children(self.pid)

    def workers(self):
        """Pids of the workers that run now."""
        return self._titled(": worker")

    def template(self):
        return self._titled(": template")

    def admin(self):
        return self._titled(": admin")

    def _titled(self, title):
        parents = [self._successor or self.process.pid]
        if self._init:
            parents += _children(self.process.pid)  # of the adopted ones
            parents += [p for p in _children(self.init)
                        if ": master" in _title(p)]
        return [p for parent in parents for p in _children(parent)
                if title in _title(p)]

    def signal(self, name, pid=None):
        to = pid or (self.init if self._init else self.pid)
        os.kill(to, getattr(signal, "SIG" + name))

    def wait(self, deadline=DEADLINE):
        if self._successor is not None:
            _until(lambda: not _lives(self._successor), "its end", deadline)
            return 0
        try:
            status = self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"did not end\n--- log:\n{self.log}") \
                from None
        self._reader.join(5)
        return status

    def get(self, path="/", timeout=DEADLINE, headers=None):
        c = http.client.HTTPConnection("127.0.0.1", self.port,
                                       timeout=timeout)
        try:
            c.request("GET", path, headers=headers or {})
            r = c.getresponse()
            return Answer(r.status, r.headers, r.read())
        finally:
            c.close()

    def write(self, name, text):
        (self.folder / name).write_text(text)

    def end(self):
        if self._successor is not None and _lives(self._successor):
            self.signal("QUIT")
            self.wait()
        if self.process.poll() is None:
            self.signal("QUIT")
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                for pid in _children(self.pid):
                    os.kill(pid, signal.SIGKILL)
                self.process.kill()
                self.process.wait()


def _lives(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def _title(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            return f.read().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def _children(parent):
    found = []
    for entry in os.listdir("/proc"):
        if not re.fullmatch(r"\d+", entry):
            continue
        try:
            with open(f"/proc/{entry}/stat") as f:
                stat = f.read().rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            continue
        if int(stat[1]) == parent and stat[0] != "Z":
            found.append(int(entry))
    return found


@pytest.fixture
def until():
    """until(condition, what, deadline=20): waits, and returns its value."""
    return _until


@pytest.fixture
def serve(tmp_path):
    """serve(*args, app=SOURCE, conf=None, env={}, ready=True, fds=(),
    init=False, **settings); fds are inherited, init: it is a PID 1."""
    servers = []

    def start(*args, app=HELLO, conf=None, env=None, ready=True, fds=(),
              init=False, wrapped=(), **settings):
        (tmp_path / "app.py").write_text(app)
        if conf is not None:
            (tmp_path / "gunicorn.conf.py").write_text(conf)
        environment = {f"GREENCORN_{k.upper()}": str(v)
                       for k, v in settings.items()}
        environment.update(env or {})
        s = Server(tmp_path, args or ("app:app",), environment, fds,
                   init, wrapped)
        servers.append(s)
        if ready:
            s.wait_ready()
        return s

    yield start
    for s in servers:
        s.end()


class OwnCopy:
    """The executable of this test alone, replaced as an upgrade does it."""

    def __init__(self, path, original):
        self.path, self.original = path, original
        self.renew()

    def renew(self):
        shutil.copy(self.original, f"{self.path}.new")
        os.rename(f"{self.path}.new", self.path)

    def put(self, content):
        with open(f"{self.path}.new", "wb") as f:
            f.write(content)
        os.chmod(f"{self.path}.new", 0o755)
        os.rename(f"{self.path}.new", self.path)

    def remove(self):
        os.remove(self.path)


@pytest.fixture
def own_copy(tmp_path, monkeypatch):
    copy = OwnCopy(str(tmp_path / "greencorn"), BINARY)
    monkeypatch.setitem(globals(), "BINARY", copy.path)
    return copy
