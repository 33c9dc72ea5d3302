"""As PID 1 init starts a killed arbiter again, which adopts the workers."""

import os
import signal
import threading

PID = """
import os

def app(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        import time
        time.sleep(1.5)
    body = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""


def kill_arbiter(s):
    pid = s.pid
    os.kill(pid, signal.SIGKILL)
    return pid


def kill_if_there(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # gone with the arbiter


def test_workers_serve_on_and_are_replaced(serve, until):
    s = serve(app=PID, workers=2, init=True)
    old = set(s.workers())
    answers = []
    t = threading.Thread(target=lambda: answers.append(s.get("/slow").status),
                         daemon=True)
    t.start()
    gone = kill_arbiter(s)
    for _ in range(50):
        assert s.get("/").status == 200
    s.wait_log("Adopting 2 workers that serve on")
    until(lambda: len(s.workers()) == 2 and not old & set(s.workers()),
          "two new workers")
    t.join(10)
    assert answers == [200]
    assert s.pid != gone
    assert s.get("/").status == 200
    s.signal("TERM")
    assert s.wait() == 0


def test_a_storm_of_kills(serve, until):
    s = serve(app=PID, workers=2, init=True, admin_bind="unix:@{0}".format(
        os.urandom(6).hex()))
    for n in range(4):
        for pid in [s.pid, *s.template(), *s.admin(), *s.workers()[:1]]:
            kill_if_there(pid)
        s.wait_log("Adopting", count=n + 1)
        until(lambda: len(s.workers()) >= 2, "workers")
        assert s.get("/").status == 200
    s.signal("TERM")
    assert s.wait() == 0


def test_an_adopted_worker_that_dies_is_replaced(serve, until):
    # The new template never comes to be: the adopted ones are all there is.
    s = serve(app=PID, conf="", workers=2, init=True)
    s.write("gunicorn.conf.py", "raise SystemExit('no')\n")
    kill_arbiter(s)
    s.wait_log("The reload failed")
    assert len(s.workers()) == 2
    dead = s.workers()[0]
    os.kill(dead, signal.SIGKILL)
    s.wait_log("was sent SIGKILL")
    assert s.get("/").status == 200
    s.write("gunicorn.conf.py", "")
    until(lambda: len(s.workers()) == 2 and dead not in s.workers(),
          "two workers again")


def test_listeners_survive_also_after_a_reload(serve, until):
    s = serve(app=PID, conf="", init=True)
    s.signal("HUP")
    s.wait_log("Booting worker", count=2)
    for n in range(2):
        kill_arbiter(s)
        s.wait_log("Adopting", count=n + 1)
        assert s.get("/").status == 200
    assert "Connection in use" not in s.log
    assert "Cannot listen" not in s.log


def test_an_arbiter_killed_at_its_start_is_started_again(serve, until):
    s = serve(app=PID, conf="import time; time.sleep(0.5)\n", init=True,
              ready=False)
    kill_arbiter(s)
    s.wait_ready()
    assert s.get("/").status == 200


def test_what_is_stopped_goes_on(serve, until):
    s = serve(app=PID, init=True, workers=2, admin_bind="unix:@{0}".format(
        os.urandom(6).hex()))
    for pid in (s.template()[0], until(s.admin, "the admin process")[0]):
        os.kill(pid, signal.SIGSTOP)
    s.wait_log("that others need was stopped; it goes on", count=2)
    os.kill(s.pid, signal.SIGSTOP)
    s.wait_log("The server (pid:")
    n = s.log.count("Booting worker")
    s.signal("TTIN")
    s.wait_log("Booting worker", count=n + 1)
    assert s.get("/").status == 200


def test_what_a_reload_has_read_is_not_forgotten(serve, until, tmp_path):
    count = tmp_path / "workers"
    count.write_text("1")
    s = serve(app=PID, init=True, env={"GREENCORN_WORKERS_FILE": str(count)})
    count.write_text("3")
    s.signal("HUP")
    until(lambda: len(s.workers()) == 3, "three workers")
    kill_arbiter(s)
    s.wait_log("Ready: ", count=2)
    until(lambda: len(s.workers()) == 3, "three workers again")
    assert s.log.count("Using worker: sync, 3 of them") == 2


def test_a_stop_while_no_arbiter_is_there_is_graceful(serve, until):
    s = serve(app=PID, init=True)
    for n in range(3):
        kill_arbiter(s)
        s.wait_log("Adopting", count=n + 1)
    s.wait_log("Ready: ", count=2)
    answers = []
    t = threading.Thread(target=lambda: answers.append(s.get("/slow").status),
                         daemon=True)
    t.start()
    until(lambda: any(in_application(w) for w in s.workers()), "it runs")
    kill_arbiter(s)
    s.wait_log("starting it again in 800 ms")
    s.signal("TERM")
    assert s.wait() == 0
    t.join(10)
    assert answers == [200]


def in_application(pid):
    """It sleeps, and not in epoll (by x86-64's numbers)."""
    with open(f"/proc/{pid}/syscall") as f:
        return not f.read().startswith(("232 ", "281 ", "441 "))


def test_a_count_that_ttin_made_is_not_forgotten(serve, until):
    s = serve(app=PID, init=True, workers=2)
    s.signal("TTIN")
    until(lambda: len(s.workers()) == 3, "three workers")
    old = set(s.workers())
    kill_arbiter(s)
    until(lambda: len(s.workers()) == 3 and not old & set(s.workers()),
          "three others")
    s.wait_log("Ready: ", count=2)
    s.signal("HUP")  # says the configuration's again, as with Gunicorn
    until(lambda: len(s.workers()) == 2, "two workers")
