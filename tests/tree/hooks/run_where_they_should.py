"""Each hook in its process, at its moment, with what it may look at."""

import os
import re

ALL = """
def on_starting(server): say(server.pid, server.num_workers)
def on_reload(server): say(server.pid)
def when_ready(server): say(server.pid, *sorted(server.WORKERS))
def pre_fork(server, worker): say(worker.age); worker.mark = worker.age * 10
def post_fork(server, worker): say(worker.pid, worker.ppid, worker.mark)
def post_worker_init(worker): say(worker.pid, worker.alive)
def child_exit(server, worker): say(worker.pid, worker.age, worker.mark)
def worker_exit(server, worker): say(worker.pid, worker.alive)
def nworkers_changed(server, new_value, old_value): say(new_value, old_value)
def on_exit(server): say(server.pid)
"""


def _order(log):
    return re.findall(r"^hook (\w+)", log, re.M)


def test_a_life_in_order(hooked, said, until):
    s = hooked(ALL, workers=1)
    until(lambda: said(s, "when_ready"), "when_ready")
    template, worker = s.template()[0], s.workers()[0]
    assert said(s, "nworkers_changed") == [(template, "1 None")]
    assert said(s, "on_starting") == [(template, f"{s.pid} 1")]
    assert said(s, "pre_fork") == [(template, "1")]
    assert said(s, "post_fork") == [(worker, f"{worker} {s.pid} 10")]
    assert said(s, "post_worker_init") == [(worker, f"{worker} True")]
    assert said(s, "when_ready") == [(template, f"{s.pid} {worker}")]
    s.signal("TERM")
    assert s.wait() == 0
    assert said(s, "worker_exit") == [(worker, f"{worker} False")]
    assert said(s, "child_exit") == [(template, f"{worker} 1 10")]
    assert said(s, "on_exit") == [(template, str(s.pid))]
    assert _order(s.log) == [
        "nworkers_changed", "on_starting", "pre_fork", "post_fork",
        "post_worker_init", "when_ready", "worker_exit", "child_exit",
        "on_exit"]


def test_a_reload_has_new_hooks_in_a_new_template(hooked, said, until):
    s = hooked(ALL, workers=1)
    first, worker = s.template()[0], s.workers()[0]
    conf = (s.folder / "gunicorn.conf.py").read_text()
    s.write("gunicorn.conf.py",
            conf.replace("worker.age * 10", "worker.age * 100"))
    s.signal("HUP")
    until(lambda: said(s, "child_exit"), "the old worker's end")
    second = until(lambda: set(s.template()) - {first}, "a template").pop()
    assert said(s, "on_reload") == [(second, str(s.pid))]
    assert len(said(s, "on_starting")) == 1
    # The old one's end is told to the template that forked it.
    assert said(s, "child_exit") == [(first, f"{worker} 1 10")]
    assert said(s, "post_fork")[-1][1].endswith(" 100")
    assert len(said(s, "when_ready")) == 1


def test_workers_that_come_and_go(hooked, said, until):
    s = hooked(ALL, workers=1)
    s.signal("TTIN")
    until(lambda: len(said(s, "post_worker_init")) == 2, "a second worker")
    assert [rest for _, rest in said(s, "nworkers_changed")] == [
        "1 None", "2 1"]
    s.signal("TTOU")
    until(lambda: said(s, "child_exit"), "one less")
    assert said(s, "nworkers_changed")[-1][1] == "1 2"
    killed = s.workers()[0]
    os.kill(killed, 9)
    until(lambda: len(said(s, "child_exit")) == 2, "the killed one's end")
    assert said(s, "child_exit")[-1][1].startswith(f"{killed} ")
    assert killed not in [pid for pid, _ in said(s, "worker_exit")]


def test_hooks_that_are_named_elsewhere(serve, said, until):
    s = serve(app="""
import os
def started(server):
    os.write(1, b"hook started %d\\n" % os.getpid())
class Hooks:
    @staticmethod
    def forked(server, worker):
        os.write(1, b"hook forked %d\\n" % os.getpid())
def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
""", on_starting="app:started", env={"GUNICORN_POST_FORK": "app.Hooks.forked"
                                     .replace("app.", "app:", 1)})
    assert [pid for pid, _ in said(s, "started")] == s.template()
    assert [pid for pid, _ in said(s, "forked")] == s.workers()


