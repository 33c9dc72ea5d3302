"""Applications that raise, hang or answer nonsense, at any time: whoever
called is told, and their neighbours in the same server go on."""

import os
import threading
import time

import pytest

GOOD = """
import ctypes, os, signal, sys, threading, time
from gunicorn.dirty import DirtyApp

def stick():
    ctypes.PyDLL(None).sleep(3600)  # holds the GIL

class App(DirtyApp):
    def echo(self, *args):
        return {"args": args}
    def pid(self):
        return os.getpid()
"""


def bad(body):
    return GOOD + "\nclass Bad(DirtyApp):\n" + "".join(
        f"    {line}\n" for line in body.strip("\n").splitlines())


CANNOT_BE_MADE = {
    "__init__ raises": "def __init__(self): raise RuntimeError('no way')",
    "init raises": "def init(self): raise RuntimeError('no way')",
    "init exits": "def init(self): sys.exit('no way')",
    "init ends the process": "def init(self): os._exit(7)",
    "init is killed": "def init(self): os.kill(os.getpid(), 11)",
    "workers is nonsense": "workers = -1",
}


@pytest.mark.parametrize("how", CANNOT_BE_MADE)
def test_one_that_cannot_be_made(dirty, dirty_package, neighbours, how):
    """Those that share its workers are served all the same."""
    s = dirty(apps=["apps:Bad", "apps:App"], dirty_workers=2,
              source=bad(CANNOT_BE_MADE[how]))
    c = s.caller()
    with neighbours(s):
        with pytest.raises(dirty_package.DirtyNoWorkersAvailableError) as e:
            c.execute("apps:Bad", "echo")
        assert e.value.app_path == "apps:Bad"
        began = time.monotonic()
        with pytest.raises(dirty_package.DirtyNoWorkersAvailableError):
            c.execute("apps:Bad", "echo")
        assert time.monotonic() - began < 1
    assert s.get("/").status == 200
    assert "apps:Bad" in s.log


@pytest.mark.parametrize("spec", ["nowhere:Bad", "apps:Nobody", "broken:Bad",
                                  "apps:GOOD"])
def test_one_that_cannot_be_imported(dirty, dirty_package, neighbours, spec,
                                     tmp_path):
    (tmp_path / "broken.py").write_text("1 = 2\n")
    s = dirty(apps=[spec, "apps:App"], dirty_workers=2,
              source=GOOD + "\nGOOD = 5\n")
    with neighbours(s):
        with pytest.raises(dirty_package.DirtyNoWorkersAvailableError) as e:
            s.caller().execute(spec, "echo")
        assert e.value.app_path == spec


def test_one_that_hangs_in_init(dirty, dirty_package, neighbours):
    """dirty_timeout holds for that, too: so long may a model take. After
    that its neighbours have workers without it."""
    for body in ("def init(self): time.sleep(3600)", "def init(self): stick()"):
        s = dirty(apps=["apps:Bad", "apps:App"], dirty_workers=2,
                  dirty_timeout=1, source=bad(body))
        s.wait_log("Dirty app apps:Bad could not be made")
        with neighbours(s):
            with pytest.raises((dirty_package.DirtyNoWorkersAvailableError,
                                dirty_package.DirtyTimeoutError)):
                s.caller().execute("apps:Bad", "echo")
            s.wait_log("apps:Bad could not be made: 4 times in a row")
        s.end()


def test_one_that_can_be_made_again(dirty, dirty_package, neighbours,
                                    wait_until, tmp_path):
    """It comes back by itself, to all workers, without its neighbours'
    taking notice."""
    s = dirty(apps=["apps:Bad", "apps:App"], dirty_workers=2, source=bad("""
def init(self): open("needed").close()
def pid(self): return os.getpid()
"""))
    c = s.caller()
    with pytest.raises(dirty_package.DirtyNoWorkersAvailableError):
        c.execute("apps:Bad", "pid")
    with neighbours(s):
        (tmp_path / "needed").touch()

        def served_by():
            try:
                return {c.execute("apps:Bad", "pid") for _ in range(8)}
            except dirty_package.DirtyNoWorkersAvailableError:
                return set()
        wait_until(lambda: len(served_by()) == 2, "two workers of Bad")
    assert served_by() == {c.execute("apps:App", "pid") for _ in range(8)}


