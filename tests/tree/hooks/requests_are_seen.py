"""pre_request and post_request: what they see, in which order, and that
nothing of theirs harms the answer."""

APP = """
import os, time

def app(environ, start_response):
    path = environ["PATH_INFO"]
    os.write(1, b"hook app %d %s\\n" % (os.getpid(), path.encode()))
    if path == "/raise":
        raise KeyError("boom")
    if path == "/late":
        start_response("200 OK", [])
        return late()
    if path == "/big":
        start_response("201 Made", [("X-Big", "1")])
        return [b"x" * 100000] * 2
    if path == "/silent":
        return iter(())
    if path == "/forbidden":
        start_response("204 No", [("Content-Length", "1")] * 2)
        return iter(())
    if path == "/slow":
        time.sleep(1.5)
    if path == "/taken":
        environ["gunicorn.socket"].sendall(b"HTTP/1.0 200 OK\\r\\n\\r\\n")
        raise StopIteration
    environ["seen"] = "by the application"
    start_response("200 Fine", [("Content-Length", "2"), ("X-A", "b")])
    return [b"ok"]

def late():
    yield b"abc"
    raise KeyError("late")
"""

CONF = """
def pre_request(worker, req):
    say(req.method, req.uri, req.path, req.query, req.version, req.scheme,
        dict(req.headers).get("X-ASK"), worker.pid == os.getpid())
    req.mark = 1

def post_request(worker, req, environ, resp):
    say(req.path, req.mark, environ.get("seen"), resp.status,
        resp.status_code, resp.sent, dict(resp.headers).get("X-A"),
        worker.nr)
"""


def test_before_and_after(hooked, said, until):
    for threads in (1, 2):
        s = hooked(CONF, app=APP, threads=threads)
        pid = s.workers()[0]
        a = s.get("/a%20b?c=d", headers={"X-Ask": "me"})
        assert (a.status, a.body) == (200, b"ok")
        until(lambda: said(s, "post_request"), "post_request")
        assert said(s, "pre_request") == [
            (pid, "GET /a%20b?c=d /a%20b c=d (1, 1) http me True")]
        assert said(s, "app") == [(pid, "/a b")]
        assert said(s, "post_request") == [
            (pid, "/a%20b 1 by the application 200 Fine 200 2 b 1")]
        order = [line.split()[1] for line in s.log.splitlines()
                 if line.startswith("hook ")]
        assert order == ["pre_request", "app", "post_request"]
        s.end()


def test_of_answers_that_fail(hooked, said, until):
    s = hooked(CONF, app=APP)
    assert s.get("/raise").status == 500
    assert len(s.get("/big").body) == 200000
    try:
        s.get("/late")
    except Exception:
        pass  # cut
    until(lambda: len(said(s, "post_request")) == 3, "post_request")
    raised, big, late = [rest for _, rest in said(s, "post_request")]
    assert raised.startswith("/raise 1 None 500 Internal Server Error 500 ")
    assert big.startswith("/big 1 None 201 Made 201 200000 ")
    assert late.startswith("/late 1 None 200 OK 200 3 ")


def test_what_the_client_was_told_counts(hooked, said, until):
    """Not what the application said before, or in the request before."""
    s = hooked(CONF, app=APP, accesslog="-", request_timeout=1)
    for path, status in (("/silent", 500), ("/forbidden", 500),
                         ("/slow", 504)):
        assert s.get("/").status == 200
        assert s.get(path).status == status
        s.wait_log(f'"GET {path} HTTP/1.1" {status} ')
    s.get("/taken")
    s.wait_log('"GET /taken HTTP/1.1" 101 ')
    until(lambda: len(said(s, "post_request")) == 7, "post_request")
    lines = [rest.split(" 1 ", 1)[1] for _, rest in said(s, "post_request")
             if not rest.startswith("/ ")]
    assert [line.rsplit(" ", 3)[0] for line in lines] == [
        "None 500 Internal Server Error 500",
        "None 500 Internal Server Error 500",
        "by the application 504 Gateway Timeout 504",
        "None 101 Switching Protocols 101"]


def test_fewer_arguments(hooked, said, until):
    s = hooked("def post_request(worker, req): say(req.path)\n")
    s.get("/two")
    until(lambda: said(s, "post_request"), "post_request")
    s.write("gunicorn.conf.py", (s.folder / "gunicorn.conf.py").read_text()
            .replace("(worker, req)", "(worker, req, environ)")
            .replace("req.path", "environ['PATH_INFO']"))
    s.signal("HUP")
    s.wait_log("Worker exiting")
    until(lambda: s.get("/three").status and
          said(s, "post_request")[-1][1] == "/three", "three")


def test_what_raises_changes_no_answer(hooked, said, until):
    s = hooked("""
def pre_request(worker, req): raise ValueError("before")
def post_request(worker, req): raise ValueError("after")
""")
    for _ in range(2):
        assert s.get("/").status == 200
    s.wait_log("Exception in the hook post_request", count=2)
    assert "Exception in the hook pre_request" in s.log
    assert "ValueError: before" in s.log and "ValueError: after" in s.log
    assert len(s.workers()) == 1


def test_a_hook_may_end_the_worker(hooked, said, until):
    s = hooked("""
def post_request(worker, req):
    if req.path == "/enough":
        worker.alive = False
def worker_exit(server, worker): say()
""")
    before = s.workers()
    assert s.get("/enough").status == 200
    until(lambda: said(s, "worker_exit"), "its end")
    until(lambda: s.workers() and s.workers() != before, "another")
    assert s.get("/").status == 200


def test_one_that_hangs_is_named(hooked, until):
    s = hooked("""
import time
def pre_request(worker, req):
    if req.path == "/hang":
        time.sleep(60)
""", timeout=1, workers=2)
    try:
        s.get("/hang", timeout=5)
    except Exception:
        pass
    s.wait_log("in GET /hang")
    s.wait_log(", line 14 in pre_request")
    s.wait_log("was sent SIGABRT!")
    assert s.get("/").status == 200
