"""Which worker holds which application."""

import os
import time


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


def test_the_documented_example(dirty, wait_until):
    """Four workers; Light for all, Heavy for two, Singleton for one."""
    s = dirty(apps=["apps:Light", "apps:Heavy", "apps:Singleton"],
              dirty_workers=4, source="""
import os
from gunicorn.dirty import DirtyApp
class Light(DirtyApp):
    def pid(self): return os.getpid()
class Heavy(Light):
    workers = 2
class Singleton(Light):
    workers = 1
""", conf="""
import os
def dirty_post_fork(arbiter, worker):
    names = [p.split(":")[1] for p in worker.app_paths]
    os.write(1, f"worker {worker.age} {names}\\n".encode())
""")
    log = s.wait_log("\nworker ", count=4)
    assert sorted(line for line in log.splitlines()
                  if line.startswith("worker")) \
        == ["worker 1 ['Light', 'Heavy', 'Singleton']",
            "worker 2 ['Light', 'Heavy']",
            "worker 3 ['Light']", "worker 4 ['Light']"]
    c = s.caller()
    for name, n in (("Light", 4), ("Heavy", 2), ("Singleton", 1)):
        wait_until(lambda name=name, n=n: len(
            {c.execute(f"apps:{name}", "pid") for _ in range(12)}) == n,
            f"{n} workers of {name}")
    # In turn: each is called as often as the others.
    seen = [c.execute("apps:Heavy", "pid") for _ in range(10)]
    assert seen.count(seen[0]) == 5


def test_ttou_leaves_what_the_allocation_needs(dirty, wait_until):
    s = dirty(apps=["apps:App", "apps:One:2"], dirty_workers=4)
    c = s.caller()
    wait_until(lambda: len({c.execute("apps:App", "pid")
                            for _ in range(12)}) == 4, "four workers")
    for _ in range(6):
        s.signal("TTOU", s.dirty_arbiter())
        time.sleep(0.1)
    wait_until(lambda: len({c.execute("apps:App", "pid")
                            for _ in range(12)}) == 2, "two workers")
    time.sleep(0.3)
    assert len({c.execute("apps:One", "pid") for _ in range(12)}) == 2
