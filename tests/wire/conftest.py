"""Bytes in, bytes out: the release binary serving _app.py.

    def test_it(server):
        c = server().connect()
        c.send(b"GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
        assert c.answer().status == 200

The binary is named by GREENCORN (default build/out/greencorn). Nothing here
sleeps and hopes: each wait has a condition and a deadline.
"""

import os
import pathlib
import re
import resource
import signal
import socket
import subprocess
import time

import pytest

HERE = pathlib.Path(__file__).resolve().parent
BINARY = pathlib.Path(os.environ.get(
    "GREENCORN", HERE.parents[1] / "build/out/greencorn")).resolve()
DEADLINE = 10  # seconds that any wait may take

# Test files are *.py; these are none.
collect_ignore_glob = ["*conftest.py", "*/_*.py", "_*.py"]


# Every server of the tests is started with each of these.
CLASSES = {"sync": {}, "gthread": {"worker_class": "gthread", "threads": 4}}


def pytest_addoption(parser):
    parser.addoption("--worker-class", action="append", choices=CLASSES,
                     help="this class only; may be repeated")


def pytest_generate_tests(metafunc):
    if "worker_class" in metafunc.fixturenames:
        wanted = metafunc.config.getoption("--worker-class") or CLASSES
        metafunc.parametrize("worker_class", wanted, scope="module")


class Answer:
    def __init__(self, head, body):
        self.head, self.body = head, body
        lines = head.decode("latin-1").split("\r\n")
        self.line = lines[0]
        self.status = int(self.line.split()[1])
        self.fields = [tuple(line.split(": ", 1)) for line in lines[1:]]

    def field(self, name):
        """The value of the only field of that name, or None."""
        found = [v for n, v in self.fields if n.lower() == name.lower()]
        assert len(found) < 2, f"{name} more than once: {self.head!r}"
        return found[0] if found else None


class Connection:
    """A client that believes nothing: framing is checked as it reads."""

    def __init__(self, address, source=None):
        family = socket.AF_UNIX if isinstance(address, str) else \
            socket.AF_INET
        self.socket = socket.socket(family)
        self.socket.settimeout(DEADLINE)
        if source:
            self.socket.bind((source, 0))
        self.socket.connect(address)
        self.buffer = b""

    def send(self, data):
        self.socket.sendall(data)

    def end(self):
        """No more will be sent; answers are still awaited."""
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                               b"\1\0\0\0\0\0\0\0")
        self.socket.close()

    def close(self):
        self.socket.close()

    def _more(self):
        data = self.socket.recv(65536)
        self.buffer += data
        return data

    def _until(self, mark):
        while mark not in self.buffer:
            assert self._more(), f"ended early: {self.buffer[-300:]!r}"
        part, self.buffer = self.buffer.split(mark, 1)
        return part

    def _exactly(self, n):
        while len(self.buffer) < n:
            assert self._more(), f"ended early, {n} expected"
        part, self.buffer = self.buffer[:n], self.buffer[n:]
        return part

    def _chunks(self):
        body = b""
        while True:
            size = int(self._until(b"\r\n"), 16)
            body += self._exactly(size)
            assert self._exactly(2) == b"\r\n"
            if size == 0:
                return body

    def answer(self, head_only=False):
        """The next answer, a final one or a 1xx."""
        answer = Answer(self._until(b"\r\n\r\n"), b"")
        length = answer.field("Content-Length")
        chunked = answer.field("Transfer-Encoding") == "chunked"
        assert not (chunked and length), answer.head
        if head_only or answer.status < 200 or answer.status in (204, 304):
            return answer
        if chunked:
            answer.body = self._chunks()
        elif length is not None:
            answer.body = self._exactly(int(length))
        else:
            answer.body = self.rest()
        return answer

    def rest(self):
        """All bytes to the orderly end of the connection."""
        while self._more():
            pass
        rest, self.buffer = self.buffer, b""
        return rest

    def ask(self, request, head_only=False):
        self.send(request)
        return self.answer(head_only)


class Server:
    """settings: of greencorn; app names another application than _app's,
    descriptors is the process's limit."""

    def __init__(self, directory, settings):
        settings = dict(settings)
        app = settings.pop("app", "_app:app")
        descriptors = settings.pop("descriptors", None)

        def limit():
            if descriptors:
                resource.setrlimit(resource.RLIMIT_NOFILE,
                                   (descriptors, descriptors))

        self.told = False  # to end
        self.log_path = directory / "log"
        env = {k: v for k, v in os.environ.items()
               if not k.startswith(("GREENCORN", "GUNICORN"))}
        places = HERE, HERE / "table", HERE.parent / "apps"
        env.update(PYTHONPATH=":".join(map(str, places)),
                   GREENCORN_BIND="127.0.0.1:0",
                   PYTHONDONTWRITEBYTECODE="1")
        env.update({f"GREENCORN_{k.upper()}": str(v)
                    for k, v in settings.items()})
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [str(BINARY), app], cwd=directory, env=env,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=limit)
        self.wait_log(r"Ready: .*workers serving: \d+")
        found = re.search(r"Listening at: (?:http://(\S+):(\d+)|unix:(\S+))",
                          self.log())
        self.address = found[3] or (found[1].strip("[]"), int(found[2]))

    def log(self):
        return self.log_path.read_text(errors="replace")

    def wait_log(self, pattern):
        self.until(lambda: re.search(pattern, self.log()) or
                   self.process.poll() is not None, pattern)
        found = re.search(pattern, self.log())
        assert found, f"ended without {pattern!r}:\n{self.log()}"
        return found

    def until(self, condition, what):
        end = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < end, f"never: {what}\n{self.log()}"
            time.sleep(0.01)

    def connect(self, source=None):
        return Connection(self.address, source)

    def kill(self, sig=signal.SIGTERM):
        self.told = self.told or sig == signal.SIGTERM
        self.process.send_signal(sig)

    def stop(self):
        """Ends it; its exit status."""
        if self.process.poll() is None and not self.told:
            self.kill()
        try:
            return self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


def check_class(name):
    """What the binary has against a class; nothing if it has that one."""
    done = subprocess.run(
        [str(BINARY), "--check-config", f"--worker-class={name}", "_app:app"],
        env={"PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1"},
        timeout=60, capture_output=True, text=True)
    return done.stdout + done.stderr if done.returncode != 0 else ""


@pytest.fixture(scope="module")
def class_settings(worker_class):
    """Settings of the class that is tested. One that is not there yet is
    skipped, and the binary's own words say why."""
    refused = check_class(worker_class)
    if refused and worker_class != "sync":
        pytest.skip(f"no {worker_class} in this binary yet: {refused.strip()}")
    assert not refused
    return CLASSES[worker_class]


@pytest.fixture(scope="module")
def server(tmp_path_factory, class_settings):
    """server(setting=value, ...): a server with these, shared by a file."""
    running = {}

    def start(**settings):
        settings = {**class_settings, **settings}
        key = tuple(sorted(settings.items()))
        if key not in running:
            running[key] = Server(tmp_path_factory.mktemp("server"), settings)
        return running[key]

    yield start
    for s in running.values():
        if s.process.poll() is None:
            s.kill()
    failed = [s.log() for s in running.values() if s.stop() != 0]
    assert not failed, failed[0]


@pytest.fixture
def own_server(tmp_path, class_settings):
    """As server, but for one test that may end it."""
    running = []

    def start(**settings):
        running.append(Server(tmp_path, {**class_settings, **settings}))
        return running[-1]

    yield start
    for s in running:
        if s.process.poll() is None:
            s.stop()
