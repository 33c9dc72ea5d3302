"""The release binary answers as its parser judges: nothing that lies between
them (buffers, pipelining, keep-alive, bodies, threads) changes what a request
is, and the application sees what the parser saw.
"""
import json
import os
import pathlib
import re
import socket
import subprocess
import time

import pytest

import _h1_view

BINARY = pathlib.Path(os.environ.get(
    "GREENCORN", _h1_view.ROOT / "build/out/greencorn")).resolve()
N = _h1_view.N // 8
DEADLINE = 20  # seconds
APP = """
import json

def app(environ, start_response):
    body = environ["wsgi.input"].read()
    seen = json.dumps([environ["REQUEST_METHOD"], environ["RAW_URI"],
                       environ["SERVER_PROTOCOL"], environ.get("HTTP_HOST"),
                       body.decode("latin-1")]).encode()
    start_response("200 OK", [("Content-Length", str(len(seen)))])
    return [seen]
"""


def wait_for(condition):
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture(scope="module", params=["sync", "gthread"])
def address(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    (folder / "echo_app.py").write_text(APP)
    path = folder / "socket"
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(
            [BINARY, "--bind", f"unix:{path}", "--workers", "1",
             "--worker-class", request.param, "--threads",
             "4" if request.param == "gthread" else "1", "echo_app:app"],
            cwd=folder, stderr=log,
            # Who comes by a unix socket is trusted; the parser trusts nobody.
            env={**os.environ, "GREENCORN_SECURE_SCHEME_HEADERS": "{}",
                 "GREENCORN_FORWARDER_HEADERS": "[]"})
    try:
        wait_for(path.exists)
        yield str(path)
    finally:
        process.terminate()
        assert process.wait(DEADLINE) == 0


@pytest.fixture(scope="module")
def parser(tmp_path_factory):
    return _h1_view.Parser(tmp_path_factory.mktemp("view"))


def tokens(view, name):
    return [t.strip(b" \t").lower() for n, v in view.fields if n == name
            for t in v.split(b",")]


def ends_connection(view):
    connection = tokens(view, b"connection")
    return (b"close" in connection or view.method == b"CONNECT" or
            view.version == b"1.0" and b"keep-alive" not in connection)


def seen_of(view):
    """What the application must tell of it."""
    if view.method == b"HEAD":
        return None
    host = [v for n, v in view.fields if n == b"host"]
    return [view.method.decode(), view.target.decode(),
            "HTTP/" + view.version.decode(),
            host[0].decode("latin-1") if host else None,
            view.body.decode("latin-1")]


def expected(parser, data):
    """[(status, what the application saw, or None)], in order; whether the
    last request is not complete."""
    answers = []
    while data:
        status, view = parser.read(data)
        if status in (0, 100):
            return answers, True
        answers.append((status, seen_of(view) if status == 200 else None))
        if status != 200 or ends_connection(view):
            break
        data = data[len(data) - view.rest:]
    return answers, False


def answers_of(got, methods):
    """The same of the bytes that came back."""
    answers = []
    while got:
        head, _, got = got.partition(b"\r\n\r\n")
        status = int(head.split()[1])
        if status == 100:
            continue
        seen = None
        if methods[len(answers):len(answers) + 1] != [b"HEAD"]:
            n = int(re.search(rb"\r\nContent-Length: (\d+)", head)[1])
            body, got = got[:n], got[n:]
            seen = json.loads(body) if status == 200 else None
        answers.append((status, seen))
    return answers


def ask(address, data):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(DEADLINE)
        s.connect(address)
        got = b""
        try:
            cut = len(data) // 3
            s.sendall(data[:cut])
            s.sendall(data[cut:])
            s.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # refused already; the answer is there
        while part := s.recv(65536):
            got += part
    return got


def methods_in(parser, data):
    methods = []
    while data:
        status, view = parser.read(data)
        if status != 200:
            # A refused HEAD has no body either, when it was known as one.
            return methods
        methods.append(view.method)
        data = data[len(data) - view.rest:]
    return methods


def test_requests(parser, address):
    for data in _h1_view.mutations(N, 2616):
        want, partial = expected(parser, data)
        got = answers_of(ask(address, data), methods_in(parser, data))
        # A body that breaks off may be answered, by a 400.
        if partial and [a[0] for a in got[len(want):]] == [400]:
            got.pop()
        assert got == want, data
