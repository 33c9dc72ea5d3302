"""Programs with a BaseApplication, run by `greencorn python`."""

import os
import pathlib

BINARY = os.environ.get("GREENCORN", "build/out/greencorn")
DATA = pathlib.Path(__file__).parent / "data"

PROGRAM = """
import os
import sys

import gunicorn.app.base

def hello(environ, start_response):
    body = f"{MARK} {sys.argv[1:]} {__name__}".encode()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [body]

MARK = "first"

def post_fork(server, worker):
    os.write(1, f"hook post_fork {os.getpid()} {server.cfg.workers}\\n"
             .encode())

class Standalone(gunicorn.app.base.BaseApplication):
    def __init__(self, app, options=None):
        self.options = options or {}
        self.application = app
        super().__init__()

    def load_config(self):
        for key, value in self.options.items():
            if key in self.cfg.settings and value is not None:
                self.cfg.set(key.lower(), value)

    def load(self):
        os.write(1, f"hook load {os.getpid()}\\n".encode())
        return self.application

if __name__ == "__main__":
    Standalone(hello, {
        "bind": "%s:%s" % ("127.0.0.1", "1"), "workers": 2, "unknown": 1,
        "post_fork": post_fork, "timeout": 9, "raw_env": ["A=b"]}).run()
    os.write(1, b"never\\n")
"""



def test_a_script(serve, said, until):
    s = serve("python", "app.py", "one", "two", app=PROGRAM)
    assert s.get("/").body == b"first ['one', 'two'] __main__"
    assert sorted(said(s, "load")) == sorted(
        (pid, "") for pid in s.workers())
    assert {rest for _, rest in said(s, "post_fork")} == {"2"}
    assert len(s.workers()) == 2
    s.signal("TERM")
    assert s.wait() == 0
    assert "never" not in s.log


def test_a_reload_takes_its_new_code(serve, said, until):
    s = serve("python", "app.py", app=PROGRAM)
    s.write("app.py", PROGRAM.replace('"first"', '"second"'))
    s.signal("HUP")
    until(lambda: s.get("/").body == b"second [] __main__", "the new code")
    s.write("app.py", "raise RuntimeError('broken')")
    s.signal("HUP")
    s.wait_log("The reload failed")
    assert "RuntimeError: broken" in s.log
    assert s.get("/").body == b"second [] __main__"


def test_other_ways_to_run_python(serve, until):
    s = serve("python", "-m", "app", "x", app=PROGRAM)
    assert s.get("/").body == b"first ['x'] __main__"
    s.end()
    s = serve("python", "-c", PROGRAM, "y")
    assert s.get("/").body == b"first ['y'] __main__"


def test_stronger_sources_and_preloading(serve, said, until):
    s = serve("python", "app.py", app=PROGRAM, workers=1, preload_app="true")
    assert s.get("/").body == b"first [] __main__"
    assert len(s.workers()) == 1
    assert [pid for pid, _ in said(s, "load")] == s.template()


def test_what_is_wrong(serve):
    s = serve("python", "app.py", ready=False, app=PROGRAM.replace(
        '"timeout": 9', '"timeout": "soon"'))
    assert s.wait() == 1
    assert "Error: " in s.log and "soon" in s.log
    s = serve("python", "app.py", ready=False, app=PROGRAM.replace(
        "def load(self):", "def load(self):\n        1 / 0"))
    assert s.wait() == 3
    assert "ZeroDivisionError" in s.log
    s = serve("python", "app.py", ready=False, app=PROGRAM.replace(
        '"workers": 2', '"worker_class": "nonsense"'))
    assert s.wait() == 1
    assert "nonsense" in s.log


def test_wsgiapp_and_its_children(serve, until):
    s = serve("python", "-m", "gunicorn", "app:app", "--workers", "2")
    assert s.get("/").status == 200 and len(s.workers()) == 2
    s.end()
    s = serve("python", "-m", "gunicorn.app.wsgiapp", "app:app")
    assert s.get("/").status == 200
    s.end()
    s = serve("python", "run.py", "--workers=2", "--env", "A=from",
              "app:app", conf="raw_env = ['B=file']\ntimeout = 11\n",
              app="""
def app(environ, start_response):
    import os
    start_response("200 OK", [])
    return [os.environ.get("A", "-").encode(), environ["wrapped"]]
""", ready=False)
    s.end()
    s.write("run.py", """
from gunicorn.app.wsgiapp import WSGIApplication

class Mine(WSGIApplication):
    def load(self):
        app = super().load()
        def wrapper(environ, start_response):
            environ["wrapped"] = b" wrapped"
            return app(environ, start_response)
        return wrapper

Mine("%(prog)s [OPTIONS] [APP]").run()
""")
    s = serve("python", "run.py", "--workers=2", "--env", "A=from",
              "app:app", conf="raw_env = ['B=file']\n",
              app=(s.folder / "app.py").read_text())
    assert s.get("/").body == b"from wrapped"
    assert len(s.workers()) == 2


