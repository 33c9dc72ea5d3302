"""A hook that does not return disturbs what waits for it and nothing else."""

import os
import time


def test_hooks_nobody_waits_for(hooked, said, until):
    """child_exit hangs: workers are replaced all the same, the log names it,
    and the end comes."""
    s = hooked("""
import time
def child_exit(server, worker):
    say(worker.pid)
    time.sleep(3600)
def on_exit(server): say()
""", workers=2)
    for n in (1, 2, 3):
        before = s.workers()
        os.kill(before[0], 9)
        until(lambda: len(set(s.workers()) - {before[0]}) == 2,
              "a new worker", deadline=4)
        assert s.get("/").status == 200
    assert len(said(s, "child_exit")) == 1
    s.wait_log("The hook child_exit (pid:", deadline=10)
    began = time.monotonic()
    s.signal("TERM")
    assert s.wait(10) == 0
    assert said(s, "on_exit")
    assert time.monotonic() - began < 8


def test_hooks_a_worker_waits_for(hooked, said, until):
    """post_fork hangs in the second worker: the first one serves."""
    s = hooked("""
import time
def post_fork(server, worker):
    if worker.age == 2:
        time.sleep(3600)
def on_exit(server):
    time.sleep(3600)
""", workers=2, ready=False, graceful_timeout=1)
    until(lambda: len(s.workers()) == 2, "two workers")
    until(lambda: s.get("/").status == 200, "an answer")
    s.wait_log("The hook post_fork (pid:", deadline=10)
    began = time.monotonic()
    s.signal("TERM")
    assert s.wait(15) == 0
    assert time.monotonic() - began < 10
    assert "The hook on_exit (pid:" in s.log


def test_hooks_that_hold_the_interpreter(hooked, said, until):
    """A loop without end in when_ready: forks go on."""
    s = hooked("""
def when_ready(server):
    say()
    while True:
        pass
""", workers=1)
    until(lambda: said(s, "when_ready"), "when_ready")
    os.kill(s.workers()[0], 9)
    s.wait_log("Booting worker", count=2)
    assert s.get("/").status == 200
