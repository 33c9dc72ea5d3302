"""What an application sees of the interpreter when the server runs it."""

import json
import os
import re
import signal
import subprocess
import time
import urllib.request

import pytest

DEADLINE = 20
APP = """
import json, multiprocessing, subprocess, sys, traceback
import beside_it
def child():
    return subprocess.run([sys.executable, "-c", "print(6 * 7)"],
                          capture_output=True, text=True).stdout.strip()
def process():
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    p = context.Process(target=theirs.send, args=(7,))
    p.start()
    answer = ours.recv()
    p.join()
    return answer
def trace():
    try:
        json.loads("{")
    except ValueError:
        return traceback.format_exc()
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({
        "argv": sys.argv, "path": sys.path, "child": child(),
        "process": process(), "trace": trace(), "utf8": sys.flags.utf8_mode,
    }).encode()]
"""


@pytest.fixture
def seen(greencorn, tmp_path):
    app = tmp_path / "application"
    (app / "site-packages").mkdir(parents=True)
    (app / "main.py").write_text(APP)
    (app / "site-packages/beside_it.py").touch()
    log = tmp_path / "log"
    env = {"GREENCORN_BIND": "127.0.0.1:0", "PATH": os.environ["PATH"]}
    with open(log, "wb") as out:
        server = subprocess.Popen(
            [greencorn, "--chdir", str(app), "main:app"], env=env,
            cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        address = wait_ready(server, log)
        with urllib.request.urlopen(address, timeout=DEADLINE) as answer:
            yield json.load(answer)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(DEADLINE)


def wait_ready(server, log):
    end = time.monotonic() + DEADLINE
    while True:
        text = log.read_text()
        if "workers serving" in text:
            return re.search(r"Listening at: (http://[\d.:]+)", text)[1]
        assert server.poll() is None and time.monotonic() < end, text
        time.sleep(0.02)


def test_server(seen, tmp_path):
    app = str(tmp_path / "application")
    assert seen["argv"][1:] == ["--chdir", app, "main:app"]
    assert seen["path"][0] == app
    assert f"{app}/site-packages" in seen["path"]
    assert seen["child"] == "42"
    assert seen["process"] == 7
    assert "obj, end = self.scan_once(s, idx)" in seen["trace"]
    assert seen["utf8"] == 1
