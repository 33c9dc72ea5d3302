"""Containers for tests: real images, FROM scratch, run by podman and runc.

    def test_it(image, container):
        img = image({"/prog": "/path/on/host/prog"}, ["/prog"])
        c = container(img, "arg", env={"A": "1"})
        c.wait_log("ready")
        c.kill("TERM")
        assert c.wait() == 0

Every container of a test is removed with the test, every image with the
session. Nothing here sleeps and hopes: each wait has a condition and a
deadline.
"""

import io
import itertools
import json
import os
import pty
import select
import shutil
import socket
import subprocess
import tarfile
import time
import urllib.error
import urllib.request

import pytest

# As the machine's podman needs it, and as issue readers can repeat it.
PODMAN = ["podman", "--runtime=runc", "--cgroup-manager=cgroupfs"]
RUN = [
    "--systemd=false",
    "--ulimit=nofile=1024:1024",
    "--ulimit=nproc=1000:1000",
    "--pull=never",
]
# What a careful cluster allows a container.
HARDENED = [
    "--read-only",
    "--read-only-tmpfs=false",
    "--cap-drop=all",
    "--security-opt=no-new-privileges",
    "--user=65532:65532",
]
DEADLINE = 20  # seconds that a wait may take unless told otherwise

# Test files are *.py; these are none.
collect_ignore_glob = ["*conftest.py"]

_counter = itertools.count()


def podman(*args, check=True, timeout=120, **kw):
    """Runs podman; returns its completed process, with text output."""
    done = subprocess.run([*PODMAN, *args], capture_output=True, text=True,
                          timeout=timeout, **kw)
    if check and done.returncode != 0:
        raise AssertionError(f"podman {args[0]} failed: {done.stderr}")
    return done


def until(condition, what, deadline=DEADLINE, step=0.02):
    """Waits until condition() is true and returns its value."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline} s: {what}")
        time.sleep(step)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def http_get(url, timeout=5):
    """(status, body) of a GET; status 0 when nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=timeout) as r:
            return r.status, r.read()
    except urllib.error.HTTPError as e:
        return e.code, e.read()
    except OSError:
        return 0, b""


class Container:
    def __init__(self, name):
        self.name = name
        self.ports = {}

    def inspect(self):
        return json.loads(podman("inspect", self.name).stdout)[0]

    @property
    def running(self):
        return self.inspect()["State"]["Running"]

    @property
    def pid(self):
        """The host's pid of the container's PID 1; 0 when it has ended."""
        return self.inspect()["State"]["Pid"]

    def logs(self):
        done = podman("logs", self.name)
        return done.stdout + done.stderr

    def wait_log(self, text, deadline=DEADLINE, count=1):
        """Waits until text stands in the logs (count times); returns them."""
        logs = ""

        def there():
            nonlocal logs
            logs = self.logs()
            return logs.count(text) >= count
        try:
            until(there, f"{text!r} in the logs", deadline)
        except AssertionError as e:
            raise AssertionError(f"{e}\n--- logs:\n{logs}") from None
        return logs

    def kill(self, signal):
        podman("kill", "-s", signal, self.name)

    def wait(self, deadline=DEADLINE):
        """Waits for the end; returns the exit status."""
        done = podman("wait", "--interval=20ms", self.name, timeout=deadline)
        return int(done.stdout)

    def exec(self, *args, env=None):
        """Runs a program in the container; its completed process."""
        options = [f"--env={k}={v}" for k, v in (env or {}).items()]
        return podman("exec", *options, self.name, *args, check=False)

    def status(self, inner):
        """/proc/PID/status, as text, of a process by its pid in there."""
        for host_pid in _tree(self.pid):
            try:
                with open(f"/proc/{host_pid}/status") as f:
                    text = f.read()
            except OSError:
                continue
            if any(line.startswith("NSpid:") and
                   line.split()[-1] == str(inner)
                   for line in text.splitlines()):
                return text
        raise AssertionError(f"no process {inner}")

    def url(self, port, path="/"):
        return f"http://127.0.0.1:{self.ports[port]}{path}"

    def processes(self):
        """{pid in the container: (its parent there, its title)}."""
        found = {}
        for host_pid in _tree(self.pid):
            try:
                with open(f"/proc/{host_pid}/status") as f:
                    status = dict(line.rstrip("\n").split(":\t", 1)
                                  for line in f if ":\t" in line)
                with open(f"/proc/{host_pid}/cmdline", "rb") as f:
                    title = f.read().rstrip(b"\0").replace(b"\0", b" ")
            except (OSError, ValueError):
                continue
            inner = int(status["NSpid"].split()[-1])
            found[inner] = (int(status["PPid"]), title.decode(), host_pid)
        inner_of = {host: inner for inner, (_, _, host) in found.items()}
        return {inner: (inner_of.get(parent, 0), title)
                for inner, (parent, title, _) in found.items()}


