"""Configuration files as people publish them (data/), with the packages they
are written for."""

import http.client
import os
import pathlib
import re
import shutil
import signal
import socket
import time
import urllib.request

import pytest

DATA = pathlib.Path(__file__).parent / "data"


@pytest.fixture
def published(serve, packages, tmp_path):
    """published(name, ...): serve with data/name.conf.py and its _app.py."""
    def start(name, *args, env=None, **kw):
        for file in DATA.glob(f"{name}*.py"):
            shutil.copy(file, tmp_path)
        args = args or ("-c", f"{name}.conf.py", f"{name}_app:app")
        return serve(*args, env={"PYTHONPATH": str(packages), **(env or {})},
                     **kw)
    return start


def _free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def _stopped(s):
    s.signal("TERM")
    assert s.wait() == 0
    return s.log


def test_prometheus(published, until, tmp_path):
    port = _free_port()
    s = published("prometheus", env={
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics"),
        "METRICS_PORT": str(port)})
    s.wait_log("metrics at port")
    answered = set()
    until(lambda: answered.add(s.get("/buy").body) or len(answered) == 2,
          "answers of both workers", deadline=10)

    def metrics():
        with urllib.request.urlopen(f"http://127.0.0.1:{port}") as r:
            text = r.read().decode()
        return (float(re.search(r'^requests_total{path="/buy"} (.*)$', text,
                                re.M)[1]),
                float(re.search(r"^alive (.*)$", text, re.M)[1]))

    sold, alive = metrics()
    assert sold >= 2 and alive == 2
    gone = s.workers()[0]
    os.kill(gone, 9)
    s.wait_log(f"forgot {gone}")
    until(lambda: len(set(s.workers()) - {gone}) == 2, "two workers")
    until(lambda: metrics() == (sold, 2), "the sum of the living")
    assert not list((tmp_path / "metrics").glob(f"gauge_live*_{gone}.db"))


def test_sentry(published, until, tmp_path):
    s = published("sentry")
    assert s.get("/broken?a=b").status == 500
    out = tmp_path / "sentry.out"
    until(lambda: out.exists() and b"caught by sentry" in out.read_bytes(),
          "the event")
    event = out.read_bytes()
    assert b"ZeroDivisionError" in event and b"/broken" in event
    assert any(b'"worker_pid":%d' % pid in event.replace(b": ", b":")
               for pid in s.workers())
    _stopped(s)


def test_opentelemetry(published, until, tmp_path):
    s = published("opentelemetry")
    assert s.log.count("Worker spawned (pid: ") == 2
    for i in range(5):
        assert s.get(f"/{i}").status == 200
    _stopped(s)  # the last spans leave with their worker
    spans = (tmp_path / "spans.out").read_text()
    assert spans.count('"name": "buy"') == 5
    assert spans.count('"service.name": "shop"') == 5


def test_a_tracer(published, until):
    s = published("tracer", threads=2, env={"OTHER_PORT": "0"}, ready=False)
    s.end()
    port = s.port
    s = published("tracer", threads=2, workers=1,
                  env={"OTHER_PORT": str(port),
                       "GREENCORN_BIND": f"127.0.0.1:{port}"})
    s.port = port
    worker = s.workers()[0]
    assert s.get("/out").body == f"shop-{worker}".encode()
    s.wait_log(f"trace=shop-{worker} /in -> 200")
    s.wait_log("trace=none /out -> 200")


def test_a_custom_logger(published, until, tmp_path):
    s = published("custom_logger")
    s.get("/healthz")
    s.get("/shop", headers={"X-Request-Id": "id-7"})
    s.get("/slow")
    until(lambda: s.log.count("|WARNING|slow: /slow") == 1, "a warning")
    _stopped(s)
    lines = (tmp_path / "access.log").read_text().splitlines()
    assert lines == ['127.0.0.1 id-7 "GET /shop HTTP/1.1" 200 2',
                     '127.0.0.1 none "GET /slow HTTP/1.1" 200 2']


def test_json_logs(published, until):
    import json

    s = published("json_logs", ready=False)
    until(lambda: s.workers(), "a worker")
    until(lambda: s.get("/sell").status == 200, "an answer")
    until(lambda: '"gunicorn.access"' in s.log, "the request's line")
    found = [json.loads(line) for line in s.log.splitlines()
             if line.startswith("{")]
    access, = [o for o in found if o["name"] == "gunicorn.access"]
    assert access["message"] == "GET /sell 200"
    assert access["severity"] == "INFO" and access["service"] == "shop"
    shop, = [o for o in found if o["name"] == "shop"]
    assert shop["item"] == 7 and shop["process"] == s.workers()[0]


def test_a_thread_that_refreshes(published, until):
    s = published("refresher")
    first = s.workers()[0]
    until(lambda: int(s.get("/").body) > 0, "something fresh")
    until(lambda: s.get("/").status and first not in s.workers(),
          "the first one's end")
    s.wait_log(f"refresher of {first} ended: True")
    assert f"Worker {first} has served enough" in s.log
    assert s.get("/").status == 200


def test_stacks_of_a_stuck_worker(published, until):
    s = published("stacks", workers=1)
    worker = s.workers()[0]
    try:
        s.get("/stuck", timeout=5)
    except (OSError, http.client.HTTPException):
        pass
    s.wait_log("was sent SIGABRT!")
    assert "worker received SIGABRT signal" in s.log
    assert "in wait_for_ever" in s.log
    assert "# abort: thread sleeper" in s.log
    again = until(lambda: [w for w in s.workers() if w != worker],
                  "another")[0]
    s.wait_log("Booting worker", count=2)
    until(lambda: s.get("/").status == 200, "an answer")
    os.kill(again, signal.SIGINT)
    s.wait_log("# int: thread MainThread")


def test_a_scheduler_in_the_master(published, until, tmp_path):
    s = published("scheduler")
    s.wait_log("threads of 2: 0")
    ticks = tmp_path / "ticks.out"
    began = time.monotonic()
    until(lambda: ticks.exists() and ticks.read_text().count("tick") >= 5,
          "ticks")
    assert ticks.read_text().count("tick") < 10 * (
        time.monotonic() - began) + 20  # one clock, not three
    assert "scheduler stopped" in _stopped(s)


def test_ready_for_a_proxy(published, until, tmp_path):
    s = published("proxy_ready", env={"GREENCORN_BIND": "unix:nginx.socket"},
                  ready=False)
    flag = tmp_path / "app-initialized"
    until(flag.exists, "the file of when_ready")
    with socket.socket(socket.AF_UNIX) as c:
        c.connect(str(tmp_path / "nginx.socket"))
        c.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                  b"X-Forwarded-Proto: https\r\n\r\n")
        answer = b"".join(iter(lambda: c.recv(4096), b""))
    assert answer.endswith(b"https")
    s.signal("TTIN")
    s.wait_log("workers: 3 -> 4")
    _stopped(s)
    assert not flag.exists()


def test_a_standalone_application(published, until):
    s = published("standalone", "python", "standalone.py", "--greeting",
                  "moin")
    assert s.get("/").body == b"moin"
    s.wait_log("tool is ready with 2 workers")
    until(lambda: '"GET / HTTP/1.1" 200 4' in s.log, "the request's line")
    s.signal("HUP")
    s.wait_log("Worker exiting", count=2)
    assert s.get("/").body == b"moin"
