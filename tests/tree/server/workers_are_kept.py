"""As many workers as wanted, alive, whatever happens to them."""

import os
import signal
import threading
import time

import pytest

BOOM = "raise RuntimeError('boom at import')\n"

STUCK = """
import time

def app(environ, start_response):
    if environ["PATH_INFO"] == "/stuck":
        time.sleep(3600)
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""

HANGS = """
import os
import time

def pre_fork(server, worker):
    if os.path.exists("hang"):
        time.sleep(3600)
"""

ORPHANS = """
import os

def app(environ, start_response):
    for status in (3, 4) * 20:
        if os.fork() == 0:
            if os.fork() == 0:
                os._exit(status)
            os._exit(0)
    for _ in range(40):
        os.wait()
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""


def test_a_killed_worker_is_replaced(serve, until):
    s = serve(workers=2)
    for _ in range(5):
        before = set(s.workers())
        os.kill(min(before), 9)
        until(lambda: len(set(s.workers()) - {min(before)}) == 2,
              "a new worker")
        assert s.get("/").status == 200
    assert "was sent SIGKILL" in s.log


def test_ttin_and_ttou_change_their_number(serve, until):
    s = serve(workers=1)
    s.signal("TTIN")
    until(lambda: len(s.workers()) == 2, "two workers")
    s.signal("TTOU")
    until(lambda: len(s.workers()) == 1, "one worker")
    s.signal("TTOU")
    s.wait_log("Handling signal: ttou", count=2)
    assert len(s.workers()) == 1
    assert s.get("/").status == 200


def test_a_silent_worker_is_aborted_with_its_stacks(serve, until):
    s = serve(app=STUCK, timeout=1)
    stuck = s.workers()
    t = threading.Thread(target=_swallow, args=(s, "/stuck"), daemon=True)
    t.start()
    s.wait_log("WORKER TIMEOUT")
    until(lambda: s.workers() and s.workers() != stuck, "a new worker")
    assert s.get("/").status == 200
    log = s.log
    assert "GET /stuck" in log
    assert "app.py" in log and "in app" in log


def _swallow(s, path):
    try:
        s.get(path)
    except OSError:
        pass


def test_an_application_that_raises_ends_it_with_3(serve):
    s = serve(app=BOOM, ready=False)
    assert s.wait() == 3
    assert "Traceback (most recent call last)" in s.log
    assert "RuntimeError: boom at import" in s.log
    assert "Worker failed to boot." in s.log


def test_a_missing_name_ends_it_with_4(serve):
    s = serve("app:nosuch", ready=False)
    assert s.wait() == 4
    assert "nosuch" in s.log
    assert "App failed to load." in s.log


def test_a_missing_module_is_named(serve):
    s = serve("nosuch:app", ready=False)
    assert s.wait() == 3
    assert "nosuch" in s.log


def test_a_stranger_s_exit_of_3_or_4_does_nothing(serve, until):
    s = serve(app=ORPHANS)
    workers = s.workers()
    assert s.get("/").status == 200
    assert s.get("/").status == 200
    # The strangers have a worker's title until they end.
    until(lambda: s.workers() == workers, "only the workers are left")
    assert s.process.poll() is None


def test_a_dead_template_is_replaced_and_nobody_notices(serve, until):
    s = serve(workers=2)
    workers = set(s.workers())
    template = s.template()
    os.kill(template[0], 9)
    until(lambda: s.template() and s.template() != template, "a new template")
    assert s.get("/").status == 200
    until(lambda: len(s.workers()) == 2, "two workers")
    os.kill(s.workers()[0], 9)
    until(lambda: len(s.workers()) == 2, "two workers again")
    assert s.get("/").status == 200
    assert workers


def test_workers_of_a_dead_arbiter_leave(serve, until):
    s = serve(app=STUCK, workers=2, graceful_timeout=1)
    t = threading.Thread(target=_swallow, args=(s, "/stuck"), daemon=True)
    t.start()
    workers = s.workers()
    until(lambda: any(_is_in_a_call(w) for w in workers), "the request runs")
    os.kill(s.pid, 9)
    s.process.wait(10)
    until(lambda: not any(_lives(w) for w in workers), "no worker is left")