def test_what_programs_import(serve):
    s = serve("python", "-c", """
import gunicorn, gunicorn.config, gunicorn.util, gunicorn.errors
import gunicorn.app.base, gunicorn.app.wsgiapp, gunicorn.arbiter
import gunicorn.workers.sync, gunicorn.workers.gthread
import gunicorn.workers.ggevent, gunicorn.workers.gasgi
import gunicorn.http.errors, gunicorn.http.wsgi, gunicorn.http.message
import gunicorn.glogging, gunicorn.instrument.statsd
from gunicorn.workers.base_async import ALREADY_HANDLED
from gunicorn.workers.base import Worker
from gunicorn.glogging import Logger, CONFIG_DEFAULTS
from gunicorn.arbiter import Arbiter
c = gunicorn.config.Config()
assert c.workers == 1 and c.timeout == 30 and c.bind == ["127.0.0.1:8000"]
assert c.preload_app is False and c.pidfile is None
assert c.secure_scheme_headers["X-FORWARDED-PROTO"] == "https"
assert c.forwarder_headers == ["SCRIPT_NAME", "PATH_INFO"]
assert c.worker_class is gunicorn.workers.sync.SyncWorker
assert c.logger_class is Logger and c.address == [("127.0.0.1", 8000)]
c.set("workers", "3"); c.set("preload_app", True); c.set("bind", "unix:/a")
assert c.workers == 3 and c.preload_app and c.address == ["/a"]
c.set("timeout", 5); c.settings["timeout"].get() == 5
for bad in (("nothing", 1), ("workers", "many"), ("preload_app", "maybe")):
    try:
        c.set(*bad)
    except (AttributeError, ValueError):
        pass
    else:
        raise SystemExit(f"{bad} was taken")
try:
    c.workers = 4
except AttributeError:
    pass
assert gunicorn.config.get_default_config_file() is None
assert len(gunicorn.config.KNOWN_SETTINGS) > 110
print("all is there", gunicorn.__version__)
""", ready=False)
    assert s.wait() == 0, s.log
    assert "all is there 25." in s.log


def test_in_a_scratch_container(image, container, get, wait_until):
    """Below PID 1, with hooks, on a read-only disk and without root."""
    img = image({"/greencorn": BINARY,
                 "/app/standalone.py": DATA / "standalone.py"},
                ["/greencorn", "python", "/app/standalone.py"])
    c = container(img, "--greeting", "moin", ports=[8000],
                  env={"GREENCORN_BIND": "0.0.0.0:8000"})
    c.wait_log("tool is ready with 2 workers")
    assert get(c.url(8000)) == (200, b"moin")
    c.kill("HUP")
    c.wait_log("Worker exiting", count=2)
    assert get(c.url(8000)) == (200, b"moin")
    c.kill("TERM")
    assert c.wait() == 0


def test_usr2_as_pid_1(serve, said, until):
    """The program is run anew by a new executable, beside its workers."""
    s = serve("python", "app.py", "one", app=PROGRAM, init=True)
    old, workers = s.pid, set(s.workers())
    s.write("app.py", PROGRAM.replace('"first"', '"second"'))
    s.signal("USR2")
    s.wait_log("Adopting 2 workers")
    until(lambda: len(s.workers()) == 2 and not workers & set(s.workers()),
          "new workers")
    assert s.pid != old
    assert s.get("/").body == b"second ['one'] __main__"
    os.kill(s.pid, 9)
    s.wait_log("Adopting 2 workers", count=2)
    s.wait_log("Ready: ", count=3)
    assert s.get("/").body == b"second ['one'] __main__"
    s.signal("TERM")
    assert s.wait() == 0


def test_usr2_beside_the_old_one(serve, until):
    s = serve("python", "app.py", "one", app=PROGRAM, pidfile="run.pid")
    s.signal("USR2")
    s.wait_log("Ready: ", count=2)
    new = int((s.folder / "run.pid.2").read_text())
    s.signal("TERM")
    assert s.process.wait(20) == 0
    s.follow(new)
    assert s.get("/").body == b"first ['one'] __main__"
