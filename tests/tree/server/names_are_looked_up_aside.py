"""A name server that does not answer holds up nobody who supervises."""

import os
import socket
import threading
import time

import pytest

APP = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""

RESOLVER = "127.0.0.77"


class Names:
    """A name server for *.example: silent until it is told to answer."""

    def __init__(self, folder):
        self.asked = 0
        self.answers = False
        self.conf = folder / "resolv.conf"
        self.conf.write_text(f"nameserver {RESOLVER}\n")
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((RESOLVER, 53))
        self._socket.settimeout(0.1)
        self._closed = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while not self._closed:
            try:
                query, peer = self._socket.recvfrom(512)
            except TimeoutError:
                continue
            self.asked += 1
            if self.answers:
                self._socket.sendto(self._answer(query), peer)

    @staticmethod
    def _answer(query):
        """127.0.0.1 for A, nothing for AAAA."""
        is_a = query[-4:-2] == b"\0\1"
        record = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4\x7f\0\0\1" if is_a else b""
        return query[:2] + b"\x81\x80\0\1" + (b"\0\1" if is_a else b"\0\0") + \
            b"\0\0\0\0" + query[12:] + record

    def close(self):
        self._closed = True
        self._thread.join(5)
        self._socket.close()


@pytest.fixture
def names(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("needs root for port 53 and a mount")
    n = Names(tmp_path)
    yield n
    n.close()


def wrapped(names):
    return ["unshare", "--mount", "sh", "-c",
            f"mount --bind {names.conf} /etc/resolv.conf && exec \"$@\"", "sh"]


def udp():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("127.0.0.1", 0))
    s.settimeout(0.3)
    return s


def test_start_reload_and_deaths_go_on(serve, until, names):
    began = time.monotonic()
    s = serve(app=APP, conf="", workers=2, wrapped=wrapped(names),
              statsd_host="metrics.example:8125", syslog="true",
              syslog_addr="udp://logs.example:514")
    assert time.monotonic() - began < 3
    assert names.asked
    old = set(s.workers())
    s.signal("HUP")
    began = time.monotonic()
    until(lambda: len(s.workers()) == 2 and not old & set(s.workers()),
          "new workers")
    os.kill(s.workers()[0], 9)
    s.wait_log("was sent SIGKILL")
    until(lambda: len(s.workers()) == 2, "another worker")
    assert time.monotonic() - began < 4
    began = time.monotonic()
    s.signal("TERM")
    assert s.wait() == 0
    assert time.monotonic() - began < 5


def test_what_is_found_late_is_used(serve, until, names):
    metrics, logs = udp(), udp()
    s = serve(app=APP, wrapped=wrapped(names),
              statsd_host=f"metrics.example:{metrics.getsockname()[1]}",
              syslog="true",
              syslog_addr=f"udp://logs.example:{logs.getsockname()[1]}")
    names.answers = True
    until(lambda: b"gunicorn.workers:" in said_to(metrics, s),
          "a gauge of the arbiter")
    until(lambda: b"Handling signal: tt" in said_to(logs, s),
          "a line of the arbiter")
    # The template and the worker that it has forked each look it up.
    s.signal("HUP")
    until(lambda: b"Booting worker" in said_to(logs, s),
          "a line of a worker")


def said_to(receiver, s):
    """All that comes, when something happens to the number of workers."""
    s.signal("TTIN")
    s.signal("TTOU")
    said = b""
    try:
        while True:
            said += receiver.recv(8192) + b"\n"
    except TimeoutError:
        return said