def _lives(pid):
    """Not ended; who has ended may wait for a slow PID 1 to reap it."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def _is_in_a_call(pid):
    """It sleeps in the application, and not in epoll."""
    try:
        with open(f"/proc/{pid}/syscall") as f:
            return not f.read().startswith(("232 ", "281 ", "441 "))
    except OSError:
        return False


def test_workers_that_die_at_boot_are_given_up(serve):
    s = serve(app="import os; os.kill(os.getpid(), 9)\n", ready=False,
              boot_retries=3)
    assert s.wait() == 3
    assert s.log.count("was sent SIGKILL") == 4
    assert "Reason: Workers die before they are ready." in s.log


def test_a_reload_whose_workers_die_keeps_the_old_ones(serve):
    s = serve(boot_retries=1)
    old = s.workers()
    s.write("app.py", "import os; os._exit(7)\n")
    s.signal("HUP")
    s.wait_log("The reload failed")
    assert s.workers() == old
    assert s.get("/").status == 200


def test_a_template_that_hangs_is_replaced(serve, until):
    s = serve(timeout=1, conf=HANGS)
    old = s.workers()[0]
    s.write("hang", "")
    os.kill(old, 9)
    s.wait_log("The template has not answered")
    (s.folder / "hang").unlink()
    until(lambda: s.workers() and s.workers() != [old], "a worker")
    assert s.get("/").status == 200


def test_a_worker_that_is_stopped_is_replaced(serve, until):
    s = serve(workers=2, timeout=1)
    stopped = s.workers()[0]
    os.kill(stopped, signal.SIGSTOP)
    s.wait_log("WORKER TIMEOUT")
    until(lambda: stopped not in s.workers() and len(s.workers()) == 2,
          "another worker")
    assert s.get("/").status == 200


def test_a_new_template_knows_what_ttin_and_ttou_said(serve, until):
    s = serve(workers=2)
    s.signal("TTIN")
    until(lambda: len(s.workers()) == 3, "three workers")
    old, template = set(s.workers()), s.template()
    os.kill(template[0], 9)
    until(lambda: s.template() and s.template() != template, "a new template")
    until(lambda: len(s.workers()) == 3 and not old & set(s.workers()),
          "three others")
    for n in (2, 1):
        s.signal("TTOU")  # two at once may count as one
        until(lambda: len(s.workers()) == n, "fewer workers")
    os.kill(s.template()[0], 9)
    old = set(s.workers())
    until(lambda: len(s.workers()) == 1 and not old & set(s.workers()),
          "another one", 30)
    s.signal("HUP")
    until(lambda: len(s.workers()) == 2, "two workers")


@pytest.mark.parametrize("broken", [BOOM, "del app\n",
                                    "import os; os._exit(9)\n"])
def test_code_that_breaks_on_disk_does_not_end_those_who_serve(serve, until,
                                                               broken):
    s = serve(app=STUCK, workers=2, boot_retries=1)
    s.write("app.py", STUCK + broken)
    os.kill(s.workers()[0], 9)
    s.wait_log("Booting worker", count=5)
    for _ in range(20):
        assert s.get("/").status == 200
    assert s.process.poll() is None
    s.write("app.py", STUCK)

    def settled():
        workers = s.workers()
        time.sleep(1)
        return len(workers) == 2 and s.workers() == workers

    until(settled, "two workers that stay")
    assert s.get("/").status == 200


def test_ttou_takes_who_does_not_serve_yet(serve, until):
    s = serve(app=STUCK, workers=1)
    serving = s.workers()
    s.write("app.py", "import time; time.sleep(3600)\n")
    s.signal("TTIN")
    until(lambda: len(s.workers()) == 2, "one that hangs")
    s.signal("TTOU")
    until(lambda: len(s.workers()) == 1, "one worker")
    assert s.workers() == serving
    assert s.get("/").status == 200


def test_ttin_while_it_loads_counts(serve, until):
    """At the start as at a reload."""
    slow = "import time; time.sleep(1)\n" + STUCK
    s = serve(app=slow, workers=1, preload_app="true", ready=False)
    s.wait_log("Using worker:")
    s.signal("TTIN")
    s.wait_ready()
    until(lambda: len(s.workers()) == 2, "two workers")
    old = set(s.workers())
    s.signal("HUP")
    s.wait_log("Using worker:", count=2)
    s.signal("TTIN")
    until(lambda: len(s.workers()) == 2 and not old & set(s.workers()),
          "the configuration's worker and one more")


def test_each_reload_has_its_own_tries(serve, until):
    s = serve(boot_retries=1)
    old = s.workers()
    s.write("app.py", "import os; os._exit(7)\n")
    s.signal("HUP")
    s.wait_log("The reload failed")
    s.write("app.py", """
import os
if not os.path.exists("second"):
    open("second", "w").close()
    os._exit(7)
""" + STUCK)
    s.signal("HUP")
    until(lambda: s.workers() and not set(old) & set(s.workers()),
          "a new worker")
    assert s.get("/").status == 200
    assert s.log.count("The reload failed") == 1
