"""HUP: what the configuration says now holds, for all that may change."""

import json
import os
import socket

APP = """
import json
import os
import sys
import threading

def app(environ, start_response):
    body = json.dumps({
        "cwd": os.getcwd(), "path": sys.path, "env": os.environ.get("NEW"),
        "main": threading.current_thread() is threading.main_thread(),
        "scheme": environ["wsgi.url_scheme"], "multi":
        environ["wsgi.multiprocess"], "threads":
        environ["wsgi.multithread"]}).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""

BEFORE = """
workers = 1
forwarded_allow_ips = "10.9.9.9"
"""

AFTER = """
workers = 2
worker_class = "gthread"
threads = 2
timeout = 77
keepalive = 0
limit_request_line = 100
forwarded_allow_ips = "*"
accesslog = "new-access.log"
access_log_format = "NEW %(r)s"
errorlog = "new-error.log"
loglevel = "debug"
pidfile = "new.pid"
raw_env = ["NEW=yes"]
chdir = "inside"
pythonpath = "elsewhere"
preload_app = True

def post_fork(server, worker):
    server.log.info("forked with timeout %s", server.cfg.timeout)
"""


def said(s, **kw):
    answer = s.get("/", **kw)
    return answer, json.loads(answer.body) if answer.body[:1] == b"{" else {}


def test_all_at_once(serve, until, tmp_path):
    (tmp_path / "inside").mkdir()
    s = serve(app=APP, conf=BEFORE)
    (tmp_path / "inside" / "app.py").write_text(APP)
    secure = {"X-Forwarded-Proto": "https"}
    answer, was = said(s, headers=secure)
    assert was["main"] and was["scheme"] == "http" and not was["multi"]
    assert answer.headers["Connection"] != "close"
    old = s.workers()
    s.write("gunicorn.conf.py", AFTER)
    s.signal("HUP")
    until(lambda: len(s.workers()) == 2 and old[0] not in s.workers(),
          "two new workers")
    answer, now = said(s, headers=secure)
    assert not now["main"] and now["threads"] and now["multi"]
    assert now["scheme"] == "https" and now["env"] == "yes"
    assert now["cwd"] == str(tmp_path / "inside")
    assert "elsewhere" in now["path"]
    assert answer.headers["Connection"] == "close"
    assert s.get("/" + "x" * 200).status == 414
    inside = tmp_path / "inside"
    until(lambda: "NEW GET / HTTP/1.1\n" in
          (inside / "new-access.log").read_text(), "the new access log")
    until(lambda: "[INFO] forked with timeout 77" in
          (inside / "new-error.log").read_text(), "the new error log")
    assert (inside / "new.pid").read_text() == f"{s.pid}\n"
    s.write("gunicorn.conf.py", BEFORE)
    s.signal("HUP")
    until(lambda: len(s.workers()) == 1 and said(s)[1].get("main"),
          "one worker as before")
    assert not (inside / "new.pid").exists()
    assert said(s)[1]["cwd"] == str(tmp_path)
    assert said(s)[1]["env"] is None


def free():
    with socket.socket() as c:
        c.bind(("127.0.0.1", 0))
        return c.getsockname()[1]


def test_addresses(serve, until, tmp_path):
    first, second, admin = free(), free(), tmp_path / "admin.sock"
    s = serve(app=APP, conf=f"bind = '127.0.0.1:{first}'\n",
              env={"GREENCORN_BIND": ""})
    s.port = first
    assert s.get("/").status == 200
    s.write("gunicorn.conf.py", f"bind = ['127.0.0.1:{second}', "
            f"'unix:{tmp_path}/app.sock']\nadmin_bind = 'unix:{admin}'\n")
    s.signal("HUP")
    until(admin.exists, "the admin's socket")
    s.port = second
    until(lambda: answers(s), "an answer at the new address")
    with socket.socket(socket.AF_UNIX) as c:
        c.connect(f"{tmp_path}/app.sock")
        c.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert c.recv(4096).startswith(b"HTTP/1.1 200")
    s.port = first
    until(lambda: not answers(s), "the end of the old address")
    taken = socket.create_server(("127.0.0.1", free()))
    s.write("gunicorn.conf.py",
            f"bind = '127.0.0.1:{taken.getsockname()[1]}'\n")
    s.signal("HUP")
    s.wait_log("The reload failed")
    s.port = second
    assert answers(s) and os.path.exists(tmp_path / "app.sock")


def answers(s):
    try:
        return s.get("/").status == 200
    except OSError:
        return False


def test_a_reload_that_fails_leaves_no_trace(serve, until, tmp_path):
    """Neither one that cannot listen, nor one whose application is broken:
    addresses, logs and pid file are as before, and the next reload works."""
    first, second = free(), free()
    taken = socket.create_server(("127.0.0.1", 0))
    plain = f"bind = ['127.0.0.1:{first}']\npidfile = 'old.pid'\n"
    other = (f"bind = ['127.0.0.1:{second}', BOTH]\npidfile = 'new.pid'\n"
             "errorlog = 'new.log'\nadmin_bind = 'unix:new.sock'\n"
             "workers = 3\nloglevel = 'error'\n")
    s = serve(app=APP, conf=plain, env={"GREENCORN_BIND": ""})
    old = s.workers()
    for n, (conf, app) in enumerate((
            (other.replace("BOTH", f"'127.0.0.1:{taken.getsockname()[1]}'"),
             APP),
            (other.replace(", BOTH", ""), "broken(\n"),
            (other.replace(", BOTH", ""), "import os; os._exit(9)\n"))):
        s.write("gunicorn.conf.py", conf + "boot_retries = 1\n")
        s.write("app.py", app)
        s.signal("HUP")
        s.wait_log("The reload failed", count=n + 1)
        s.port = second
        assert not answers(s)
        s.port = first
        assert answers(s) and s.workers() == old
        assert (tmp_path / "old.pid").read_text() == f"{s.pid}\n"
        assert not (tmp_path / "new.pid").exists()
        assert not (tmp_path / "new.sock").exists()
        s.write("app.py", APP)
        os.kill(old[0], 9)
        until(lambda: s.workers() and s.workers() != old, "another worker")
        until(lambda: answers(s), "an answer")
        old = s.workers()
        assert len(old) == 1
    s.write("app.py", APP)
    s.write("gunicorn.conf.py", plain)
    s.signal("HUP")
    until(lambda: s.workers() and not set(old) & set(s.workers()),
          "a new worker")
    assert answers(s)
