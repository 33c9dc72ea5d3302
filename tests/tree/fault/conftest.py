"""A real server whose n-th allocation or system call fails when told to.

The program is greencorn-fault of the hosted build, with AddressSanitizer; how
it is told stands in build/hosted/fault.c.
"""

import mmap
import os
import pathlib
import re
import socket
import struct
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
OUT = ROOT / "build/out/hosted-address-undefined"
DEADLINE = 8  # seconds for any one exchange

APP = '''
import io

BIG = b"0123456789abcdef" * 65536
open("big", "wb").write(BIG)

def hello(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"),
                              ("Content-Length", "6")])
    return [b"hello\\n"]

def echo(environ, start_response):
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]

def stream(environ, start_response):
    start_response("200 OK", [])
    for i in range(0, len(BIG), 50000):
        yield BIG[i:i + 50000]

def file(environ, start_response):
    start_response("200 OK", [("Content-Length", str(len(BIG)))])
    return environ["wsgi.file_wrapper"](open("big", "rb"))

def fail(environ, start_response):
    raise ValueError("no")

def write(environ, start_response):
    out = start_response("200 OK", [("X-Many", "1"), ("X-Many", "2")])
    out(b"a")
    out(b"b" * 70000)
    return [b"c"]

def app(environ, start_response):
    return globals()[environ["PATH_INFO"][1:]](environ, start_response)
'''


class Control:
    """struct control of fault.c."""

    KINDS = {"allocation": 1, "call": 2, "python": 3}

    def __init__(self, path):
        path.write_bytes(bytes(4096))
        with open(path, "r+b") as f:
            self.mem = mmap.mmap(f.fileno(), 4096)

    def _get(self, form, at):
        return struct.unpack_from(form, self.mem, at)[0]

    def watch(self, pid):
        struct.pack_into("i", self.mem, 4, pid)

    def arm(self, kind, at, error=0):
        struct.pack_into("qqii", self.mem, 8, at, 0, 0, error)
        self.mem[40:72] = bytes(32)
        struct.pack_into("i", self.mem, 0, self.KINDS[kind])

    def disarm(self):
        """Whether something has failed, and how it is called."""
        struct.pack_into("i", self.mem, 0, 0)
        name = self.mem[40:72].rstrip(b"\0").decode()
        return self._get("i", 24) > 0, name

    @property
    def live(self):
        return self._get("q", 32)


class Hang(Exception):
    pass


def read_answers(s, n):
    """Up to n answers off s: (status, body), the last (status, None) when it
    was cut; fewer when the connection ends before."""
    data, answers = b"", []

    def more():
        nonlocal data
        try:
            part = s.recv(65536)
        except socket.timeout:
            raise Hang(f"after {data[-200:]!r}") from None
        except ConnectionError:
            return False
        data += part
        return bool(part)

    while len(answers) < n:
        while b"\r\n\r\n" not in data:
            if not more():
                return answers
        head, data = data.split(b"\r\n\r\n", 1)
        status = int(head.split()[1])
        if status == 100:
            continue
        length = re.search(rb"\r\nContent-Length: (\d+)", head)
        body = b""
        if length:
            while len(data) < int(length[1]):
                if not more():
                    return [*answers, (status, None)]
            body, data = data[:int(length[1])], data[int(length[1]):]
        elif b"Transfer-Encoding: chunked" in head:
            while True:
                while b"\r\n" not in data:
                    if not more():
                        return [*answers, (status, None)]
                size, data = data.split(b"\r\n", 1)
                size = int(size, 16)
                while len(data) < size + 2:
                    if not more():
                        return [*answers, (status, None)]
                body += data[:size]
                assert data[size:size + 2] == b"\r\n", "chunks are broken"
                data = data[size + 2:]
                if size == 0:
                    break
        answers.append((status, body))
    return answers


