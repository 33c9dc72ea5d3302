"""USR2: the executable anew, beside the old server or, as PID 1, in its place."""

import concurrent.futures
import os
import signal
import socket

PID = """
import os
import time

def app(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        time.sleep(0.1)
    body = str(os.getppid()).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""


def seen_at_once(s):
    """The parents of those that answer eight requests."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        return {int(a.body) for a in pool.map(s.get, ["/slow"] * 8)}


def text(path):
    return path.read_text() if path.exists() else ""


def new_pid(s, until):
    path = s.folder / "run.pid.2"
    until(lambda: text(path).endswith("\n"), "the new pid file")
    return int(text(path))


def test_the_new_server_serves_beside_the_old_one(serve, until):
    s = serve(app=PID, pidfile="run.pid")
    s.signal("USR2")
    new = new_pid(s, until)
    assert text(s.folder / "run.pid") == f"{s.pid}\n"
    s.wait_log("Ready: ", count=2)
    until(lambda: seen_at_once(s) == {s.pid, new}, "answers of both")
    s.signal("USR2")
    s.wait_log("USR2 signal ignored. Child exists.")
    s.signal("USR2", new)
    s.wait_log("USR2 signal ignored. Parent exists.")
    s.signal("QUIT")
    assert s.process.wait(10) == 0
    s.wait_log("Master has been promoted.")
    assert int(s.get("/").body) == new
    assert text(s.folder / "run.pid") == f"{new}\n"
    s.signal("QUIT", new)
    until(lambda: not os.path.exists(s.folder / "run.pid"), "the end")


def test_the_new_server_may_be_ended_instead(serve, until):
    s = serve(app=PID, pidfile="run.pid")
    s.signal("USR2")
    new = new_pid(s, until)
    s.wait_log("Ready: ", count=2)
    s.signal("TERM", new)
    s.wait_log("The new server ended with status 0")
    assert int(s.get("/").body) == s.pid
    s.signal("USR2")
    s.wait_log("Ready: ", count=3)
    s.signal("TERM", new_pid(s, until))
    s.wait_log("The new server ended with status 0", count=2)


def test_a_unix_socket_stays_while_one_serves(serve, until, tmp_path):
    path = str(tmp_path / "app.sock")
    s = serve(app=PID, pidfile="run.pid", bind=f"unix:{path}")
    s.signal("USR2")
    new = new_pid(s, until)
    s.wait_log("Ready: ", count=2)
    s.signal("TERM")
    assert s.process.wait(10) == 0
    with socket.socket(socket.AF_UNIX) as c:
        c.connect(path)
        c.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert c.recv(65536).startswith(b"HTTP/1.1 200")
    s.wait_log("Master has been promoted.")
    s.signal("TERM", new)
    until(lambda: not os.path.exists(path), "the socket goes with the last")


def test_as_pid_1_the_new_one_takes_the_workers_over(serve, until, own_copy):
    s = serve(app=PID, workers=2, init=True, pidfile="run.pid")
    for n in range(3):
        old, workers = s.pid, set(s.workers())
        own_copy.renew()
        s.signal("USR2")
        s.wait_log("Adopting ", count=n + 1)
        until(lambda: s.pid != old, "a new arbiter")
        assert s.get("/").status == 200
        until(lambda: len(s.workers()) == 2 and
              not workers & set(s.workers()), "new workers")
    assert "Connection in use" not in s.log
    # Killed, the new executable comes back as well.
    os.kill(s.pid, signal.SIGKILL)
    s.wait_log("Adopting ", count=4)
    assert s.get("/").status == 200
    s.signal("TERM")
    assert s.wait() == 0


def test_as_pid_1_a_broken_executable_changes_nothing(serve, until, own_copy):
    s = serve(app=PID, workers=2, init=True)
    for broken, said in ((b"#!/bin/false\n", "ended with status 1 before"),
                         (b"no program", "Cannot execute")):
        own_copy.put(broken)
        n = s.log.count("Adopting")
        s.signal("USR2")
        s.wait_log(said)
        s.wait_log("Adopting ", count=n + 1)
        s.wait_log("Ready: ", count=n + 2)
        assert s.get("/").status == 200
    own_copy.remove()
    s.signal("USR2")
    s.wait_log("Cannot start ")
    assert s.get("/").status == 200


def test_as_pid_1_an_executable_that_hangs_is_given_up(serve, until, own_copy):
    s = serve(app=PID, workers=2, init=True)
    own_copy.put(b"#!/bin/sh\nexec sleep 1000\n")
    s.signal("USR2")
    s.wait_log("gives no sign of life; killing it", deadline=60)
    s.wait_log("Adopting 2 workers that serve on")
    s.wait_log("Ready: ", count=2)
    assert s.get("/").status == 200
