"""HUP: a new template, new code, one worker after the other."""

import threading

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
