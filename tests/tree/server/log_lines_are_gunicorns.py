"""The lines that users of Gunicorn look for, in its words and levels."""

import json
import re
from datetime import datetime, timedelta, timezone

import pytest

FAILS = """
def app(environ, start_response):
    if environ["PATH_INFO"] == "/deep":
        return deep(0)
    if environ["PATH_INFO"] == "/fake":
        raise ValueError("x\\n[2026-01-01 00:00:00 +0000] [1] [INFO] fake")
    raise ValueError("no")

def deep(n):
    return deeper(n)

def deeper(n):
    return deep(n + 1)
"""
STAMP = r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}\] "


def _line(log, level, text):
    assert re.search(rf"^{STAMP}\[\d+\] \[{level}\] {text}", log, re.M), log


def test_a_life_from_start_to_end(serve):
    s = serve()
    pid, = s.workers()
    s.signal("HUP")
    s.wait_log(f"Worker exiting (pid: {pid})")
    s.signal("TERM")
    assert s.wait() == 0
    _line(s.log, "INFO", r"Starting greencorn \d")
    _line(s.log, "INFO",
          rf"Listening at: http://127\.0\.0\.1:{s.port} \({s.pid}\)$")
    _line(s.log, "INFO", "Using worker: sync")
    _line(s.log, "INFO", rf"Booting worker with pid: {pid}$")
    _line(s.log, "INFO", "Handling signal: hup$")
    _line(s.log, "INFO", "Hang up: Master$")
    _line(s.log, "INFO", rf"Worker exiting \(pid: {pid}\)$")
    _line(s.log, "INFO", "Handling signal: term$")
    _line(s.log, "INFO", "Shutting down: Master$")


def test_stamps_are_local_time(serve):
    for zone, offset in [("Asia/Kathmandu", "+0545"), ("XYZ3:30", "-0330")]:
        s = serve(env={"TZ": zone}, accesslog="-")
        assert s.get("/").status == 200
        s.signal("TERM")
        assert s.wait() == 0
        wall = datetime.now(timezone.utc).astimezone(timezone(timedelta(
            minutes=int(offset[0] + "1") *
            (int(offset[1:3]) * 60 + int(offset[3:])))))
        hours = {(wall - timedelta(minutes=m)).strftime("%Y-%m-%d %H:")
                 for m in (0, 1)}
        stamps = re.findall(r"^\[(\d{4}-\d\d-\d\d \d\d:)\d\d:\d\d (.*?)\]",
                            s.log, re.M)
        assert len(stamps) > 5 and {z for _, z in stamps} == {offset}
        assert {h for h, _ in stamps} <= hours
        line, = re.findall(r"- - \[(.*?)\] \"GET", s.log)
        assert datetime.strptime(line, "%d/%b/%Y:%H:%M:%S %z").timestamp() \
            == pytest.approx(wall.timestamp(), abs=60)
        assert line.endswith(f" {offset}")


def test_deaths_of_workers(serve):
    s = serve()
    pid, = s.workers()
    s.signal("KILL", pid)
    s.wait_log("Booting worker with pid", count=2)
    _line(s.log, "ERROR",
          rf"Worker \(pid:{pid}\) was sent SIGKILL! Perhaps out of memory\?$")
    s.wait_log("Ready: ")
    # The second worker is ready when it answers.
    assert s.get("/").status == 200
    pid, = s.workers()
    s.signal("SEGV", pid)
    s.wait_log("was sent SIGSEGV!")


def test_a_failing_request(serve):
    s = serve(app=FAILS)
    assert s.get("/a?b=1").status == 500
    s.wait_log("ValueError: no")
    _line(s.log, "ERROR", r"Error handling request /a\?b=1$")
    _line(s.log, "ERROR", r"Traceback \(most recent call last\):$")


def test_a_message_cannot_make_a_line_of_its_own(serve):
    s = serve(app=FAILS)
    assert s.get("/fake").status == 500
    s.wait_log("[INFO] fake")
    assert not re.search(rf"^{STAMP}\[1\] \[INFO\] fake", s.log, re.M)


def test_a_traceback_has_an_end(serve):
    s = serve(app=FAILS)
    assert s.get("/deep").status == 500
    s.wait_log("RecursionError: ")
    assert "the middle of this traceback is left out" in s.log
    assert len(s.log) < 300_000


def test_a_traceback_is_one_object(serve):
    s = serve(app=FAILS, log_format="json", ready=False)
    s.wait_log("ARBITER_READY")
    assert s.get("/").status == 500
    assert s.get("/deep").status == 500
    s.wait_log("RecursionError: ")
    lines = [json.loads(line) for line in s.log.splitlines()]
    bodies = [line["body"] for line in lines]
    one, = [b for b in bodies if "ValueError: no" in b]
    assert one.startswith("Traceback (most recent call last):\n  File ")
    deep, = [b for b in bodies if "RecursionError: " in b]
    assert deep.startswith("Traceback") and "\n...\n" in deep
    assert deep.splitlines()[-1].startswith("RecursionError: ")