def test_one_that_is_slow_to_be_made_is_waited_for(dirty):
    s = dirty(apps=["apps:Bad"],
              source=bad("def init(self): time.sleep(2)\n"
                         "def echo(self): return 1"))
    assert s.caller().execute("apps:Bad", "echo") == 1
    assert len(s.dirty_pids()) == 1


def test_one_that_fails_while_others_hold_it(dirty, wait_until, tmp_path):
    """It is served by those, and by as many as before in the end."""
    s = dirty(apps=["apps:Bad"], dirty_workers=2, source=bad("""
def init(self):
    if os.path.exists("broken"): raise RuntimeError("now it is")
def pid(self): return os.getpid()
"""))
    c = s.caller()

    def served_by():
        return {c.execute("apps:Bad", "pid") for _ in range(8)}
    wait_until(lambda: len(served_by()) == 2, "two workers")
    (tmp_path / "broken").touch()
    os.kill(served_by().pop(), 9)
    s.wait_log("apps:Bad could not be made: 2 times in a row")
    assert len(served_by()) == 1
    (tmp_path / "broken").unlink()
    wait_until(lambda: len(served_by()) == 2, "two workers again")


@pytest.mark.parametrize("body", [
    "def close(self): raise RuntimeError('will not close')",
    "def close(self): raise SystemExit(9)",
    "def close(self): time.sleep(3600)",
    "def close(self): stick()",
])
def test_one_that_cannot_be_closed(dirty, neighbours, body, wait_until):
    """A stop ends all the same, and so does a worker's own end."""
    s = dirty(apps=["apps:Bad", "apps:App"], dirty_workers=2,
              dirty_graceful_timeout=1, source=bad(body))
    c = s.caller()
    pid = c.execute("apps:App", "pid")
    with neighbours(s):
        s.signal("TERM", pid)
        wait_until(lambda: not os.path.exists(f"/proc/{pid}"), "its end")
        if "will not" in body:
            s.wait_log("RuntimeError: will not close")
    began = time.monotonic()
    s.signal("TERM")
    assert s.wait() == 0
    assert time.monotonic() - began < 8


STRANGE = bad('''
def fails(self, how):
    return getattr(self, "_" + how)()
def _exit(self): sys.exit("goodbye")
def _interrupt(self): raise KeyboardInterrupt
def _generator_exit(self): raise GeneratorExit
def _stop(self): raise StopIteration(5)
def _memory(self): bytearray(1 << 60)
def _recursion(self): return self._recursion()
def _os_error(self): open("/nowhere/at.all")
def _broken_pipe(self): raise BrokenPipeError(32, "mine")
def _no_text(self):
    class Rude(Exception):
        def __str__(self): raise ValueError("no text")
    raise Rude
def _surrogate(self): raise RuntimeError("\\ud800")
def _huge_text(self): raise RuntimeError("x" * (70 << 20))
def _group(self): raise ExceptionGroup("both", [ValueError("v"), OSError("o")])
def _base(self):
    class Mine(BaseException): pass
    raise Mine("mine")
def gives(self, what):
    deep = []
    for _ in range(100): deep = [deep]
    ring = []
    ring.append(ring)
    class Odd(dict):
        def items(self): raise RuntimeError("odd items")
        def __len__(self): return 1
    return {"set": {1}, "object": object(), "int": 1 << 64, "deep": deep,
            "ring": ring, "surrogate": "\\ud800", "odd": Odd(), "self": self,
            "module": os, "lock": threading.Lock(), "function": stick,
            "many": [None] * ((1 << 20) + 1), "complex": 1j,
            "view": memoryview(b"1234")[::2], "key": {("a",): {2}}}[what]
def yields(self, what):
    yield 1
    try:
        yield self.gives(what)
    finally:
        self.closed = True
def rude(self):
    while True:
        try:
            yield 1
        except GeneratorExit:
            pass  # and yields once more
def raises_in_close(self):
    try:
        yield 1
        yield {1}
    finally:
        raise SystemExit("in finally")
async def awaits(self):
    raise KeyboardInterrupt
async def ayields(self):
    yield 1
    raise SystemExit
def spoil(self):
    import linecache, logging
    linecache.getlines = None
    logging.Logger.exception = None
def was_closed(self):
    return self.closed
def links(self):
    os.closerange(3, 4096)
    time.sleep(5)
def echo(self, *args):
    return {"args": args}
''')


@pytest.fixture
def strange(dirty):
    return dirty(apps=["apps:Bad", "apps:App"], source=STRANGE,
                 dirty_threads=2)


