"""statsd: every metric of Gunicorn, with its name and form."""

import re
import socket

import pytest

APP = """
import logging, time
def app(environ, start_response):
    if environ["PATH_INFO"] == "/raise":
        raise ValueError("no")
    if environ["PATH_INFO"] == "/slow":
        time.sleep(0.05)
    status = "404 No" if environ["PATH_INFO"] == "/none" else "200 OK"
    start_response(status, [("Content-Length", "1")])
    return [b"x"]
"""


class Receiver:
    def __init__(self, path=None):
        if path:
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self.socket.bind(str(path))
            self.address = f"unix://{path}"
        else:
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.socket.bind(("127.0.0.1", 0))
            self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.socket.setblocking(False)
        self.seen = []

    def metrics(self):
        try:
            while True:
                data = self.socket.recv(65536)
                assert len(data) <= 8192
                self.seen += data.decode().split("\n")
        except BlockingIOError:
            pass
        return self.seen

    def total(self, name):
        """The sum of a counter."""
        return sum(int(m[1]) for m in (
            re.fullmatch(rf"{re.escape(name)}:(\d+)\|c\|@1\.0.*", line)
            for line in self.metrics()) if m)


@pytest.fixture(params=["udp", "unix"])
def receiver(request, tmp_path):
    r = Receiver(tmp_path / "statsd" if request.param == "unix" else None)
    yield r
    r.socket.close()


def test_requests_and_workers(serve, until, receiver):
    s = serve(app=APP, statsd_host=receiver.address, workers=2)
    for _ in range(20):
        assert s.get("/").status == 200
    assert s.get("/none").status == 404
    assert s.get("/slow").status == 200
    until(lambda: receiver.total("gunicorn.requests") >= 22, "requests")
    assert receiver.total("gunicorn.requests") == 22
    assert receiver.total("gunicorn.request.status.200") == 21
    assert receiver.total("gunicorn.request.status.404") == 1
    durations = [float(m[1]) for m in (
        re.fullmatch(r"gunicorn\.request\.duration:(\d+\.\d{3})\|ms", line)
        for line in receiver.metrics()) if m]
    assert len(durations) == 22
    assert 50 <= max(durations) < 5000 and min(durations) < 50
    assert "gunicorn.workers:2|g" in receiver.metrics()
    s.signal("TTIN")
    until(lambda: "gunicorn.workers:3|g" in receiver.metrics(), "a worker")


def test_what_is_logged(serve, until):
    r = Receiver()
    s = serve(app=APP, statsd_host=r.address)
    pid, = s.workers()
    assert s.get("/raise").status == 500
    until(lambda: r.total("gunicorn.log.exception") == 1, "an exception")
    s.signal("KILL", pid)
    until(lambda: r.total("gunicorn.log.error") >= 1, "an error")
    until(lambda: r.total("gunicorn.request.status.500") <= 1, "a status")


def test_prefix_tags_and_backlog(serve, until):
    r = Receiver()
    s = serve(app=APP, statsd_host=r.address, statsd_prefix="shop..",
              dogstatsd_tags="a:b,c:d", enable_backlog_metric="yes")
    assert s.get("/").status == 200
    until(lambda: r.total("shop.gunicorn.requests") == 1, "a request")
    assert all(m.startswith("shop.gunicorn.") and m.endswith("|#a:b,c:d")
               for m in r.metrics())
    until(lambda: "shop.gunicorn.backlog:0|h|#a:b,c:d" in r.metrics(),
          "the backlog")


def test_what_applications_send(serve, until):
    r = Receiver()
    serve(app=APP, statsd_host=r.address, statsd_prefix="p", conf="""
def post_worker_init(worker):
    log = worker.log
    log.info("", extra={"metric": "a", "value": 0, "mtype": "gauge"})
    log.debug("x", extra={"metric": "b", "value": 1.5, "mtype": "timer"})
    log.log("info", "y", extra={"metric": "c", "value": 2, "mtype": "counter"})
    log.histogram("d", 3)
    log.decrement("e", 4, sampling_rate=0.5)
    log.warning("careful")
""")
    want = {"p.a:0|g", "p.b:1.5|ms", "p.c:2|c|@1.0", "p.d:3|h",
            "p.e:-4|c|@0.5", "p.gunicorn.log.warning:1|c|@1.0"}
    until(lambda: want <= set(r.metrics()), "all of them")


def test_the_end_loses_nothing(serve):
    r = Receiver()
    s = serve(app=APP, statsd_host=r.address)
    for _ in range(5):
        s.get("/")
    s.signal("TERM")
    assert s.wait() == 0
    assert r.total("gunicorn.requests") == 5


def test_nobody_there_disturbs_nobody(serve):
    for address in ("127.0.0.1:1", "unix:///no/such/socket",
                    "no-such-host.invalid:8125"):
        s = serve(app=APP, statsd_host=address)
        assert s.get("/").status == 200
        assert ("No metrics go to statsd at no-such-host.invalid:8125"
                in s.log) == ("invalid" in address)
        s.signal("TERM")
        assert s.wait() == 0


def test_bad_addresses_are_refused(serve):
    for address in ("a:b", "unix:", "h:99999", "http://a"):
        s = serve(statsd_host=address, ready=False)
        assert s.wait() == 1
        assert s.log == (
            f"GREENCORN_STATSD_HOST: statsd_host is '{address}', but must be "
            "HOST:PORT or unix://PATH\n")


def test_a_reload_takes_another_server(serve, until):
    a, b = Receiver(), Receiver()
    s = serve(app=APP, conf=f"statsd_host = {a.address!r}\n")
    s.get("/")
    until(lambda: a.total("gunicorn.requests") == 1, "a request")
    s.write("gunicorn.conf.py", f"statsd_host = {b.address!r}\n")
    s.signal("HUP")
    s.wait_log("Worker exiting")
    until(lambda: s.get("/").status == 200 and
          b.total("gunicorn.requests") > 0, "a request")
    until(lambda: "gunicorn.workers:1|g" in b.metrics(), "the workers")
