"""EMFILE, ENOMEM and processes that cannot be: what runs goes on, what could
not be is tried again, and nobody has to help."""

import errno
import os
import resource
import socket
import subprocess
import threading

import pytest

APP = """
import os
import threading

held = []

def app(environ, start_response):
    path = environ["PATH_INFO"]
    body = b"ok"
    if path == "/hold":
        try:
            while True:
                held.append(os.open("/dev/null", os.O_RDONLY))
        except OSError as e:
            body = str(e.errno).encode()
    elif path == "/free":
        while held:
            os.close(held.pop())
    elif path == "/fill":
        try:
            while True:
                held.append(bytearray(1 << 20))
        except MemoryError:
            body = b"full"
    elif path == "/empty":
        held.clear()
    elif path == "/upload":
        body = b"%d" % len(environ["wsgi.input"].read())
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""


def ask(c, path="/"):
    c.sendall(b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % path.encode())
    data = b""
    while b"\r\n\r\n" not in data:
        data += c.recv(4096) or pytest.fail("no answer")
    head, body = data.split(b"\r\n\r\n", 1)
    assert head.startswith(b"HTTP/1.1 200"), head
    n = int(head.lower().split(b"content-length: ")[1].split()[0])
    while len(body) < n:
        body += c.recv(4096)
    return body


def limited(pid, what, n):
    """The soft limit alone: the hard one may not be raised again."""
    hard = resource.prlimit(pid, what)[1]
    resource.prlimit(pid, what, (n, hard))


@pytest.mark.parametrize("worker_class", ["sync", "gthread"])
def test_descriptors_of_a_worker(serve, until, worker_class):
    s = serve(app=APP, workers=1, worker_class=worker_class, keepalive=60)
    worker, = s.workers()
    kept = socket.create_connection(("127.0.0.1", s.port), 20)
    assert ask(kept) == b"ok"
    limited(worker, resource.RLIMIT_NOFILE,
            len(os.listdir(f"/proc/{worker}/fd")) + 20)
    assert ask(kept, "/hold") == str(errno.EMFILE).encode()
    # Those that come now wait at the listener.
    waiting = [socket.create_connection(("127.0.0.1", s.port), 20)
               for _ in range(5)]
    for c in waiting:
        c.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert ask(kept) == b"ok"
    assert used(worker) < 0.5, "it spins"
    assert ask(kept, "/free") == b"ok"
    for c in waiting:
        assert c.recv(4096).startswith(b"HTTP/1.1 200")
    assert s.workers() == [worker]


def test_descriptors_that_never_come_back(serve, until):
    s = serve(app=APP, workers=1, keepalive=60)
    leaky, = s.workers()
    kept = socket.create_connection(("127.0.0.1", s.port), 20)
    assert ask(kept) == b"ok"
    limited(leaky, resource.RLIMIT_NOFILE,
            len(os.listdir(f"/proc/{leaky}/fd")) + 20)
    assert ask(kept, "/hold") == str(errno.EMFILE).encode()
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(s.get("/")),
                                daemon=True) for _ in range(5)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(20)
    assert [a.status for a in answers] == [200] * 5
    s.wait_log("another worker takes this one's place")
    assert ask(kept) == b"ok"
    until(lambda: leaky not in s.workers(), "its end")
    assert s.get("/").status == 200


def test_a_sibling_has_descriptors(serve):
    s = serve(app=APP, workers=2, keepalive=60)
    kept = socket.create_connection(("127.0.0.1", s.port), 20)
    assert ask(kept) == b"ok"
    for worker in s.workers():
        limited(worker, resource.RLIMIT_NOFILE,
                len(os.listdir(f"/proc/{worker}/fd")) + 20)
    assert ask(kept, "/hold") == str(errno.EMFILE).encode()
    for _ in range(30):
        assert s.get("/").status == 200


def used(pid):
    """Its share of a processor, within half a second."""
    def ticks():
        with open(f"/proc/{pid}/stat") as f:
            return sum(map(int, f.read().rsplit(")", 1)[1].split()[11:13]))
    before = ticks()
    threading.Event().wait(0.5)
    return (ticks() - before) / os.sysconf("SC_CLK_TCK") / 0.5


@pytest.mark.parametrize("init", [False, True])
def test_descriptors_of_the_arbiter(serve, until, init):
    """No link, no bell, no pipe: a reload fails, a death is mended later."""
    s = serve(app=APP, workers=2, init=init)
    open_now = len(os.listdir(f"/proc/{s.pid}/fd"))
    limited(s.pid, resource.RLIMIT_NOFILE, open_now)
    old = s.workers()
    s.signal("HUP")
    s.wait_log("[ERROR]" if "[ERROR]" in s.log else "Handling signal: hup")
    assert s.get("/").status == 200
    os.kill(old[0], 9)
    until(lambda: len(set(s.workers()) - {old[0]}) == 2, "a new worker")
    os.kill(s.template()[0], 9)
    assert s.get("/").status == 200
    limited(s.pid, resource.RLIMIT_NOFILE, 1024)
    until(lambda: s.template(), "a template")
    s.signal("HUP")
    until(lambda: len(s.workers()) == 2 and not set(old) & set(s.workers()),
          "new workers")
    assert s.get("/").status == 200
    s.signal("TERM")
    assert s.wait() == 0


def test_memory_of_a_worker(serve, until):
    s = serve(app=APP, workers=1)
    worker, = s.workers()
    with open(f"/proc/{worker}/statm") as f:
        size = int(f.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    limited(worker, resource.RLIMIT_AS, size + (64 << 20))
    kept = socket.create_connection(("127.0.0.1", s.port), 20)
    assert ask(kept, "/fill") == b"full"
    statuses = []
    for _ in range(20):
        try:
            statuses.append(s.get("/", timeout=5).status)
        except OSError:
            statuses.append(0)
    assert ask(kept, "/empty") == b"ok"
    for _ in range(20):
        assert s.get("/").status == 200
    assert s.workers() == [worker], statuses


def test_processes(serve, until, tmp_path):
    """fork fails (RLIMIT_NPROC, so not as root): the others serve on."""
    if os.geteuid() != 0:
        pytest.skip("needs root to become another user")
    os.chmod(tmp_path, 0o777)
    for parent in tmp_path.parents:
        if str(parent).startswith("/tmp/"):
            os.chmod(parent, 0o755)
    other = ["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups"]

    def forks(pid, n):
        subprocess.run([*other, "prlimit", f"--nproc={n}:", f"--pid={pid}"],
                       check=True, timeout=20)

    s = serve(app=APP, workers=2, wrapped=other)
    template, = s.template()
    for pid in (template, s.pid):
        forks(pid, 1)
    gone = s.workers()[0]
    os.kill(gone, 9)
    s.wait_log("Cannot start a worker")
    assert s.get("/").status == 200
    forks(template, 1000)
    until(lambda: len(s.workers()) == 2, "a worker")
    os.kill(template, 9)
    s.wait_log("template")
    assert s.get("/").status == 200
    s.wait_log("Cannot start or talk to a template: Resource temp")
    forks(s.pid, 1000)
    until(lambda: s.template(), "a template", 30)
    s.signal("TERM")
    assert s.wait() == 0