class Server:
    def __init__(self, folder, **settings):
        self.folder = folder
        (folder / "app.py").write_text(APP)
        self.control = Control(folder / "control")
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        env = {k: v for k, v in os.environ.items()
               if not k.startswith(("GREENCORN", "GUNICORN"))}
        env.update(FAULT_CONTROL=str(folder / "control"),
                   ASAN_OPTIONS="detect_leaks=0:allocator_may_return_null=1",
                   GREENCORN_BIND=f"127.0.0.1:{self.port}",
                   GREENCORN_ACCESSLOG="access", GREENCORN_KEEPALIVE="1",
                   GREENCORN_HEADER_TIMEOUT="2", GREENCORN_BODY_TIMEOUT="2",
                   GREENCORN_WRITE_TIMEOUT="2",
                   GREENCORN_ACCESS_LOG_FORMAT="%(r)s %(s)s %(D)s %({x}o)s")
        env.update({f"GREENCORN_{k.upper()}": str(v)
                    for k, v in settings.items()})
        self.out = open(folder / "log", "wb")
        self.process = subprocess.Popen(
            [OUT / "greencorn-fault", "app:app"], cwd=folder, env=env,
            stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.out)
        self.until(lambda: "Ready: " in self.log(), "Ready", 30)
        self.worker = int(re.search(r"Booting worker with pid: (\d+)",
                                    self.log())[1])
        self.control.watch(self.worker)
        for _ in range(3):
            assert self.healthy()
        self.n_files = self.files()

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def until(self, condition, what, deadline=DEADLINE):
        end = time.monotonic() + deadline
        while not condition():
            assert time.monotonic() < end, f"never: {what}\n{self.tail()}"
            time.sleep(0.01)

    def tail(self):
        return self.log()[-6000:]

    def alive(self):
        return os.path.exists(f"/proc/{self.worker}/fd")

    def files(self):
        return len(os.listdir(f"/proc/{self.worker}/fd"))

    def connect(self):
        """A loaded machine's kernel may lose a connection's beginning."""
        for _ in range(2):
            try:
                return socket.create_connection(("127.0.0.1", self.port), 4)
            except socket.timeout:
                pass
        return socket.create_connection(("127.0.0.1", self.port), DEADLINE)

    def exchange(self, request, n=1):
        try:
            with self.connect() as s:
                s.settimeout(DEADLINE)
                try:
                    s.sendall(request)
                except ConnectionError:
                    pass  # what it has answered may still be there
                return read_answers(s, n)
        except ConnectionError:
            return []

    def healthy(self):
        return self.exchange(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n") == \
            [(200, b"hello\n")]

    def check(self, what):
        """The same worker serves, nothing of the fault is left."""
        self.until(self.healthy, f"an answer after {what}")
        assert self.alive(), f"the worker died after {what}\n{self.tail()}"
        self.until(lambda: self.files() <= self.n_files,
                   f"closed descriptors after {what}")
        log = self.log()
        assert "Sanitizer" not in log and "runtime error" not in log and \
            log.count("Booting worker") == 1, f"{what}\n{self.tail()}"

    def end(self, keep_armed=False):
        if not keep_armed:
            self.control.disarm()
        self.process.terminate()
        try:
            return self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it does not end\n{self.tail()}") from None
        finally:
            self.process.kill()
            self.process.wait()
            self.out.close()


@pytest.fixture(scope="session")
def program():
    done = subprocess.run(
        ["make", "--no-print-directory", "-f", "build/hosted.mk",
         "SAN=address,undefined", OUT.relative_to(ROOT) / "greencorn-fault"],
        cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def faulty(program, tmp_path_factory):
    """faulty(**settings): a server, shared by the tests of a file."""
    running = {}

    def start(**settings):
        key = tuple(sorted(settings.items()))
        if key in running and not running[key].alive():
            running.pop(key).end()
        if key not in running:
            running[key] = Server(tmp_path_factory.mktemp("fault"),
                                  **settings)
        return running[key]

    yield start
    for s in running.values():
        s.end()


@pytest.fixture
def faulty_once(program, tmp_path_factory):
    """As faulty, but a new one each time, which the test ends."""
    return lambda **settings: Server(tmp_path_factory.mktemp("fault"),
                                     **settings)
