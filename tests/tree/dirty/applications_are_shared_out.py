"""Which worker holds which application."""

import os


def test_a_class_says_how_many(dirty, wait_until):
    s = dirty(apps=["apps:App", "apps:One"], dirty_workers=3)
    c = s.caller()
    wait_until(lambda: len(s.dirty_pids()) == 3, "three workers")
    ones = {c.execute("apps:One", "pid") for _ in range(10)}
    assert len(ones) == 1

    def all_seen():
        return len({c.execute("apps:App", "pid") for _ in range(9)}) == 3
    wait_until(all_seen, "calls in turn")


def test_the_setting_wins_and_a_successor_inherits(dirty, wait_until):
    s = dirty(apps=["apps:App:1", "apps:One:2"], dirty_workers=3)
    c = s.caller()

    def ones():
        return {c.execute("apps:One", "pid") for _ in range(8)}
    wait_until(lambda: len(ones()) == 2, "two of One")
    app = {c.execute("apps:App", "pid") for _ in range(8)}
    assert len(app) == 1
    os.kill(app.pop(), 9)
    s.wait_log("was sent SIGKILL!")
    assert c.execute("apps:App", "pid") in s.dirty_pids()
    wait_until(lambda: len(ones()) == 2, "two of One again")
    assert "No app needs more than 2 dirty workers" in s.log


def test_ttin_and_ttou(dirty, wait_until):
    s = dirty(dirty_workers=1)
    c = s.caller()

    def seen():
        return len({c.execute("apps:App", "pid") for _ in range(8)})
    s.signal("TTIN", s.dirty_arbiter())
    wait_until(lambda: seen() == 2, "two workers")
    s.signal("TTOU", s.dirty_arbiter())
    s.signal("TTOU", s.dirty_arbiter())
    wait_until(lambda: seen() == 1, "one worker")