def test_signals_of_a_worker(hooked, said, until):
    s = hooked("""
def worker_int(worker): say(worker.alive)
def worker_abort(worker):
    import traceback
    say(len(traceback.extract_stack()) > 1, worker.aborted)
def worker_exit(server, worker): say()
""", app="""
import time
def app(environ, start_response):
    if environ["PATH_INFO"] == "/stuck":
        time.sleep(60)
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
""", timeout=1, workers=1)
    worker = s.workers()[0]
    s.signal("INT", worker)
    until(lambda: said(s, "worker_exit"), "worker_exit")
    assert said(s, "worker_int") == [(worker, "False")]
    until(lambda: s.workers() and s.workers() != [worker], "another worker")
    s.wait_log("Booting worker", count=2)
    try:
        s.get("/stuck", timeout=5)
    except OSError:
        pass
    s.wait_log("was sent SIGABRT!")
    assert said(s, "worker_abort")[0][1] == "True True"


def test_threads_too(hooked, said, until):
    s = hooked("""
def worker_int(worker): say()
def worker_abort(worker): say()
def worker_exit(server, worker): say()
""", threads=2, workers=1)
    worker = s.workers()[0]
    s.signal("QUIT", worker)
    until(lambda: said(s, "worker_exit") == [(worker, "")], "worker_exit")
    assert said(s, "worker_int") == [(worker, "")]
    again = until(lambda: [w for w in s.workers() if w != worker],
                  "another worker")[0]
    s.wait_log("Booting worker", count=2)
    assert s.get("/").status == 200
    s.signal("ABRT", again)
    until(lambda: said(s, "worker_abort") == [(again, "")], "worker_abort")


def test_cfg_and_log(hooked, said, until):
    s = hooked("""
workers = 1
timeout = 7
raw_env = ["A=1"]
forwarded_allow_ips = "10.0.0.0/8,::1"
secure_scheme_headers = {"X-SCHEME": "https"}
def post_fork(server, worker):
    cfg = worker.cfg
    say(cfg.timeout, cfg.bind == server.cfg.bind, cfg.env["A"],
        cfg.forwarded_allow_ips, cfg.secure_scheme_headers["X-SCHEME"],
        cfg.preload_app, cfg.pidfile, cfg.worker_class_str, cfg.is_ssl,
        cfg.settings["timeout"].get(), callable(cfg.post_fork),
        callable(cfg.pre_fork), cfg.address == server.address)
    worker.log.info("told by %s", "a hook")
    server.log.warning("and warned")
    try:
        1 / 0
    except ZeroDivisionError:
        worker.log.exception("caught")
""")
    until(lambda: said(s, "post_fork"), "post_fork")
    assert said(s, "post_fork")[0][1] == (
        "7 True 1 ['10.0.0.0/8', '::1'] https False None sync False 7 True "
        "True True")
    s.wait_log("[INFO] told by a hook")
    s.wait_log("[WARNING] and warned")
    s.wait_log("ZeroDivisionError")


def test_alive_set_to_false_is_a_worker_that_leaves(hooked, said, until):
    s = hooked("""
def post_worker_init(worker):
    import threading
    if worker.age == 1:
        threading.Timer(0.2, setattr, (worker, "alive", False)).start()
def worker_exit(server, worker): say(worker.age)
""")
    until(lambda: said(s, "worker_exit"), "worker_exit")
    assert said(s, "worker_exit")[0][1] == "1"


def test_and_so_before_it_serves(hooked, said, until):
    s = hooked("""
def post_worker_init(worker):
    if worker.age == 1:
        worker.alive = False
def worker_exit(server, worker): say(worker.age)
""")
    until(lambda: said(s, "worker_exit"), "worker_exit")
    assert said(s, "worker_exit")[0][1] == "1"
    assert s.get("/").status == 200


