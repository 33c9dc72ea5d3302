"""HUP: a new template, new code, one worker after the other."""

import errno
import os
import socket
import threading
import time

OLD = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "3")])
    return [b"old"]
"""
NEW = OLD.replace("old", "new")


def test_hup_brings_new_code_without_a_failed_request(serve, until):
    s = serve(app=OLD, workers=2)
    failed, bodies, stop = [], set(), threading.Event()

    def ask():
        while not stop.is_set():
            try:
                bodies.add(s.get("/").body)
            except OSError as e:
                failed.append(e)

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(4)]
    for t in threads:
        t.start()
    old = set(s.workers())
    s.write("app.py", NEW)
    s.signal("HUP")
    until(lambda: len(s.workers()) == 2 and not old & set(s.workers()),
          "two new workers")
    until(lambda: b"new" in bodies, "the new code")
    stop.set()
    for t in threads:
        t.join()
    assert failed == []
    assert s.get("/").body == b"new"
    until(lambda: len(s.template()) == 1, "one template")


def test_a_broken_application_keeps_the_old_one(serve, until):
    s = serve(app=OLD)
    old = s.workers()
    s.write("app.py", "raise RuntimeError('broken')\n")
    s.signal("HUP")
    s.wait_log("The reload failed")
    assert s.get("/").body == b"old"
    assert s.workers() == old
    s.write("app.py", NEW)
    s.signal("HUP")
    until(lambda: s.get("/").body == b"new", "the mended code")


def test_a_broken_configuration_keeps_the_old_one(serve):
    s = serve(app=OLD, conf="workers = 1\n")
    s.write("gunicorn.conf.py", "workers = 'many'\n")
    s.signal("HUP")
    log = s.wait_log("The reload failed")
    assert "workers" in log and "many" in log
    s.write("gunicorn.conf.py", "this is no Python\n")
    s.signal("HUP")
    s.wait_log("The reload failed", count=2)
    assert "SyntaxError" in s.log
    assert s.get("/").body == b"old"


def test_a_configuration_file_that_sleeps_disturbs_nothing(serve, until):
    s = serve(app=OLD)
    s.write("gunicorn.conf.py",
            "import time; open('read', 'w').close(); time.sleep(60)\n")
    s.signal("HUP")
    until((s.folder / "read").exists, "the file is read")
    assert s.get("/").body == b"old"
    s.signal("TTIN")
    s.wait_log("Handling signal: ttin")
    assert s.get("/").body == b"old"


def test_the_file_s_settings_hold(serve):
    s = serve(conf="workers = 3\nproc_name = 'mine'\n")
    assert len(s.workers()) == 3


def test_an_address_that_is_no_longer_named_is_closed(serve, until):
    def conf(*ports):
        return f"bind = {[f'127.0.0.1:{p}' for p in ports]}\n"
    one, two = free_port(), free_port()
    s = serve(env={"GREENCORN_BIND": ""}, conf=conf(one, two))
    s.port = two
    assert s.get("/").status == 200
    s.write("gunicorn.conf.py", conf(one))
    s.signal("HUP")
    until(lambda: refuses(two), "nobody listens there")
    s.port = one
    assert s.get("/").status == 200
    s.write("gunicorn.conf.py", conf(two))
    s.signal("HUP")
    until(lambda: refuses(one), "nobody listens there")
    s.port = two
    assert s.get("/").status == 200


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def refuses(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED


def test_workers_hold_no_descriptor_of_the_arbiter(serve, until):
    s = serve(workers=2)
    s.signal("HUP")
    s.wait_log("Worker exiting", count=2)
    until(lambda: len(s.workers()) == 2, "two workers")
    for pid in s.workers():
        assert len(listening(pid)) == 1


def listening(pid):
    """Descriptors of that process that are listeners."""
    inodes = set()
    with open(f"/proc/{pid}/net/tcp") as f:
        for line in list(f)[1:]:
            fields = line.split()
            if fields[3] == "0A":
                inodes.add(f"socket:[{fields[9]}]")
    found = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            if os.readlink(f"/proc/{pid}/fd/{fd}") in inodes:
                found.append(fd)
        except OSError:
            pass
    return found


def test_logs_opened_anew_meanwhile_do_not_end_it(serve, until):
    """What logrotate does: USR1, at whatever moment of a reload."""
    s = serve(workers=2, errorlog="error.log", ready=False)
    until(s.workers, "workers")
    for n in range(20):
        old = set(s.workers())
        s.signal("HUP")
        time.sleep(n * 0.001)
        s.signal("USR1")
        until(lambda: len(s.workers()) == 2 and not old & set(s.workers()),
              "new workers")
    assert "The reload failed" not in (s.folder / "error.log").read_text()


def test_one_that_hangs_holds_up_nothing_else(serve, until):
    """Neither the replacement of workers nor TTIN, nor the next reload."""
    s = serve(app=OLD, conf="workers = 2\n")
    s.write("gunicorn.conf.py", "import time\ntime.sleep(3600)\n")
    s.signal("HUP")
    until(lambda: len(s.template()) == 2, "the new template")
    gone = s.workers()[0]
    os.kill(gone, 9)
    until(lambda: len(s.workers()) == 2 and gone not in s.workers(),
          "another worker")
    s.signal("TTIN")
    until(lambda: len(s.workers()) == 3, "a third one")
    old = set(s.workers())
    s.write("gunicorn.conf.py", "workers = 2\n")
    s.signal("HUP")
    until(lambda: len(s.workers()) == 2 and not old & set(s.workers()),
          "new workers")
    until(lambda: len(s.template()) == 1, "one template")
    s.write("gunicorn.conf.py", "import time\ntime.sleep(3600)\n")
    s.signal("HUP")
    until(lambda: len(s.template()) == 2, "the new template")
    s.signal("TERM")
    assert s.wait(10) == 0


def test_one_that_hangs_is_ended_where_its_time_is_said(serve, until):
    s = serve(app=OLD, preload_app="true", boot_timeout=2)
    s.write("app.py", "import time\ntime.sleep(3600)\n")
    s.signal("HUP")
    s.wait_log("The reload failed")
    assert s.get("/").body == b"old"
    until(lambda: len(s.template()) == 1, "one template")
    s.write("app.py", NEW)
    s.signal("HUP")
    until(lambda: s.get("/").body == b"new", "the new code")


def test_a_worker_on_its_way_when_the_next_reload_comes_leaves(serve, until):
    """Its template forks it when its generation has been given up."""
    s = serve(app=OLD, conf="""
