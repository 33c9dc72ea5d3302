"""request_timeout: a call of the application that lasts too long."""

import http.client
import socket

import pytest

APP = r"""
import os, time

def sleeps(environ):
    time.sleep(1000)

def computes(environ):
    while True:
        sum(range(20000))

def minds(environ):
    try:
        computes(environ)
    except TimeoutError as e:
        print("the application was told:", type(e).__name__, flush=True)
        time.sleep(0.01)
        return b"late"

def keeps_the_gil(environ):
    # One call of C, that lasts for half a minute.
    pow(3, 1 << 27)

def reads(environ):
    environ["wsgi.input"].read()

def app(environ, start_response):
    path, body = environ["PATH_INFO"][1:], str(os.getpid()).encode()
    if path == "streams":
        start_response("200 OK", [("Content-Length", "100")])
        return stream()
    if path:
        body = globals()[path](environ) or b"?"
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]

def stream():
    yield b"begun"
    time.sleep(1000)
"""

THREADS = pytest.mark.parametrize("threads", [1, 4])


@pytest.fixture
def start(serve):
    def start(threads, **more):
        s = serve("app:app", app=APP, workers=1, threads=threads,
                  request_timeout=1, graceful_timeout=1, accesslog="-", **more)
        s.wait_ready()
        return s
    return start


@THREADS
@pytest.mark.parametrize("how", ["sleeps", "computes", "keeps_the_gil"])
def test_the_client_hears_of_it_and_the_log_says_where(start, threads, how):
    s = start(threads)
    answer = s.get("/" + how)
    assert answer.status == 504
    assert answer.headers["Connection"] == "close"
    assert b"did not answer in time" in answer.body
    s.wait_log(f"REQUEST TIMEOUT in GET /{how} (pid:")
    s.wait_log("Stack of its thread (pid:")
    s.wait_log(f"in {how}\n")


@THREADS
@pytest.mark.parametrize("how", ["sleeps", "keeps_the_gil"])
def test_a_worker_that_stays_stuck_is_replaced(start, wait_until, threads,
                                               how):
    s = start(threads)
    before = s.get("/").body
    assert s.get("/" + how).status == 504
    s.wait_log("Autorestarting worker")
    # Meanwhile nobody is left without an answer.
    wait_until(lambda: s.get("/").body != before, "another worker serves")


def test_where_it_can_be_told_the_application_is_and_nobody_dies(start):
    s = start(4)
    before = s.get("/").body
    assert s.get("/minds").status == 504
    s.wait_log("the application was told: RequestTimeout")
    assert s.get("/computes").status == 504
    s.wait_log("greencorn.RequestTimeout")
    s.wait_log('"GET /computes HTTP/1.1" 504')
    s.wait_log('"GET /minds HTTP/1.1" 504')
    for _ in range(8):
        assert s.get("/").body == before
    assert "Autorestarting" not in s.log


@THREADS
def test_what_has_begun_is_cut(start, threads):
    s = start(threads)
    with pytest.raises(http.client.IncompleteRead):
        s.get("/streams")
    s.wait_log("REQUEST TIMEOUT in GET /streams")


@THREADS
def test_waiting_for_the_client_counts(start, threads):
    s = start(threads, request_buffer=4096)
    with socket.create_connection(("127.0.0.1", s.port), 10) as c:
        c.sendall(b"POST /reads HTTP/1.1\r\nHost: a\r\n"
                  b"Content-Length: 10000\r\n\r\n" + b"x" * 5000)
        assert c.recv(100).startswith(b"HTTP/1.1 504 ")
    s.wait_log("REQUEST TIMEOUT in POST /reads")


def test_it_holds_for_uwsgi(start):
    s = start(1, protocol="uwsgi")
    names = [("REQUEST_METHOD", "GET"), ("PATH_INFO", "/sleeps"),
             ("REQUEST_URI", "/sleeps"), ("QUERY_STRING", ""),
             ("SERVER_PROTOCOL", "HTTP/1.1"), ("HTTP_HOST", "a")]
    body = b"".join(len(w).to_bytes(2, "little") + w.encode()
                    for pair in names for w in pair)
    with socket.create_connection(("127.0.0.1", s.port), 10) as c:
        c.sendall(b"\0" + len(body).to_bytes(2, "little") + b"\0" + body)
        assert b" 504 " in c.recv(100)
    s.wait_log("REQUEST TIMEOUT in GET /sleeps")


@THREADS
def test_without_it_nothing_is_cut(serve, threads):
    s = serve("app:app", app=APP.replace("sleep(1000)", "sleep(2)"),
              threads=threads)
    s.wait_ready()
    assert s.get("/sleeps").status == 200
