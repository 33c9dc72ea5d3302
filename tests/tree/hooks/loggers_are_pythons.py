"""logger_class, logconfig, logconfig_dict, logconfig_json."""

import json

import pytest

LOUD = """
import logging

def app(environ, start_response):
    logging.getLogger("mine").info("from the application")
    if environ["PATH_INFO"] == "/raise":
        raise KeyError("boom")
    start_response("200 OK", [("Content-Length", "2"), ("X-A", "b")])
    return [b"ok"]
"""

JSON_LOGS = '''
import json
import logging

class Line(logging.Formatter):
    def format(self, record):
        return json.dumps({"logger": record.name, "level": record.levelname,
                           "pid": record.process,
                           "message": record.getMessage(),
                           "traceback": bool(record.exc_info)})

accesslog = "-"
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": Line}},
    "handlers": {"out": {"class": "logging.StreamHandler",
                         "formatter": "json", "stream": "ext://sys.stdout"}},
    "root": {"level": "INFO", "handlers": ["out"]},
    "loggers": {
        "gunicorn.error": {"level": "INFO", "handlers": ["out"],
                           "propagate": False},
        "gunicorn.access": {"level": "INFO", "handlers": ["out"],
                            "propagate": False}},
}

def post_fork(server, worker):
    server.log.info("forked %d", worker.pid)
'''


def _objects(log):
    return [json.loads(line) for line in log.splitlines()
            if line.startswith("{")]


def test_json_by_a_dictionary(serve, until):
    s = serve(conf=JSON_LOGS, app=LOUD, ready=False)
    until(lambda: '"forked' in s.log, "the hook's line")
    pid = s.workers()[0]
    until(lambda: s.get("/path").status == 200, "an answer")
    until(lambda: '"gunicorn.access"' in s.log, "the request's line")
    found = _objects(s.log)
    assert {"logger": "gunicorn.error", "level": "INFO", "pid": pid,
            "message": f"forked {pid}", "traceback": False} in found
    assert {"logger": "mine", "level": "INFO", "pid": pid,
            "message": "from the application", "traceback": False} in found
    line, = [o for o in found if o["logger"] == "gunicorn.access"]
    assert '"GET /path HTTP/1.1" 200 2' in line["message"]


def test_by_files(serve, until):
    s = serve(ready=False)
    s.end()
    s.write("log.ini", """
[loggers]
keys = root, gunicorn.error, gunicorn.access
[handlers]
keys = out
[formatters]
keys = short
[logger_root]
level = INFO
handlers = out
[logger_gunicorn.error]
level = INFO
handlers = out
propagate = 0
qualname = gunicorn.error
[logger_gunicorn.access]
level = INFO
handlers = out
propagate = 0
qualname = gunicorn.access
[handler_out]
class = StreamHandler
formatter = short
args = (sys.stdout,)
[formatter_short]
format = ini %(name)s %(message)s
""")
    s.write("log.json", json.dumps({
        "formatters": {"short": {"format": "json %(name)s %(message)s"}},
        "handlers": {"out": {"class": "logging.StreamHandler",
                             "formatter": "short",
                             "stream": "ext://sys.stdout"}},
        "loggers": {name: {"level": "INFO", "handlers": ["out"],
                           "propagate": False}
                    for name in ("gunicorn.error", "gunicorn.access")},
        "root": {"level": "INFO", "handlers": ["out"]}}))
    conf = 'def post_fork(s, w): w.log.info("forked")\n'
    for mark, setting in (("ini", {"logconfig": "log.ini"}),
                          ("json", {"logconfig_json": "log.json"})):
        s = serve(conf=conf, ready=False, **setting)
        until(lambda: f"{mark} gunicorn.error forked" in s.log, "the line")
        until(lambda: s.get("/x").status == 200, "an answer")
        until(lambda: f"{mark} gunicorn.access 127.0.0.1 - - [" in s.log,
              "the request's line")
        s.end()


def test_a_class_of_ones_own(serve, until):
    s = serve(conf='''
import logging
from gunicorn import glogging

class Mine(glogging.Logger):
    def setup(self, cfg):
        super().setup(cfg)
        self._set_handler(self.error_log, cfg.errorlog,
                          logging.Formatter("mine %(levelname)s %(message)s"))
    def atoms(self, resp, req, environ, request_time):
        atoms = super().atoms(resp, req, environ, request_time)
        atoms["method_twice"] = atoms["m"] * 2
        return atoms

logger_class = Mine
accesslog = "-"
access_log_format = "%(method_twice)s %(U)s %(s)s %(B)s %({x-ask}i)s " \\
    "%({X-A}o)s %({REQUEST_METHOD}e)s %(nothing)s %(p)s"
def post_fork(server, worker):
    worker.log.warning("forked")
''', app=LOUD)
    s.wait_log("\nmine WARNING forked\n")
    s.get("/p", headers={"X-Ask": 'say "no"'})
    until(lambda: "GETGET" in s.log, "the request's line")
    assert ('GETGET /p 200 2 say \\"no\\" b GET - '
            f"<{s.workers()[0]}>\n") in s.log
    assert s.get("/raise").status == 500
    until(lambda: "GETGET /raise 500 " in s.log, "the failed one's line")
    assert s.log.count("GETGET") == 2


def test_access_of_ones_own(serve, until):
    s = serve(conf='''
from gunicorn.glogging import Logger
class Mine(Logger):
    def access(self, resp, req, environ, request_time):
        self.error_log.info("%s %s %s %s %s", req.method, req.path,
                            resp.status, resp.sent,
                            request_time.total_seconds() < 5)
logger_class = "__config__.Mine"
''')
    s.get("/mine")
    s.wait_log("[INFO] GET /mine 200 OK 6 True")


FILTER = '''
accesslog = "-"
import logging
class Quiet(logging.Filter):
    def filter(self, record):
        return "/health" not in record.getMessage()
'''


@pytest.mark.parametrize("where", [
    "def on_starting(server):\n"
    "    server.log.access_log.addFilter(Quiet())\n",
    'logging.getLogger("gunicorn.access").addFilter(Quiet())\n'])
def test_a_filter_of_requests(serve, until, where):
    s = serve(conf=FILTER + where)
    s.get("/health")
    s.get("/seen")
    until(lambda: '"GET /seen HTTP/1.1" 200' in s.log, "a line")
    assert "/health" not in s.log


@pytest.mark.parametrize("setting, text", [
    ({"logconfig": "absent.ini"}, "absent.ini"),
    ({"logconfig_json": "absent.json"}, "absent.json"),
    ({"logconfig_dict": '{"handlers": {"a": {"class": "no.such"}}}'},
     "Unable to configure handler 'a'"),
    ({"logger_class": "app.Absent"}, "Absent"),
])
def test_what_is_wrong_ends_the_start(serve, setting, text):
    s = serve(ready=False, **setting)
    assert s.wait() == 1
    assert text in s.log and "Booting" not in s.log


def test_metrics_of_hooks_go_to_statsd(serve, until):
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(5)
        serve(statsd_host="127.0.0.1:%d" % receiver.getsockname()[1], conf="""
def post_worker_init(worker):
    worker.log.info("counted", extra={
        "metric": "mine.things", "value": 3, "mtype": "gauge"})
    worker.log.increment("mine.more", 1)
""")
        seen = ""

        def there():
            nonlocal seen
            seen += receiver.recv(65536).decode() + "\n"
            return "mine.things:3|g" in seen and "mine.more:1|c" in seen
        until(there, "both metrics")
