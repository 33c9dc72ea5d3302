"""Start, serve, stop: what the log says and what a client sees."""

import threading

SLOW = """
import time

def app(environ, start_response):
    open("began", "w").close()
    time.sleep(1)
    start_response("200 OK", [("Content-Length", "4")])
    return [b"done"]
"""


def test_the_start_is_told_and_answers(serve):
    s = serve(workers=2)
    assert s.get("/").body == b"hello\n"
    log = s.log
    assert "Starting greencorn" in log
    assert f"Listening at: http://127.0.0.1:{s.port} ({s.pid})" in log
    assert "Using worker: sync" in log
    assert log.count("Booting worker with pid:") == 2
    assert len(s.workers()) == 2


def test_term_lets_a_running_request_finish(serve, until):
    s = serve(app=SLOW)
    answers = []
    t = threading.Thread(target=lambda: answers.append(s.get("/")),
                         daemon=True)
    t.start()
    until((s.folder / "began").exists, "the request runs")
    s.signal("TERM")
    t.join(10)
    assert answers and answers[0].body == b"done"
    assert s.wait() == 0
    assert "Handling signal: term" in s.log
    assert "Shutting down: " in s.log


def test_quit_does_not_wait_for_a_request(serve, until):
    s = serve(app=SLOW.replace("sleep(1)", "sleep(60)"))
    t = threading.Thread(target=_swallow, args=(s,), daemon=True)
    t.start()
    until((s.folder / "began").exists, "the request runs")
    s.signal("QUIT")
    assert s.wait(10) == 0


def _swallow(s):
    try:
        s.get("/")
    except OSError:
        pass


def test_int_that_was_sent_is_quick(serve):
    s = serve()
    s.signal("INT")
    assert s.wait(10) == 0


def test_term_during_the_boot_ends_it(serve, until):
    s = serve(conf="import time; open('read', 'w').close(); time.sleep(60)",
              ready=False)
    until((s.folder / "read").exists, "the file is read")
    s.signal("TERM")
    assert s.wait(10) == 0


def test_an_address_in_use_is_named(serve):
    first = serve()
    second = serve(ready=False, env={
        "GREENCORN_BIND": f"127.0.0.1:{first.port}"})
    assert second.wait(20) == 1
    assert "Connection in use: " in second.log
    assert str(first.port) in second.log
