"""dirty_preload: what applications load before the fork is in memory once."""

import os

import pytest

SIZE = 64 << 20
SOURCE = f"""
import os
from gunicorn.dirty import DirtyApp
class App(DirtyApp):
    model = None
    @classmethod
    def preload(cls):
        os.write(1, b"loads\\n")
        cls.model = os.urandom({SIZE})
    def pid(self):
        return os.getpid(), sum(self.model[::4096]) and len(self.model)
class Plain(DirtyApp):
    def preload(self):  # an action of that name
        return "action"
"""


def private(pid):
    with open(f"/proc/{pid}/smaps_rollup") as f:
        rows = dict(line.split(":", 1) for line in f if ":" in line)
    return sum(int(rows[f"Private_{kind}"].split()[0]) * 1024
               for kind in ("Clean", "Dirty"))


@pytest.mark.parametrize("shared", [True, False])
def test_memory(dirty, wait_until, shared):
    s = dirty(apps=["apps:App", "apps:Plain"], source=SOURCE,
              dirty_workers=3, dirty_preload="true" if shared else "false")
    c = s.caller()
    pids = set()

    def all_seen():
        pid, size = c.execute("apps:App", "pid")
        assert size == SIZE
        pids.add(pid)
        return len(pids) == 3
    wait_until(all_seen, "three workers")
    sizes = [private(pid) for pid in pids]
    print("KiB of each:", [n >> 10 for n in sizes])
    if shared:
        assert max(sizes) < SIZE / 8
        assert s.log.count("loads\n") == 1
    else:
        assert min(sizes) > SIZE
        assert s.log.count("loads\n") == 3
    assert c.execute("apps:Plain", "preload") == "action"
    os.kill(min(pids), 9)
    s.wait_log("was sent SIGKILL!")
    old = set(pids)
    pids.clear()
    wait_until(all_seen, "three workers again")
    assert s.log.count("loads\n") == (1 if shared else 4)
    assert pids != old


def test_a_preload_that_fails_is_its_workers_matter(dirty):
    """The others run; it is tried again, and said."""
    s = dirty(apps=["apps:Bad", "apps:App"], dirty_preload="true", source="""
import os
from gunicorn.dirty import DirtyApp
class Bad(DirtyApp):
    @classmethod
    def preload(cls):
        if not os.path.exists("good"):
            raise RuntimeError("no model")
    def echo(self):
        return "now"
class App(DirtyApp):
    def pid(self):
        return os.getpid()
""")
    c = s.caller()
    assert c.execute("apps:App", "pid")
    assert "Exception in preload of apps:Bad" in s.log
    assert "RuntimeError: no model" in s.log
    (s.folder / "good").touch()
    assert c.execute("apps:Bad", "echo") == "now"


def test_a_preload_that_hangs_is_ended(dirty, dirty_package, wait_until):
    s = dirty(dirty_preload="true", dirty_timeout=1, source="""
import os, time
from gunicorn.dirty import DirtyApp
class App(DirtyApp):
    @classmethod
    def preload(cls):
        if not os.path.exists("tried"):
            open("tried", "w").close()
            time.sleep(3600)
    def echo(self):
        return "now"
""")
    s.wait_log("template has ended")
    c = s.caller()

    def answered():
        try:
            return c.execute("apps:App", "echo") == "now"
        except dirty_package.DirtyTimeoutError:  # as long as calls may wait
            return False
    wait_until(answered, "an answer")
