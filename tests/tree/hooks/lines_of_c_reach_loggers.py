"""logconfig*, logger_class: what C logs in a worker goes to the handlers that
the configuration gives gunicorn.error, and nowhere else."""

import json

CONF = """
logconfig_dict = {
    "version": 1,
    "root": {"level": "INFO", "handlers": []},
    "formatters": {"own": {"format": "own %(process)d %(levelname)s %(message)s"}},
    "handlers": {"file": {"class": "logging.FileHandler", "formatter": "own",
                          "filename": "own.log"}},
    "loggers": {"gunicorn.error": {"level": "INFO", "handlers": ["file"],
                                   "propagate": False}},
}
"""

APP = """
import os
def app(environ, start_response):
    if environ["PATH_INFO"] == "/raise":
        raise ValueError("no")
    if environ["PATH_INFO"] == "/fork":
        if os.fork() == 0:
            os._exit(0)
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""


def _own(s):
    path = s.folder / "own.log"
    return path.read_text() if path.exists() else ""


def test_every_line_of_a_worker(serve, until):
    s = serve(conf=CONF, app=APP, ready=False)
    until(lambda: "Booting worker" in _own(s), "its boot")
    until(lambda: s.workers(), "a worker")
    pid, = s.workers()
    assert s.get("/raise").status == 500
    until(lambda: "ValueError: no" in _own(s), "the exception")
    assert s.get("/fork").status == 200
    s.signal("TERM")
    assert s.wait() == 0
    lines = _own(s).splitlines()
    for text in (f"own {pid} INFO Booting worker with pid: {pid}",
                 f"own {pid} ERROR Error handling request /raise",
                 f"own {pid} ERROR Traceback (most recent call last):",
                 f"own {pid} INFO Worker exiting (pid: {pid})"):
        assert lines.count(text) == 1, (text, lines)
        assert text.split(" ", 3)[3] not in s.log
    assert lines.count("ValueError: no") == 1  # of the same record


def test_a_worker_that_does_not_boot_says_why(serve):
    s = serve(conf=CONF, app="raise RuntimeError('broken')\n", ready=False)
    assert s.wait() == 3
    assert "RuntimeError: broken" in s.log + _own(s)


def test_a_class_of_the_users_own(serve, until):
    s = serve(conf="""
from gunicorn.glogging import Logger
class Own(Logger):
    error_fmt = "own %(levelname)s %(message)s"
    def setup(self, cfg):
        super().setup(cfg)
        import logging
        self._set_handler(self.error_log, cfg.errorlog,
                          logging.Formatter(self.error_fmt))
logger_class = Own
""", app=APP, ready=False)
    s.wait_log("own INFO Booting worker with pid")
    assert s.get("/raise").status == 500
    s.wait_log("\nValueError: no\n")
    assert s.log.count("ValueError: no") == 1


def test_json_is_for_the_lines_of_others(serve, until):
    s = serve(conf=CONF, app=APP, ready=False, log_format="json")
    until(lambda: "Booting worker" in _own(s), "its boot")
    s.get("/raise")
    until(lambda: "ValueError: no" in _own(s), "the exception")
    s.signal("TERM")
    assert s.wait() == 0
    assert all(isinstance(json.loads(l), dict) for l in s.log.splitlines())
    assert "ValueError" not in s.log


ALL_JSON = """
import json
import logging
class Line(logging.Formatter):
    def format(self, record):
        return json.dumps({"pid": record.process, "level": record.levelname,
                           "text": record.getMessage()})
logconfig_dict = {
    "version": 1,
    "formatters": {"json": {"()": Line}},
    "handlers": {"out": {"class": "logging.StreamHandler",
                         "formatter": "json", "stream": "ext://sys.stderr"}},
    "root": {"level": "INFO", "handlers": ["out"]},
    "loggers": {"gunicorn.error": {"level": "INFO", "handlers": ["out"],
                                   "propagate": False}},
}
"""


def _texts(log, pid):
    found = [json.loads(l) for l in log.splitlines() if l.startswith("{")]
    return [o["text"] for o in found if o["pid"] == pid]


def test_every_line_of_the_arbiter(serve, until):
    s = serve(conf=ALL_JSON)
    s.signal("TTIN")
    until(lambda: len(s.workers()) == 2, "two workers")
    old = s.template()
    s.signal("HUP")
    until(lambda: s.template() and s.template() != old and
          len(s.template()) == 1, "the old template's end")
    s.signal("TERM")
    assert s.wait() == 0
    plain = [l for l in s.log.splitlines() if not l.startswith("{")]
    assert all("Shutting down: Master" in l for l in plain), plain
    texts = _texts(s.log, s.pid)
    order = [texts.index(next(t for t in texts if t.startswith(start)))
             for start in ("Starting greencorn", "Listening at: ",
                           "Using worker: ", "Ready: ",
                           "Handling signal: ttin", "Handling signal: hup",
                           "Handling signal: term")]
    assert order == sorted(order)


def test_a_start_that_fails_is_said_all_the_same(serve):
    for conf in ("def on_starting(server): raise KeyError('no')",
                 "def on_starting(server): os._exit(9)\nimport os"):
        s = serve(conf=ALL_JSON + conf, ready=False)
        assert s.wait() != 0
        assert "Listening at: " in s.log and "Starting greencorn" in s.log


def test_a_preload_that_takes_long_holds_nothing_back(serve):
    s = serve(conf=ALL_JSON + "preload_app = True", ready=False,
              app="import time; time.sleep(60)")
    s.wait_log("Listening at: ", deadline=8)


def test_what_hooks_do_wrong_too(serve):
    s = serve(conf=ALL_JSON + """
def pre_fork(server, worker): raise KeyError("mistake")
""")
    s.wait_log("KeyError: 'mistake'")
    assert "Exception in the hook pre_fork" in _texts(s.log, s.template()[0])


def test_files_of_handlers_are_opened_anew(serve, until):
    s = serve(conf=CONF + "def on_starting(s): s.log.info('started')\n",
              app=APP, ready=False, workers=1)
    until(lambda: "Booting worker" in _own(s), "its boot")
    (s.folder / "own.log").rename(s.folder / "own.log.1")
    s.signal("USR1")
    until(lambda: "Handling signal: usr1" in (s.folder / "own.log.1")
          .read_text() + _own(s), "the signal")
    until(lambda: s.get("/raise").status == 500 and
          "ValueError: no" in _own(s), "a worker's line in the new file")
    s.signal("TTIN")
    until(lambda: "Handling signal: ttin" in _own(s), "the arbiter's")