@pytest.mark.parametrize("how,text", [
    ("exit", "goodbye"), ("interrupt", "KeyboardInterrupt"),
    ("generator_exit", "GeneratorExit"), ("stop", "5"), ("memory", "Memory"),
    ("recursion", "recursion"), ("os_error", "/nowhere/at.all"),
    ("broken_pipe", "mine"), ("no_text", "Rude"), ("surrogate", ""),
    ("huge_text", ""), ("group", "both"), ("base", "mine"),
])
def test_whatever_it_raises(strange, dirty_package, how, text, neighbours):
    c = strange.caller()
    with neighbours(strange):
        for _ in range(4):  # more often than it has threads
            with pytest.raises(dirty_package.DirtyAppError) as e:
                c.execute("apps:Bad", "fails", how)
            assert text in e.value.message
            assert e.value.app_path == "apps:Bad"
    assert len(strange.dirty_pids()) == 1  # the same worker all the time


@pytest.mark.parametrize("what", [
    "set", "object", "int", "deep", "ring", "surrogate", "odd", "self",
    "module", "lock", "function", "many", "complex", "key"])
def test_what_cannot_be_sent(strange, dirty_package, what, neighbours):
    c = strange.caller()
    with neighbours(strange):
        for _ in range(4):
            with pytest.raises(dirty_package.DirtyAppError) as e:
                c.execute("apps:Bad", "gives", what)
            assert e.value.message and e.value.app_path == "apps:Bad"
            stream = c.stream("apps:Bad", "yields", what)
            assert next(stream) == 1
            with pytest.raises(dirty_package.DirtyAppError):
                next(stream)
            assert list(stream) == []
    assert c.execute("apps:Bad", "was_closed") is True
    assert c.execute("apps:Bad", "gives", "view") == b"13"
    assert len(strange.dirty_pids()) == 1


def test_rude_generators(strange, dirty_package, wait_until):
    c = strange.caller()
    for _ in range(4):
        stream = c.stream("apps:Bad", "rude")
        assert [next(stream), next(stream)] == [1, 1]
        stream.close()
        for action in ("raises_in_close", "ayields"):
            with pytest.raises(dirty_package.DirtyAppError):
                list(c.stream("apps:Bad", action))
        with pytest.raises(dirty_package.DirtyAppError):
            c.execute("apps:Bad", "awaits")
        assert c.execute("apps:Bad", "echo", 1)["args"] == [1]
    assert len(strange.dirty_pids()) == 1


def test_one_that_spoils_what_tells_errors(strange, dirty_package):
    c = strange.caller()
    c.execute("apps:Bad", "spoil")
    for _ in range(4):
        with pytest.raises(dirty_package.DirtyAppError, match="mine"):
            c.execute("apps:Bad", "fails", "base")
        stream = c.stream("apps:Bad", "rude")
        assert next(stream) == 1
        stream.close()
    assert len(strange.dirty_pids()) == 1


def test_one_that_closes_what_is_not_its_own(strange, dirty_package):
    """It has cut its worker off: that is replaced."""
    c = strange.caller()
    pid = c.execute("apps:App", "pid")
    with pytest.raises(dirty_package.DirtyWorkerError):
        c.execute("apps:Bad", "links")
    assert c.execute("apps:App", "pid") != pid


def test_a_call_that_is_stuck_says_where(dirty, dirty_package):
    """The stacks of its worker's threads are in the log."""
    s = dirty(apps=["apps:Bad"], dirty_timeout=1, source=bad("""
def hang_about(self): time.sleep(3600)
"""))
    with pytest.raises(dirty_package.DirtyTimeoutError):
        s.caller().execute("apps:Bad", "hang_about")
    s.wait_log("hang_about")


def test_many_errors_leave_nothing_behind(strange, dirty_package, holdings):
    c = strange.caller()

    def ask(n):
        for _ in range(n):
            for action, args in (("fails", ("os_error",)), ("gives", ("set",)),
                                 ("none", ()), ("rude", ())):
                with pytest.raises(dirty_package.DirtyError):
                    c.execute("apps:Bad", action, *args)
            with pytest.raises(dirty_package.DirtyError):
                c.execute("no:App", "x")

    def crowd():
        threads = [threading.Thread(target=ask, args=(40,)) for _ in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        c.close()

    crowd()
    held = holdings(strange)
    for _ in range(4):
        crowd()
    # The allocator's own ups and downs are 8 MiB; this is 2 KiB an error.
    held.returned(workers_kib=12288)
