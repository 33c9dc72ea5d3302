"""The servers that the bench compares: how each is started, and from what.

A peer is installed from requirements-NAME.txt into a virtual environment of
its own in the cache. One that cannot be had, or does not start, says why.
"""

import functools
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass

import machine

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or
                     os.path.expanduser("~/.cache"), "greencorn")
MANY = "12000"  # connections: more than the bench ever holds
DEADLINE = 20  # seconds until the first answer


class Absent(Exception):
    """A server that cannot be measured; the text says why."""


@dataclass
class Server:
    name: str
    kind: str  # floor, sync, gthread, other: whose aims are its own
    command: object  # of (shape, port, folder); raises Absent
    peer: str = None  # the Gunicorn row that it is compared with
    skips: tuple = ()  # (shape's name, why)


def _greencorn(*options):
    def command(shape, port, folder):
        return [binary(), "--bind", f"127.0.0.1:{port}", "--workers", "1",
                "--keep-alive", "75", "--worker-connections", MANY,
                *options, f"apps:{shape.app}"]
    return command


def _floor(program, python):
    def command(shape, port, folder):
        if shape.floor == "-":
            raise Absent("one thread only")
        what = f"apps:{shape.app}" if python else \
            shape.floor or str(shape.body)
        close = ["close"] if "-x" in shape.load else []
        return [os.path.abspath(f"build/out/bench/{program}"), str(port),
                what, *close]
    return command


def _gunicorn(*options):
    def command(shape, port, folder):
        return [environment("gunicorn"), "-m", "gunicorn",
                "--bind", f"127.0.0.1:{port}", "--workers", "1",
                "--keep-alive", "75", "--worker-connections", MANY,
                "--log-level", "warning", *options, f"apps:{shape.app}"]
    return command


def _granian(shape, port, folder):
    return [environment("granian"), "-m", "granian", "--interface", "wsgi",
            "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
            "--http", "1", "--no-ws", "--log-level", "warning",
            "--backlog", MANY, "--backpressure", MANY,
            f"apps:{shape.app}"]


def _uwsgi(shape, port, folder):
    place = os.path.dirname(environment("uwsgi"))
    return [os.path.join(place, "uwsgi"), "--http-socket",
            f"127.0.0.1:{port}", "--processes", "1", "--disable-logging",
            "--listen", "1024", "--need-app", "--die-on-term",
            "--module", f"apps:{shape.app}"]


def _socketify(shape, port, folder):
    return [environment("socketify"), "-m", "socketify",
            f"apps:{shape.app}", "--interface", "wsgi", "--host",
            "127.0.0.1", "--port", str(port), "--workers", "1"]


def _by_function(peer):
    def command(shape, port, folder):
        return [environment(peer), "serve.py", peer, f"apps:{shape.app}",
                str(port)]
    return command


NGINX = """\
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr;
worker_rlimit_nofile 20000;
events {{ worker_connections 12000; }}
http {{
  access_log off; keepalive_timeout 75; keepalive_requests 1000000000;
  client_body_temp_path {folder}; proxy_temp_path {folder};
  fastcgi_temp_path {folder}; uwsgi_temp_path {folder};
  scgi_temp_path {folder};
  server {{ listen 127.0.0.1:{port} backlog=4096; default_type text/plain;
           location / {{ return 200 "Hello, World!"; }} }}
}}
"""


def _nginx(shape, port, folder):
    if shape.app != "hello":
        raise Absent("has no such answer")
    nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    if nginx is None:
        raise Absent("is not installed here")
    conf = os.path.join(folder, f"nginx-{port}.conf")
    with open(conf, "w") as f:
        f.write(NGINX.format(folder=folder, port=port))
    return [nginx, "-c", conf, "-e", "stderr"]


CLOSES = ("idle", "closes after each answer")
SERVERS = [
    Server("C floor", "floor", _floor("floor-c", False)),
    Server("Python floor", "floor", _floor("floor-python", True)),
    Server("greencorn sync", "sync", _greencorn("-k", "sync"),
           "Gunicorn sync"),
    Server("greencorn gthread 4", "gthread",
           _greencorn("-k", "gthread", "--threads", "4"),
           "Gunicorn gthread 4"),
    Server("greencorn gthread 16", "gthread",
           _greencorn("-k", "gthread", "--threads", "16"),
           "Gunicorn gthread 16"),
    Server("Gunicorn sync", "other", _gunicorn("-k", "sync"),
           skips=(CLOSES,)),
    Server("Gunicorn gthread 4", "other",
           _gunicorn("-k", "gthread", "--threads", "4")),
    Server("Gunicorn gthread 16", "other",
           _gunicorn("-k", "gthread", "--threads", "16")),
    Server("Granian", "other", _granian),
    Server("uWSGI", "other", _uwsgi, skips=(CLOSES,)),
    Server("bjoern", "other", _by_function("bjoern")),
    Server("FastWSGI", "other", _by_function("fastwsgi")),
    Server("socketify", "other", _socketify),
    Server("nginx", "other", _nginx),
]