import os
import time

def pre_fork(server, worker):
    open("forking", "w").close()
    time.sleep(0.5)
""")
    old = s.workers()
    (s.folder / "forking").unlink()
    s.signal("HUP")
    until((s.folder / "forking").exists, "a fork that begins")
    s.write("gunicorn.conf.py", "")
    s.signal("HUP")
    # Until it has forked, there are two templates.
    until(lambda: len(s.workers()) == 1 and s.workers() != old and
          len(s.template()) == 1, "one worker, one template", 10)
    assert "SIGKILL" not in s.log
    assert s.get("/").status == 200


def test_a_storm_of_them(serve, until):
    s = serve(app=OLD, workers=2)
    failed, stop = [], threading.Event()

    def ask():
        while not stop.is_set():
            try:
                assert s.get("/").body == b"old"
            except (OSError, AssertionError) as e:
                failed.append(e)

    t = threading.Thread(target=ask, daemon=True)
    t.start()
    for n in range(60):
        s.signal("HUP")
        time.sleep(n % 20 * 0.004)
    until(lambda: len(s.workers()) == 2 and len(s.template()) == 1,
          "two workers, one template", 15)
    n = s.log.count("Booting worker")
    old = set(s.workers())
    s.signal("HUP")
    until(lambda: len(s.workers()) == 2 and not old & set(s.workers()),
          "two others")
    stop.set()
    t.join(20)
    assert failed == []
    assert s.log.count("Booting worker") == n + 2
    assert "SIGKILL" not in s.log
