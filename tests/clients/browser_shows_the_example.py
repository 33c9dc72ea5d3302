"""A real browser, without a window, on the example application.

In the long version only (make soak): the browser is the largest package that
any test wants.
"""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.request

import pytest

from conftest import wire

ROOT = pathlib.Path(__file__).resolve().parents[2]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Relay:
    """Hands bytes on both ways and remembers what was asked for."""

    def __init__(self, port):
        self.port, self.asked = port, b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client = self.listener.accept()[0]
            server = socket.create_connection(("127.0.0.1", self.port))
            for pair in (client, server, True), (server, client, False):
                threading.Thread(target=self.pump, args=pair,
                                 daemon=True).start()

    def pump(self, source, sink, keep):
        try:
            while data := source.recv(65536):
                self.asked += data if keep else b""
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def paths(self):
        return set(re.findall(rb"^(?:GET|POST) (\S+) HTTP/1.1\r$", self.asked,
                              re.MULTILINE))


@pytest.fixture(scope="module")
def relay(tmp_path_factory):
    port = free_port()
    log_path = tmp_path_factory.mktemp("example") / "log"
    with open(log_path, "wb") as log:
        process = subprocess.Popen(
            [ROOT / "scripts/run"], env={**os.environ, "PORT": str(port)},
            stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 300  # pip may have to install first
        while b"Ready:" not in log_path.read_bytes():
            assert process.poll() is None, log_path.read_text()
            assert time.monotonic() < end, log_path.read_text()
            time.sleep(0.05)
        yield Relay(port)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(wire.DEADLINE) == 0


def browse(folder, url, *options):
    program = shutil.which("chromium")
    assert program, "no chromium here: run scripts/install-tools soak"
    done = subprocess.run(
        [program, "--headless", "--no-sandbox", "--disable-gpu",
         "--disable-dev-shm-usage", "--no-proxy-server",
         f"--user-data-dir={folder}", "--virtual-time-budget=10000",
         *options, url], capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.decode()


def test_page(relay, tmp_path):
    dom = browse(tmp_path, relay.url, "--dump-dom")
    assert "<h1>Hello from greencorn</h1>" in dom
    assert '<textarea id="numbers"' in dom
    assert {b"/", b"/static/page.css", b"/static/corn.svg"} <= relay.paths()


def test_picture(relay, tmp_path):
    """The style was applied: not all of it is white."""
    picture = tmp_path / "picture.png"
    browse(tmp_path / "profile", relay.url, f"--screenshot={picture}",
           "--window-size=600,600")
    assert picture.read_bytes()[:4] == b"\x89PNG"
    assert picture.stat().st_size > 10_000


def test_form(relay, tmp_path):
    page = tmp_path / "page.html"
    page.write_text(
        f'<form action="{relay.url}/" method="post">'
        '<input name="numbers" value="3, 1 4;1.5"></form>'
        '<script>document.forms[0].submit()</script>')
    dom = browse(tmp_path / "profile", f"file://{page}", "--dump-dom")
    assert "<dt>sum</dt><dd>9.5</dd>" in dom


def test_the_server_is_well(relay):
    with urllib.request.urlopen(relay.url, timeout=10) as r:
        assert r.status == 200