def binary():
    return os.path.abspath(os.environ.get("GREENCORN") or
                           "build/out/greencorn")


@functools.lru_cache
def python_for_peers():
    """A Python of greencorn's series on this machine, else any."""
    wanted = _series(binary(), "python")
    home = os.path.expanduser("~/.pyenv/versions")
    kept = sorted(os.listdir(home)) if os.path.isdir(home) else []
    candidates = [os.environ.get("PYTHON"), f"python{wanted}"]
    candidates += [f"{home}/{name}/bin/python" for name in kept
                   if name.startswith(wanted + ".")]
    for candidate in [*candidates, "python3"]:
        path = candidate and shutil.which(candidate)
        if path and _series(path) == wanted:
            return path
    return sys.executable


def _series(*python):
    out = subprocess.run(
        [*python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
        capture_output=True, text=True)
    return out.stdout.strip()


def about_python(python):
    """Version and whether it was optimised with a profile, as words."""
    out = subprocess.run(
        [python, "-c", "import sys, sysconfig as c\n"
         "print(sys.version.split()[0], '--enable-optimizations' in "
         "(c.get_config_var('CONFIG_ARGS') or '') and 'with' or 'without')"],
        capture_output=True, text=True).stdout.split()
    return f"Python {out[0]} ({out[1]} PGO)" if len(out) == 2 else python


@functools.lru_cache
def environment(peer):
    """The Python of the peer's virtual environment; made when missing."""
    place, why = _install(peer)
    if why:
        raise Absent(f"cannot be installed here: {why}")
    return os.path.join(place, "bin", "python")


@functools.lru_cache
def _install(peer):
    """(its virtual environment, why there is none)"""
    requirements = os.path.join(HERE, f"requirements-{peer}.txt")
    python = python_for_peers()
    with open(requirements, "rb") as f:
        key = hashlib.sha256(python.encode() + f.read()).hexdigest()[:16]
    place = os.path.join(CACHE, f"bench-{peer}-{key}")
    if os.path.exists(os.path.join(place, "done")):
        return place, None
    print(f"bench: installing {peer}", file=sys.stderr)
    shutil.rmtree(place, ignore_errors=True)
    os.makedirs(CACHE, exist_ok=True)
    for step in ([python, "-m", "venv", place],
                 [f"{place}/bin/pip", "install", "-q",
                  "--disable-pip-version-check", "-r", requirements]):
        done = subprocess.run(step, capture_output=True, text=True)
        if done.returncode != 0:
            return place, _reason(done.stdout + done.stderr)
    with open(os.path.join(place, "done"), "w"):
        pass
    return place, None


def _reason(output):
    """The line of a failed command's output that tells most."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for line in lines:
        if "fatal error" in line or "No matching distribution" in line:
            return line[-100:]
    told = [line for line in lines if "rror" in line]
    return (told or lines or ["no output"])[-1][-100:]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def _answers(port, request):
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as s:
            s.settimeout(5)
            s.sendall(request)
            return s.recv(64).startswith(b"HTTP/1.")
    except OSError:
        return False


def until_answers(process, port, request, log):
    """Waits for the first answer; Absent with what was said where none is."""
    end = time.monotonic() + DEADLINE
    while not _answers(port, request):
        ended = process.poll() is not None
        if ended or time.monotonic() > end:
            with open(log, errors="replace") as f:
                reason = _reason(f.read())
            raise Absent(("ended at once: " if ended else
                          "does not answer: ") + reason)
        time.sleep(0.02)


def clean_environment(folder):
    """The same for each start: no caches written, no random hashes."""
    return {"PATH": os.environ["PATH"], "HOME": folder,
            "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}


class Running:
    """A server that runs on a core (None: on all) until stop()."""

    def __init__(self, server, shape, core, folder):
        self.server = server
        self.idle_bytes = 0
        self.port = free_port()
        command = server.command(shape, self.port, folder)
        self.log = os.path.join(folder, server.name.replace(" ", "-"))
        with open(self.log, "wb") as log:
            pinned = [] if core is None else ["taskset", "-c", str(core)]
            self.process = subprocess.Popen(
                [*pinned, *command], cwd=HERE,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
                env=clean_environment(folder))

    def wait(self, request):
        until_answers(self.process, self.port, request, self.log)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            for pid in machine.tree(self.process.pid):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            self.process.wait()


if __name__ == "__main__":
    # For scripts/bench-start: the Python that has the peer.
    try:
        print(environment(sys.argv[1]))
    except Absent as e:
        sys.exit(f"{sys.argv[1]} {e}")
