"""A steady client counts every request while the server is disturbed.

Half of its threads open a connection for each request, half keep theirs. A
hundred faults; SOAK=1: a thousand. The count of lost requests is printed.
Those inside a worker that was killed are lost with it, and counted apart.
"""

import os
import random
import socket
import threading
import time

import pytest

KINDS = ["sync", "gthread", "sync under init", "gthread under init"]
FAULTS = 1000 if os.environ.get("SOAK") else 100
THREADS = 4
PAUSE = 0.005  # between a thread's requests
PER_CONNECTION = 25

APP = """
import os

def app(environ, start_response):
    body = b"%d %s" % (os.getpid(), environ["QUERY_STRING"].encode())
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""


class Client:
    """Threads that ask until they are told to stop."""

    def __init__(self, port):
        self.port = port
        self.asked = 0
        self.lost, self.with_worker = [], []
        self.killed = {}  # pid: when
        self.told_away = 0  # kept connections that ended while idle
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, args=(n % 2 == 0,), daemon=True)
            for n in range(THREADS)]
        for t in self._threads:
            t.start()

    def end(self):
        self._stop.set()
        for t in self._threads:
            t.join(60)
            assert not t.is_alive()

    def _run(self, keeps):
        connection = None
        while not self._stop.is_set():
            if connection is None:
                connection = Connection(self.port)
            with self._lock:
                self.asked += 1
                number = self.asked
            try:
                goes_on = connection.ask(number, keeps)
            except (OSError, ValueError) as e:
                self._account(connection, number, e)
                goes_on = False
            if not goes_on or not keeps or \
                    connection.n_asked == PER_CONNECTION:
                connection.close()
                connection = None
            time.sleep(PAUSE)

    def _account(self, connection, number, error):
        what = f"request {number}, worker {connection.pid}: {error!r}"
        time.sleep(0.05)  # a kill is noted just after it
        with self._lock:
            recent = any(time.monotonic() - at < 1
                         for at in self.killed.values())
            if connection.pid in self.killed or \
                    (connection.pid is None and recent):
                self.with_worker.append(what)
            else:
                self.lost.append(what)


class Connection:
    def __init__(self, port):
        self.socket = None
        self.port = port
        self.pid = None  # of the worker, once it has answered
        self.n_asked = 0

    def ask(self, number, keeps):
        """Whether another may follow. OSError, ValueError: no answer."""
        if self.socket is None:
            self.socket = socket.create_connection(
                ("127.0.0.1", self.port), timeout=30)
        self.socket.sendall(
            b"GET /?%d HTTP/1.1\r\nHost: x\r\n%s\r\n"
            % (number, b"" if keeps else b"Connection: close\r\n"))
        head, body = self._answer()
        if not head.startswith(b"HTTP/1.1 200 "):
            raise ValueError(head)
        pid, answered = body.split()
        if int(answered) != number:
            raise ValueError(f"{body!r} for {number}")
        self.pid = int(pid)
        self.n_asked += 1
        return b"connection: close" not in head.lower()

    def _answer(self):
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._more(data)
        head, body = data.split(b"\r\n\r\n", 1)
        length = int(head.lower().split(b"content-length:")[1].split()[0])
        while len(body) < length:
            body += self._more(body)
        return head, body

    def _more(self, so_far):
        more = self.socket.recv(65536)
        if not more:
            raise ConnectionError(f"the end after {so_far!r}")
        return more

    def close(self):
        if self.socket is not None:
            self.socket.close()


def pid_as_seen_inside(pid):
    with open(f"/proc/{pid}/status") as f:
        return int(next(line for line in f if line.startswith("NSpid:"))
                   .split()[-1])


class Disturbed:
    """A server on a listener that outlives it, and what is done to it."""

    def __init__(self, serve, until, **settings):
        self.serve, self._until, self.settings = serve, until, settings
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.listener.set_inheritable(True)
        self.port = self.listener.getsockname()[1]
        self.server = None
        self.start()
        self.client = Client(self.port)

    def start(self):
        self.server = self.serve(
            app=APP, env={"GREENCORN_BIND": f"fd://{self.listener.fileno()}"},
            fds=[self.listener.fileno()], **self.settings)

    def until(self, condition, what):
        try:
            self._until(condition, what)
        except AssertionError as e:
            raise AssertionError(f"{e}\n--- log:\n{self.server.log}") \
                from None

    def hup(self):
        old = set(self.server.workers())
        self.server.signal("HUP")
        self.until(lambda: len(set(self.server.workers()) - old) >= 2,
                   "new workers")

    def ttin_ttou(self):
        n = self.server.log.count("Booting worker")
        self.server.signal("TTIN")
        self.server.wait_log("Booting worker", count=n + 1)
        self.server.signal("TTOU")

    def kill_worker(self):
        pid = random.choice(self.server.workers())
        try:
            name = pid_as_seen_inside(pid)
            self.client.killed[name] = time.monotonic()
            self.server.signal("KILL", pid)
        except (FileNotFoundError, ProcessLookupError):
            return  # it was about to leave
        self.client.killed[name] = time.monotonic()
        self.until(lambda: len(self.server.workers()) >= 2, "a new worker")

    def stop_worker(self):
        """For a moment: what it has taken waits for it, nothing is lost."""
        pid = random.choice(self.server.workers())
        try:
            self.server.signal("STOP", pid)
            time.sleep(0.2)
            self.server.signal("CONT", pid)
        except ProcessLookupError:
            pass  # it was about to leave

    def stop_others(self):
        """Those whom others need; the arbiter has nobody without init."""
        pids = self.server.template()
        if self.server.under_init:
            pids = [*pids, self.server.pid]
        for pid in pids:
            try:
                self.server.signal("STOP", pid)
            except ProcessLookupError:
                pass
        time.sleep(0.2)

    def freeze(self):
        """docker pause, and its end."""
        pids = [*self.server.workers(), *self.server.template(),
                self.server.pid]
        for name, order in (("STOP", pids), ("CONT", reversed(pids))):
            for pid in order:
                try:
                    self.server.signal(name, pid)
                except ProcessLookupError:
                    pass
            time.sleep(0.2)

    def kill_template(self):
        # Also those that only wait for their last workers to leave.
        old = self.server.template()
        for pid in old:
            try:
                self.server.signal("KILL", pid)
            except ProcessLookupError:
                pass  # it was one of those
        self.until(lambda: set(self.server.template()) - set(old),
                   "a new template")

    def recycle(self):
        text = "Autorestarting worker"
        self.server.wait_log(text, count=self.server.log.count(text) + 1)

    def usr2(self):
        path = self.server.folder / "run.pid.2"
        old, n = self.server.pid, self.server.log.count("Ready: ")
        self.server.signal("USR2")
        self.server.wait_log("Ready: ", count=n + 1)
        if not self.server.under_init:
            new = int(path.read_text())
            self.server.signal("TERM")
            self.server.wait()
            self.server.follow(new)
        self.until(lambda: self.server.pid != old, "the new arbiter")

    def kill_arbiter(self):
        n = self.server.log.count("Adopting")
        self.server.signal("KILL", self.server.pid)
        self.server.wait_log("Adopting", count=n + 1)

    def restart(self):
        self.server.signal("TERM")
        assert self.server.wait() == 0
        self.start()


def faults_of(d):
    often = [d.hup, d.ttin_ttou, d.kill_worker, d.recycle]
    seldom = [d.usr2, d.kill_template, d.stop_worker, d.stop_others, d.freeze]
    seldom.append(d.kill_arbiter if d.server.under_init else d.restart)
    # Each of them at least once.
    n = FAULTS // len(KINDS)
    chosen = (often * 4 + seldom) * (n // 22 + 1)
    chosen = [*often, *seldom, *random.sample(chosen, n)][:n]
    random.shuffle(chosen)
    return chosen


@pytest.mark.parametrize("kind", KINDS)
def test_no_request_is_lost(serve, until, capsys, kind):
    seed = random.randrange(2 ** 32)
    random.seed(seed)
    d = Disturbed(serve, until, init="init" in kind, workers=2,
                  worker_class=kind.split()[0], keepalive=30,
                  threads=2 if "gthread" in kind else 1,
                  max_requests=300, max_requests_jitter=100,
                  pidfile="run.pid")
    started = time.monotonic()
    faults = faults_of(d)
    for fault in faults:
        fault()
    d.client.end()
    with capsys.disabled():
        print(f"\n{kind}, seed {seed}: {len(faults)} faults in "
              f"{time.monotonic() - started:.0f} s, {d.client.asked} requests,"
              f" {len(d.client.lost)} lost, {len(d.client.with_worker)} with "
              f"a killed worker")
    assert d.client.lost == []
    assert d.client.asked > 10 * len(faults)


SIGNALS = ["HUP"] * 3 + ["TTIN", "TTOU", "TTOU", "USR1", "WINCH"]
STORM_S = 60 if os.environ.get("SOAK") else 6


@pytest.mark.parametrize("kind", KINDS)
def test_signals_in_a_storm(serve, until, capsys, kind):
    """The next one comes before the last is done with."""
    seed = random.randrange(2 ** 32)
    random.seed(seed)
    init = "init" in kind
    d = Disturbed(serve, until, init=init, workers=2,
                  worker_class=kind.split()[0], keepalive=30,
                  threads=2 if "gthread" in kind else 1, max_requests=100)
    n, end = 0, time.monotonic() + STORM_S
    while time.monotonic() < end:
        try:
            d.server.signal(random.choice(SIGNALS + ["USR2"] * init))
        except AssertionError:
            pass  # no arbiter just now
        n += 1
        time.sleep(random.choice([0, 0.001, 0.01, 0.05, 0.2, 0.5]))
    d.server.signal("HUP")
    d.until(lambda: len(d.server.workers()) == 2 and
            len(d.server.template()) == 1, "two workers, one template")
    d.client.end()
    with capsys.disabled():
        print(f"\n{kind}, seed {seed}: {n} signals, {d.client.asked} requests,"
              f" {len(d.client.lost)} lost")
    assert d.client.lost == []
    assert "SIGKILL" not in d.server.log, d.server.log
    d.server.signal("TERM")
    assert d.server.wait() == 0
