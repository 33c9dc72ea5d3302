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
                 f"own {pid} ERROR ValueError: no",
                 f"own {pid} INFO Worker exiting (pid: {pid})"):
        assert lines.count(text) == 1, (text, lines)
        assert text.split(" ", 3)[3] not in s.log


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
    s.wait_log("own ERROR ValueError: no")
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