def _tree(root):
    """Host pids of root and all below it."""
    children = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat") as f:
                parent = int(f.read().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError):
            continue
        children.setdefault(parent, []).append(int(entry))
    todo, seen = [root] if root else [], []
    while todo:
        pid = todo.pop()
        seen.append(pid)
        todo += children.get(pid, [])
    return seen


class Terminal:
    """A container that was started with a terminal (docker run -it)."""

    def __init__(self, name, args):
        self.name = name
        self.output = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvp(args[0], args)

    def read_until(self, text, deadline=DEADLINE):
        end = time.monotonic() + deadline
        while text.encode() not in self.output:
            left = end - time.monotonic()
            if left <= 0 or not self._read(left):
                raise AssertionError(f"no {text!r} in {self.output!r}")
        return self.output.decode(errors="replace")

    def _read(self, timeout):
        ready, _, _ = select.select([self.fd], [], [], timeout)
        try:
            data = os.read(self.fd, 65536) if ready else b""
        except OSError:  # the other side has closed
            data = b""
        self.output += data
        return data

    def type(self, keys):
        os.write(self.fd, keys)

    def kill(self, signal):
        podman("kill", "-s", signal, self.name)

    def wait(self, deadline=DEADLINE):
        """Reads to the end; returns the exit status."""
        end = time.monotonic() + deadline
        while self._read(max(0.0, end - time.monotonic())):
            pass

        def ended():
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            return [os.waitstatus_to_exitcode(status)] if pid else None
        return until(ended, "end of the container",
                     max(1, end - time.monotonic()))[0]


@pytest.fixture(scope="session")
def image():
    """image(files, entrypoint, changes=[]) makes an image FROM scratch.

    files: path in the image -> path on the host, bytes, or ("link", target),
    or ("dir", mode).
    """
    if shutil.which("podman") is None:
        pytest.fail("podman is missing: apt-get install podman runc")
    made = []

    def make(files, entrypoint, changes=()):
        tag = f"localhost/greencorn-test-{os.getpid()}-{next(_counter)}"
        args = ["--change", f"ENTRYPOINT {json.dumps(entrypoint)}"]
        for change in changes:
            args += ["--change", change]
        subprocess.run([*PODMAN, "import", "-q", *args, "-", tag],
                       input=_tar(files), check=True, capture_output=True,
                       timeout=120)
        made.append(tag)
        return tag

    yield make
    for tag in made:
        podman("rmi", "-f", tag, check=False)


def _tar(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for path, what in files.items():
            info = tarfile.TarInfo(path.lstrip("/"))
            data = b""
            info.mode = 0o755
            if isinstance(what, tuple) and what[0] == "link":
                info.type, info.linkname = tarfile.SYMTYPE, what[1]
            elif isinstance(what, tuple):
                info.type, info.mode = tarfile.DIRTYPE, what[1]
            elif isinstance(what, bytes):
                data = what
            else:
                with open(what, "rb") as f:
                    data = f.read()
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


# What tests need beside containers, as fixtures: no test imports a conftest.

@pytest.fixture
def wait_until():
    return until


@pytest.fixture
def get():
    return http_get


@pytest.fixture(name="free_port")
def free_port_fixture():
    return free_port


@pytest.fixture
def container_named():
    """container_named(name): one that something else has started."""
    return Container


def _containers():
    """container(image, *args, env={}, options=[], ports=[], hardened=True).

    Starts one in the background; ports are the container's, reached by
    c.url(port). hardened: read-only, no capability, uid 65532.
    """
    made = []

    def start(img, *args, **kw):
        name, command, ports = _command(img, args, **kw)
        made.append(name)
        podman("run", "-d", *command)
        c = Container(name)
        c.ports = ports
        return c

    yield start
    _remove(made)


container = pytest.fixture(name="container")(_containers)
# For one that all tests of a file ask, and none of them changes.
module_container = pytest.fixture(
    name="module_container", scope="module")(_containers)


@pytest.fixture
def terminal():
    """As container, but with a terminal on its standard streams."""
    made = []

    def start(img, *args, **kw):
        name, command, _ = _command(img, args, **kw)
        made.append(name)
        return Terminal(name, [*PODMAN, "run", "-it", *command])

    yield start
    _remove(made)


def _command(img, args, env=None, options=(), ports=(), hardened=True):
    name = f"greencorn-test-{os.getpid()}-{next(_counter)}"
    command = [f"--name={name}", *RUN, *(HARDENED if hardened else [])]
    published = {port: free_port() for port in ports}
    for port, outside in published.items():
        command.append(f"--publish=127.0.0.1:{outside}:{port}")
    if not ports:
        command.append("--network=none")
    for key, value in (env or {}).items():
        command.append(f"--env={key}={value}")
    return name, [*command, *options, img, *args], published


def _remove(names):
    for name in names:
        if os.environ.get("KEEP_CONTAINERS"):
            print(f"kept: {name}")
            continue
        podman("rm", "-f", "-t", "0", name, check=False)