def test_the_server_knows_its_workers_without_a_hook_for_each(hooked, said,
                                                              until):
    s = hooked("""
def pre_fork(server, worker):
    if worker.age > 2:
        say(server.num_workers, *sorted(server.WORKERS))
""", workers=2)
    first, second = sorted(s.workers())
    os.kill(first, 9)
    until(lambda: said(s, "pre_fork"), "a fork")
    assert said(s, "pre_fork")[0][1] == f"2 {second}"
    s.signal("TTIN")
    until(lambda: len(said(s, "pre_fork")) == 2, "another")
    assert said(s, "pre_fork")[1][1].split()[0] == "3"


def test_usr2(hooked, said, until):
    s = hooked("def pre_exec(server): say(server.pid)\n")
    s.signal("USR2")
    until(lambda: said(s, "pre_exec"), "pre_exec")
    assert said(s, "pre_exec")[0][1] == str(s.pid)
    s.wait_log("Ready: ", count=2)
    new, = [p for p in s.children() if p in _masters(s)]
    os.kill(new, 15)
    until(lambda: new not in s.children(), "the new one's end")


def _masters(s):
    found = []
    for pid in s.children():
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            if b": master" in f.read():
                found.append(pid)
    return found


def test_what_hooks_print_is_printed_once(hooked, said):
    s = hooked("""
print("read here")
def on_starting(server): print("printed here")
""", workers=3)
    assert s.get("/").status == 200
    s.signal("TERM")
    assert s.wait() == 0
    assert s.log.count("read here") == 1
    assert s.log.count("printed here") == 1


def test_hooks_may_act_on_the_server(hooked, said, until):
    s = hooked("""
def when_ready(server): server.reload()
def on_reload(server): say()
def worker_exit(server, worker): server.halt()
""")
    until(lambda: said(s, "on_reload"), "a reload")
    assert s.wait() == 0


def test_a_template_that_died_has_a_successor(hooked, said, until):
    """It is no start and no reload; workers of the dead one are its."""
    s = hooked(ALL.replace(", worker.mark)", ")"), workers=1)
    until(lambda: said(s, "when_ready"), "when_ready")
    first, worker = s.template()[0], s.workers()[0]
    os.kill(first, 9)
    second = until(lambda: set(s.template()) - {first}, "another").pop()
    until(lambda: worker not in s.workers(), "a worker of its own",
          deadline=30)
    until(lambda: said(s, "child_exit"), "child_exit")
    assert said(s, "child_exit") == [(second, f"{worker} 1")]
    assert [pid for pid, _ in said(s, "on_starting")] == [first]
    assert not said(s, "on_reload")
    assert len(said(s, "when_ready")) == 1
    s.signal("TERM")
    assert s.wait() == 0
    assert [pid for pid, _ in said(s, "on_exit")] == [second]


def test_usr2_as_pid_1(hooked, said, until):
    s = hooked("""
import time
def pre_exec(server):
    time.sleep(0.3)
    say(server.pid)
def on_starting(server): say(server.pid)
""", init=True, workers=2)
    old, template = s.pid, s.template()
    s.signal("USR2")
    s.wait_log("Adopting 2 workers")
    s.wait_log("Ready: ", count=2)
    assert len(said(s, "pre_exec")) == 1
    assert len(said(s, "on_starting")) == 2
    assert s.pid != old and s.template() != template
    assert s.get("/").status == 200


def test_a_pre_exec_that_hangs_is_not_waited_for(hooked, said, until):
    s = hooked("""
import time
def pre_exec(server):
    say()
    time.sleep(3600)
""", init=True, workers=2)
    s.signal("USR2")
    until(lambda: said(s, "pre_exec"), "pre_exec")
    assert s.get("/").status == 200
    os.kill(s.workers()[0], 9)  # while it is waited for
    s.wait_log("Adopting 1 workers")
    s.wait_log("Ready: ", count=2)
    assert len(s.workers()) >= 2
    assert s.get("/").status == 200
    s.signal("TERM")
    assert s.wait() == 0


def test_a_stop_does_not_wait_for_pre_exec(hooked, said, until):
    s = hooked("""
import time
def pre_exec(server):
    say()
    time.sleep(3600)
""", init=True)
    s.signal("USR2")
    until(lambda: said(s, "pre_exec"), "pre_exec")
    s.signal("TERM")
    assert s.wait(10) == 0
