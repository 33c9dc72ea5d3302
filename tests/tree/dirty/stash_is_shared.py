"""Tables that callers and dirty workers share."""

import json
import subprocess

import pytest

APPS = """
from gunicorn.dirty import DirtyApp, stash
class App(DirtyApp):
    def put(self, key, value):
        return stash.put("t", key, value)
    def get(self, key):
        return stash.get("t", key, "default")
"""


def test_operations(dirty, dirty_package):
    s = dirty(source=APPS)
    c = s.caller()
    with dirty_package.StashClient(c.socket_path) as stash:
        assert c.execute("apps:App", "get", "a") == "default"
        assert c.execute("apps:App", "put", "a", {"error": b"x"})
        assert stash.get("t", "a") == {"error": b"x"}
        assert stash.get("t", "b") is None and stash.get("u", "b", 5) == 5
        for i in range(300):
            stash.put("t", f"user:{i}", i)
        stash.put("t", 7, None)
        assert stash.get("t", 7, "no") is None
        assert stash.keys("t")[:2] == ["a", "user:0"]
        assert stash.keys("t", "user:1?") == [f"user:1{i}" for i in range(10)]
        assert stash.info("t") == {"size": 302, "table": "t"}
        assert stash.exists("t") and stash.exists("t", 7)
        assert not stash.exists("u") and not stash.exists("t", 8)
        assert stash.delete("t", 7) and not stash.delete("t", 7)
        assert stash.ensure("u") and sorted(stash.tables()) == ["t", "u"]
        assert stash.clear("t") and stash.keys("t") == []
        assert stash.delete_table("t") and not stash.delete_table("t")
        with pytest.raises(dirty_package.StashTableNotFoundError):
            stash.info("t")
        table = stash.table("u")
        table["k"] = [1]
        assert dict(table.items()) == {"k": [1]} and len(table) == 1
        del table["k"]
        with pytest.raises(KeyError):
            table["k"]


def test_it_is_bounded(dirty, dirty_package):
    s = dirty(source=APPS, dirty_stash_size="1m")
    with dirty_package.StashClient(s.caller().socket_path) as stash:
        data = b"x" * 300000
        for key in ("a", "b", "c"):
            stash.put("t", key, data)
        with pytest.raises(dirty_package.StashError, match="full"):
            stash.put("t", "d", data)
        assert stash.put("t", "a", data)
        assert stash.delete("t", "a")
        assert stash.put("t", "d", data)
        assert stash.get("t", "d") == data


def test_gunicorns_stash_client(dirty, newest_gunicorn):
    s = dirty(source=APPS)
    program = """
import json, sys
from gunicorn.dirty import StashClient
c = StashClient(sys.argv[1])
c.put("t", "a", {"n": [1]})
print(json.dumps([c.get("t", "a"), c.keys("t", "a*"), c.info("t"),
                  c.exists("t", "b"), c.delete("t", "a"), c.tables()]))
"""
    done = subprocess.run(
        [newest_gunicorn, "-c", program, s.caller().socket_path],
        capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        {"n": [1]}, ["a"], {"size": 1, "table": "t"}, False, True, ["t"]]


def test_a_reload_keeps_it(dirty, dirty_package, wait_until):
    """Also what is put and read meanwhile, and large values."""
    import os
    import threading

    s = dirty(source=APPS, dirty_stash_size="64m")
    path = s.caller().socket_path
    large = [os.urandom(n) for n in (5 << 20, 20 << 20, 100)]
    wrong, over, counts = [], threading.Event(), [0]

    def count():
        with dirty_package.StashClient(path) as stash:
            n = 0
            while not over.is_set():
                n += 1
                stash.put("counter", "n", n)
                if stash.get("counter", "n") != n:
                    wrong.append(n)
            counts[0] = n

    with dirty_package.StashClient(path) as stash:
        for i, value in enumerate(large):
            stash.put("large", i, value)
        for i in range(3000):
            stash.put("many", f"k{i}", i)
        stash.ensure("empty")
        thread = threading.Thread(target=count)
        thread.start()
        for _ in range(2):
            arbiter = s.dirty_arbiter()
            s.signal("HUP")
            wait_until(lambda old=arbiter: not os.path.exists(f"/proc/{old}"),
                       "the old dirty arbiter's end")
        over.set()
        thread.join()
        assert not wrong and counts[0] > 10
        assert [stash.get("large", i) for i in range(3)] == large
        assert stash.keys("many") == [f"k{i}" for i in range(3000)]
        assert stash.get("many", "k2999") == 2999
        assert sorted(stash.tables()) == ["counter", "empty", "large", "many"]
        assert "could not be passed on" not in s.log
