"""A client that resets or leaves, at whatever moment: nobody else notices."""

import os
import socket
import struct
import threading
import time

import pytest

APP = """
import time

def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/read":
        n = 0
        while part := environ["wsgi.input"].read(1000):
            n += len(part)
    elif path == "/wait":
        open("began", "w").close()
        time.sleep(0.3)
    elif path == "/big":
        start_response("200 OK", [("Content-Length", str(64 << 20))])
        return [b"x" * (64 << 20)]
    elif path == "/chunks":
        start_response("200 OK", [])
        return (b"x" * 50000 for _ in range(1000))
    elif path == "/file":
        f = open("big", "rb")
        start_response("200 OK", [("Content-Length", str(32 << 20))])
        return environ["wsgi.file_wrapper"](f)
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""

GET = b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n"
CHUNKED = b"POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


def answered(c):
    """Up to the end of the first answer."""
    c.sendall(GET % b"/")
    data = b""
    while not data.endswith(b"ok"):
        data += c.recv(4096)


def partly(c, request):
    c.sendall(request)
    assert c.recv(1000)


# What has happened on the connection before it ends.
STATES = {
    "nothing": lambda c: None,
    "part of a request line": lambda c: c.sendall(b"GET / HT"),
    "part of a head": lambda c: c.sendall(GET[:-2] % b"/"),
    "a bad head": lambda c: c.sendall(b"\0\0\0\r\n\r\n"),
    "a whole request": lambda c: c.sendall(GET % b"/"),
    "many requests": lambda c: c.sendall(GET % b"/" * 100),
    "a request that runs": lambda c: c.sendall(GET % b"/wait"),
    "a request behind one that runs": lambda c: c.sendall(
        GET % b"/wait" + GET % b"/"),
    "a head and no body": lambda c: c.sendall(POST),
    "part of a body": lambda c: c.sendall(POST + b"x" * 100),
    "more of a body than is buffered": lambda c: c.sendall(
        POST + b"x" * 200000),
    "part of a chunk": lambda c: c.sendall(CHUNKED + b"ff\r\nabc"),
    "part of a chunk's size": lambda c: c.sendall(CHUNKED + b"3\r\nabc\r\nf"),
    "Expect, unanswered": lambda c: c.sendall(POST.replace(
        b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")),
    "an answer": answered,
    "part of a large answer": lambda c: partly(c, GET % b"/big"),
    "part of an answer in chunks": lambda c: partly(c, GET % b"/chunks"),
    "part of a file": lambda c: partly(c, GET % b"/file"),
    "the last answer": lambda c: partly(
        c, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
}


def reset(c):
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    c.close()


def leave(c):
    c.close()


def say_no_more(c):
    """Half-closed, then silent for a moment, then gone."""
    try:
        c.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    time.sleep(0.02)
    c.close()


ENDS = {"reset": reset, "close": leave, "half-close": say_no_more}
ROUNDS = 40 if os.environ.get("SOAK") else 4


@pytest.fixture(params=["sync", "gthread"])
def server(request, serve):
    s = serve(app=APP, workers=1, worker_class=request.param, timeout=10,
              threads=4 if request.param == "gthread" else 1, keepalive=60,
              header_timeout=60, body_timeout=60, write_timeout=60)
    with open(s.folder / "big", "wb") as f:
        f.truncate(32 << 20)
    return s


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def test_in_every_state(server, until):
    worker, = server.workers()
    assert server.get("/").status == 200
    before = descriptors(worker)
    bystander = socket.create_connection(("127.0.0.1", server.port), 20)
    for _ in range(ROUNDS):
        for state, go in STATES.items():
            for end in ENDS.values():
                c = socket.create_connection(("127.0.0.1", server.port), 20)
                go(c)
                end(c)
            answered(bystander)
    bystander.close()
    # What has just come may still be looked at.
    until(lambda: server.get("/").status == 200 and
          descriptors(worker) <= before + 1, "closed descriptors")
    assert server.workers() == [worker]
    assert "Traceback" not in server.log and "CRITICAL" not in server.log


def test_a_hundred_at_once(server, until):
    worker, = server.workers()
    assert server.get("/").status == 200
    before = descriptors(worker)
    states = [STATES[s] for s in ("part of a head", "a whole request",
                                  "part of a body", "many requests",
                                  "part of a large answer")]

    def disturb(n):
        for i in range(n, n + 20):
            c = socket.create_connection(("127.0.0.1", server.port), 20)
            try:
                states[i % len(states)](c)
            except OSError:
                pass
            reset(c)

    threads = [threading.Thread(target=disturb, args=(n,), daemon=True)
               for n in range(5)]
    for t in threads:
        t.start()
    for _ in range(50):
        assert server.get("/").status == 200
    for t in threads:
        t.join(30)
        assert not t.is_alive()
    until(lambda: descriptors(worker) <= before + 1, "closed descriptors")
    assert server.workers() == [worker]
