"""What is wrong with a hook is said, and harms only what it must."""

import pytest


def _ends(hooked, conf, *args, **kw):
    s = hooked(conf, *args, ready=False, **kw)
    return s.wait(), s.log


@pytest.mark.parametrize("conf, problem", [
    ("def pre_fork(server): pass",
     "Error: Invalid value for pre_fork: pre_fork must take 2 arguments: "
     "server, worker"),
    ("def on_starting(): pass",
     "Error: Invalid value for on_starting: on_starting must take 1 "
     "argument: server"),
    ("def post_request(worker): pass",
     "must take 4 arguments: worker, req, environ, resp"),
    ("post_fork = 'nowhere.at_all'",
     "Error: Invalid value for post_fork: nowhere.at_all cannot be found: "
     "ModuleNotFoundError"),
])
def test_a_hook_that_cannot_be_ends_the_start(hooked, conf, problem):
    status, log = _ends(hooked, conf)
    assert problem in log
    assert status == 1
    assert "Booting worker" not in log


def test_and_a_check(hooked):
    status, log = _ends(hooked, "def post_fork(w): pass", "--check-config",
                        "app:app")
    assert status == 1 and "post_fork must take 2 arguments" in log


def test_many_forms_of_a_function_will_do(hooked, said, until):
    s = hooked("""
import functools
class Hooks:
    def __call__(self, server, worker): say("object")
    def method(self, server): say("method")
post_fork = Hooks()
on_starting = Hooks().method
pre_fork = functools.partial(lambda a, s, w: say(a), "partial")
def post_worker_init(*args): say(len(args))
def nworkers_changed(server, new, old=None, more=1): say()
""")
    s.wait_ready()
    for text in ("__call__ {} object", "method {} method",
                 "<lambda> {} partial", "post_worker_init {} 1"):
        name, _, rest = text.split(" ", 2)
        assert [r for _, r in said(s, name)] == [rest]


def test_on_starting_ends_the_start(hooked):
    status, log = _ends(hooked, "def on_starting(s): raise OSError('no')")
    assert status == 1
    assert "Exception in the hook on_starting" in log
    assert "OSError: no" in log
    status, log = _ends(hooked, "def on_starting(s): raise SystemExit(7)")
    assert status == 7


def test_no_other_exception_ends_anything(hooked, until):
    names = {
        "when_ready": "s", "pre_fork": "s, w", "post_fork": "s, w",
        "post_worker_init": "w", "child_exit": "s, w", "worker_exit": "s, w",
        "nworkers_changed": "s, n, o", "on_exit": "s"}
    s = hooked("".join(f"def {name}({args}): raise KeyError('{name}!')\n"
                       for name, args in names.items()))
    assert s.get("/").status == 200
    s.signal("TERM")
    assert s.wait() == 0
    for name in names:
        assert f"Exception in the hook {name}" in s.log
        assert f"KeyError: '{name}!'" in s.log


def test_on_reload_that_raises_lets_the_reload_go_on(hooked, until):
    s = hooked("def on_reload(server): raise KeyError('r')")
    before = s.workers()
    s.signal("HUP")
    s.wait_log("Exception in the hook on_reload")
    until(lambda: s.workers() and not set(s.workers()) & set(before),
          "new workers")


def test_a_reload_with_a_wrong_hook_changes_nothing(hooked):
    s = hooked("def on_starting(server): say()")
    before = s.workers()
    s.write("gunicorn.conf.py", "def post_fork(): pass\n")
    s.signal("HUP")
    s.wait_log("The reload failed")
    assert "post_fork must take 2 arguments" in s.log
    assert s.workers() == before and s.get("/").status == 200


def test_exit_in_a_workers_hook_is_that_workers(hooked):
    s = hooked("""
def post_fork(server, worker):
    if worker.age == 1:
        sys.exit(5)
""")
    assert "exited with code 5" in s.log
    assert s.get("/").status == 200
