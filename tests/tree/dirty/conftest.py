"""A server with dirty workers, and the package gunicorn.dirty of this tree
for tests that are callers themselves.

    s = dirty(dirty_workers=2)      # apps.py is APPS
    s.caller().execute("apps:App", "echo", 1)
"""

import importlib
import importlib.util
import os
import pathlib
import re
import subprocess
import sys
import threading
import time

import pytest

collect_ignore_glob = ["*conftest.py", "data/*"]

_here = pathlib.Path(__file__).parent
_path = _here.parent / "server" / "conftest.py"
_spec = importlib.util.spec_from_file_location("tree_server_conftest", _path)
_server = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_server)

until, serve = _server._until, _server.serve

CACHE = pathlib.Path(os.environ.get(
    "XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "greencorn"


def python_with_gunicorn(version):
    """A Python that has it; made once."""
    v = sys.version_info
    place = CACHE / f"dirty-gunicorn-{version or 'newest'}-{v[0]}.{v[1]}"
    python = place / "bin" / "python"
    if not (place / "done").exists():
        wanted = f"gunicorn=={version}" if version else "gunicorn"
        for step in ([sys.executable, "-m", "venv", "--clear", place],
                     [python, "-m", "pip", "install", "-q",
                      "--disable-pip-version-check", wanted]):
            subprocess.run(step, check=True, timeout=120)
        (place / "done").touch()
    return python


def site_with(package):
    """A folder of musllinux wheels for the release's own Python; made once."""
    place = CACHE / f"dirty-site-{package}"
    if not (place / "done").exists():
        subprocess.run(
            [os.path.abspath(_server.BINARY), "pip", "install", "-q",
             "--target", place, package], check=True, timeout=120)
        (place / "done").touch()
    return place


APPS = '''
import asyncio
import os
import threading
import time
from gunicorn.dirty import DirtyApp


class App(DirtyApp):
    def init(self):
        self.note = []

    def echo(self, *args, **kwargs):
        return {"args": args, "kwargs": kwargs}

    def pid(self):
        return os.getpid()

    def blob(self, size):
        return bytes(size)

    def late(self, seconds, size):
        time.sleep(seconds)
        yield bytes(size)

    def sleep(self, seconds):
        time.sleep(seconds)
        return os.getpid()

    def notes(self):
        return self.note

    def forget(self):
        self.note.clear()

    def nap(self, *args):
        time.sleep(0.005)
        return args

    def numbers(self, first, n):
        yield from range(first, first + n)

    def pids(self, n, gap):
        for _ in range(n):
            yield os.getpid()
            time.sleep(gap)

    def count(self, n, gap=0, size=None):
        try:
            for i in range(n):
                self.note.append(i)
                yield i if size is None else b"x" * size
                time.sleep(gap)
        finally:
            self.note.append("closed")

    async def acount(self, n):
        try:
            for i in range(n):
                yield i
                await asyncio.sleep(0.01)
        finally:
            self.note.append("aclosed")

    async def wait(self, seconds):
        try:
            await asyncio.sleep(seconds)
            return "waited"
        except asyncio.CancelledError:
            self.note.append("cancelled")
            raise

    def fails(self):
        raise RuntimeError("bad thing")

    def fails_late(self):
        yield 1
        raise RuntimeError("bad thing")

    def odd(self):
        return {1, 2}

    def stick(self):
        import ctypes
        ctypes.PyDLL(None).sleep(3600)  # holds the GIL


class One(DirtyApp):
    workers = 1

    def pid(self):
        return os.getpid()
'''


@pytest.fixture
def dirty_package():
    """gunicorn.dirty from rootfs, imported by this Python."""
    sys.path.insert(0, str(_here.parents[2] / "rootfs/python"))
    try:
        yield importlib.import_module("gunicorn.dirty")
    finally:
        sys.path.pop(0)


@pytest.fixture
def dirty(serve, dirty_package, tmp_path):
    """dirty(apps=["apps:App"], source=APPS, address=True, **settings): a
    server whose callers are the test (address: at the usual place), or its
    application."""
    def start(*args, apps=("apps:App",), source=APPS, address=True, **kw):
        kw.setdefault("workers", 1)
        kw.setdefault("dirty_workers", 1)
        (tmp_path / "apps.py").write_text(source)
        flags = [f"--dirty-app={app}" for app in apps]
        s = serve("app:app", *flags, *args, **kw)

        def caller(timeout=15):
            return dirty_package.DirtyClient(
                f"/tmp/gunicorn_dirty_{s.pid}.sock", timeout=timeout)

        def pids():
            """Those that have ever been."""
            return [int(p) for p in re.findall(
                r"Booting dirty worker with pid: (\d+)", s.log)]

        def arbiter():
            return until(lambda: s._titled(": dirty-arbiter"),
                         "a dirty arbiter")[-1]

        def below(title):
            return [p for p in _server._children(arbiter())
                    if title in _server._title(p)]

        s.caller, s.dirty_pids, s.dirty_arbiter = caller, pids, arbiter
        s.dirty_workers = lambda: below(": dirty-worker")
        s.dirty_template = lambda: until(
            lambda: below(": dirty-template"), "a dirty template")[0]
        if address:
            until(lambda: pathlib.Path(
                f"/tmp/gunicorn_dirty_{s.pid}.sock").exists(), "its socket")
        return s
    return start


class Neighbours:
    """with Neighbours(server): callers whom nothing may happen to."""

    PATIENCE = 10  # seconds that a call of theirs may take
    allowed = ()   # errors that may happen to them all the same

    def __init__(self, server, app="apps:App", n=3):
        self.client = server.caller(self.PATIENCE)
        self.app = app
        self.over = threading.Event()
        self.wrong, self.n_calls, self.longest = [], 0, 0.0
        self.threads = [threading.Thread(target=self._ask, args=(i,),
                                         daemon=True) for i in range(n)]

    def _ask(self, n):
        while not self.over.is_set():
            began = time.monotonic()
            try:
                answer = self.client.execute(self.app, "echo", n, self.n_calls)
                if answer["args"][0] != n:
                    self.wrong.append(answer)
            except self.allowed:
                pass
            except Exception as e:
                self.wrong.append(e)
            self.n_calls += 1
            self.longest = max(self.longest, time.monotonic() - began)
            time.sleep(0.002)

    def __enter__(self):
        for t in self.threads:
            t.start()
        until(lambda: self.n_calls, "a neighbour's call")
        return self

    def __exit__(self, *exc):
        before = self.n_calls
        if exc[0] is None:
            until(lambda: self.n_calls > before + len(self.threads),
                  "neighbours' further calls")
        self.over.set()
        for t in self.threads:
            t.join(2 * self.PATIENCE)
        assert exc[0] is not None or not self.wrong, self.wrong[:3]


@pytest.fixture
def neighbours():
    return Neighbours


def _held(pid):
    """(descriptors, KiB of its own)"""
    with open(f"/proc/{pid}/smaps_rollup") as f:
        rows = dict(line.split(":", 1) for line in f if ":" in line)
    return (len(os.listdir(f"/proc/{pid}/fd")),
            sum(int(rows[f"Private_{kind}"].split()[0])
                for kind in ("Clean", "Dirty")))


class Holdings:
    """What the dirty arbiter and its workers hold now; returned() waits
    until it is so much again, but for some KiB."""

    def __init__(self, server):
        self.server = server
        self.before = self.now()

    def now(self):
        arbiter = self.server.dirty_arbiter()
        workers = [p for p in _server._children(arbiter)
                   if ": dirty-worker" in _server._title(p)]
        found = [_held(p) for p in workers]
        return (*_held(arbiter), sum(n for n, _ in found),
                sum(size for _, size in found))

    def returned(self, arbiter_kib=2048, workers_kib=16384):
        spare = (0, arbiter_kib, 0, workers_kib)

        def back():
            self.last = self.now()
            return all(now <= before + more for now, before, more in
                       zip(self.last, self.before, spare, strict=True))
        try:
            until(back, "descriptors and memory to return")
        except AssertionError as e:
            raise AssertionError(f"{e}: (descriptors, KiB) of dirty arbiter "
                                 f"and workers were {self.before}, are "
                                 f"{self.last}") from None


@pytest.fixture
def holdings():
    return Holdings


@pytest.fixture
def gunicorn():
    """gunicorn(version): a Python that has it; None: the newest."""
    return python_with_gunicorn


@pytest.fixture
def newest_gunicorn():
    return python_with_gunicorn(None)


@pytest.fixture
def site_with_gevent():
    return site_with("gevent")
