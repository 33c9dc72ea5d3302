"""syslog, with receivers of every kind, and Gunicorn's form of a line."""

import re
import socket
import time

import pytest


class Receiver:
    """What comes to a socket, as lines."""

    def __init__(self, kind, path):
        family = socket.AF_INET if kind in ("udp", "tcp") else socket.AF_UNIX
        self.stream = kind in ("tcp", "unix")
        self.socket = socket.socket(
            family, socket.SOCK_STREAM if self.stream else socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0) if family == socket.AF_INET
                         else str(path))
        self.address = f"unix://{path}" if family == socket.AF_UNIX else \
            f"{kind}://127.0.0.1:{self.socket.getsockname()[1]}"
        if kind == "dgram":
            self.address += "#dgram"
        if self.stream:
            self.socket.listen()
        self.socket.setblocking(False)
        self.peers = []
        self.text = ""

    def lines(self):
        if self.stream:
            try:
                self.peers.append(self.socket.accept()[0])
                self.peers[-1].setblocking(False)
            except BlockingIOError:
                pass
        for s in self.peers if self.stream else [self.socket]:
            try:
                while data := s.recv(65536):
                    self.text += data.decode()
                    self.text += "" if self.stream else "\n"
            except BlockingIOError:
                pass
        return self.text.splitlines()


@pytest.fixture(params=["udp", "tcp", "unix", "dgram"])
def receiver(request, tmp_path):
    r = Receiver(request.param, tmp_path / "syslog")
    yield r
    for s in [r.socket, *r.peers]:
        s.close()


def test_both_logs_go_there(serve, until, receiver):
    s = serve(syslog="yes", syslog_addr=receiver.address,
              syslog_facility="local3", app="""
import logging
def app(environ, start_response):
    logging.getLogger("gunicorn.error").warning("said")
    start_response("200 OK", [("Content-Length", "1")])
    return [b"x"]
""")
    pid, = s.workers()
    assert s.get("/a").status == 200
    until(lambda: any('"GET /a ' in l for l in receiver.lines()), "a request")
    s.signal("TERM")
    assert s.wait() == 0
    lines = receiver.lines()

    def has(pattern):
        assert any(re.fullmatch(pattern, l) for l in lines), (pattern, lines)
    has(rf"<158>gunicorn\.app\.app\.error: \[{s.pid}\] Starting greencorn .*")
    has(rf"<158>gunicorn\.app\.app\.error: \[{pid}\] Booting worker with "
        rf"pid: {pid}")
    has(rf"<156>gunicorn\.app\.app\.error: \[{pid}\] said")
    has(rf'<158>gunicorn\.app\.app\.access: \[{pid}\] 127\.0\.0\.1 - - '
        r'\[.*\] "GET /a HTTP/1.1" 200 1 "-" ".*"')
    has(rf"<158>gunicorn\.app\.app\.error: \[{s.pid}\] Shutting down: Master")
    # They are in the log as well, the requests are not.
    assert "[INFO] Starting greencorn" in s.log and "GET /a" not in s.log


def test_a_prefix_and_no_requests(serve, until, tmp_path):
    r = Receiver("udp", None)
    s = serve(syslog="yes", syslog_addr=r.address, syslog_prefix="shop",
              disable_redirect_access_to_syslog="yes", accesslog="-",
              log_format="json", ready=False)
    s.wait_log("ARBITER_READY")
    assert s.get("/a").status == 200
    s.wait_log('"url.path":"/a"')
    s.signal("TERM")
    assert s.wait() == 0
    lines = r.lines()
    assert lines and all(re.match(r"<14>gunicorn\.shop\.error: \[\d+\] ", l)
                         for l in lines), lines
    assert any(l.endswith("] Handling signal: term") for l in lines)


def test_nobody_there_disturbs_nobody(serve):
    for address in ("udp://127.0.0.1:1", "tcp://127.0.0.1:1",
                    "unix:///no/such/socket"):
        began = time.monotonic()
        s = serve(syslog="yes", syslog_addr=address)
        assert s.get("/").status == 200
        s.signal("TERM")
        assert s.wait() == 0
        assert time.monotonic() - began < 10


def test_a_name_that_is_not_found_is_said(serve):
    s = serve(syslog="yes", syslog_addr="udp://no-such-host.invalid:514")
    assert re.search(r"\[WARNING\] No lines go to syslog at "
                     r"udp://no-such-host\.invalid:514: ", s.log)


def test_bad_addresses_are_refused(serve):
    for address in ("localhost", "udp:/x", "unix://", "unix:///x#stream",
                    "udp://h:port"):
        s = serve(syslog_addr=address, ready=False)
        assert s.wait() == 1
        assert s.log.startswith(
            f"GREENCORN_SYSLOG_ADDR: syslog_addr is '{address}', but must be")


def test_a_reload_ends_it(serve, until):
    r = Receiver("udp", None)
    conf = f"syslog = %s\nsyslog_addr = {r.address!r}\n"
    s = serve(conf=conf % True)
    until(r.lines, "lines")
    s.write("gunicorn.conf.py", conf % False)
    s.signal("HUP")
    s.wait_log("Worker exiting")
    s.get("/")
    r.text = ""
    r.lines()
    r.text = ""
    assert s.get("/").status == 200
    s.signal("TERM")
    assert s.wait() == 0
    assert not any("Handling signal: term" in l for l in r.lines())
