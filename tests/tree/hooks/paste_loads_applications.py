"""--paste: applications that a PasteDeploy file describes; and --spew."""

import re

INI = """
[app:main]
paste.app_factory = shop:factory
greeting = moin
root = %(here)s

[app:admin]
paste.app_factory = shop:factory
greeting = admin

[pipeline:both]
pipeline = marked admin

[filter:marked]
paste.filter_factory = shop:marked
"""

LOGGERS = """
[loggers]
keys = root

[handlers]
keys = console

[formatters]
keys = own

[logger_root]
level = INFO
handlers = console

[handler_console]
class = StreamHandler
args = (sys.stderr,)
formatter = own

[formatter_own]
format = OWN %(name)s %(message)s
"""

SHOP = """
import logging

log = logging.getLogger("shop")

def factory(global_conf, greeting, root="-"):
    def app(environ, start_response):
        log.info("asked for %s", environ["PATH_INFO"])
        body = f"{greeting} {root} {global_conf.get('colour')}".encode()
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]
    return app

def marked(global_conf):
    def wrap(app):
        def marking(environ, start_response):
            return [b"<", *app(environ, lambda status, fields:
                               start_response(status, [])), b">"]
        return marking
    return wrap
"""


def pasted(serve, tmp_path, packages, *args, ini=INI, **kw):
    (tmp_path / "shop.ini").write_text(ini)
    (tmp_path / "shop.py").write_text(SHOP)
    return serve(*args, env={"PYTHONPATH": str(packages)}, **kw)


def test_the_main_application(serve, tmp_path, packages, until):
    s = pasted(serve, tmp_path, packages, "--paste", "shop.ini",
               "--paste-global", "colour=red", workers=2)
    assert s.get("/").body == f"moin {tmp_path} red".encode()
    s.write("shop.ini", INI.replace("moin", "hello"))
    s.signal("HUP")
    until(lambda: s.get("/").body == f"hello {tmp_path} red".encode(),
          "the new file")
    s.signal("TERM")
    assert s.wait() == 0


def test_another_section_by_other_means(serve, tmp_path, packages):
    s = pasted(serve, tmp_path, packages, "--preload", conf="",
               paste=f"{tmp_path}/shop.ini#admin")
    assert s.get("/").body == b"admin - None"
    s.end()
    s = pasted(serve, tmp_path, packages, "--threads=2",
               conf="paste = 'shop.ini#both'\n"
               "raw_paste_global_conf = ['colour=blue']\n")
    assert s.get("/").body == b"<admin - blue>"


def test_its_loggers_are_used(serve, tmp_path, packages, until):
    s = pasted(serve, tmp_path, packages, "--paster=shop.ini",
               ini=INI + LOGGERS, ready=False)
    until(lambda: s.workers() and s.get("/here").status == 200, "an answer")
    s.wait_log("OWN shop asked for /here")


def test_a_check(serve, tmp_path, packages):
    for ini, status in ((INI, 0), (INI.replace(":factory", ":no"), 1)):
        s = pasted(serve, tmp_path, packages, "--check-config", "--paste",
                   "shop.ini", ini=ini, ready=False)
        assert s.wait() == status, s.log


def test_what_is_missing_is_named(serve, tmp_path, packages):
    s = serve("--paste", "no.ini", ready=False)
    assert s.wait() == 1
    assert "Error: 'no.ini' cannot be read: paste: No such file" in s.log
    s = pasted(serve, tmp_path, tmp_path, "--paste", "shop.ini", ready=False)
    assert s.wait() == 3
    assert "ImportError: the setting paste needs the package PasteDeploy" \
        in s.log
    s = pasted(serve, tmp_path, packages, "--paste", "shop.ini#nobody",
               ready=False)
    assert s.wait() == 3
    assert "nobody" in s.log


TRACED = """
import threading

def twice(n):
    doubled = n * 2
    return doubled

def app(environ, start_response):
    t = threading.Thread(target=twice, args=(1,))
    t.start()
    t.join()
    twice(21)
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""


def test_spew(serve, until):
    for kw in ({}, {"worker_class": "gthread", "threads": 3},
               {"preload_app": "true"}):
        s = serve("--spew", "app:app", app=TRACED, **kw)
        assert s.get("/").status == 200
        until(lambda: s.log.count("app:5:     doubled = n * 2\n") == 2,
              "both threads' lines")
        assert re.search(r"^app:2: import threading$", s.log, re.M)
        assert re.search(r"^app:12:     twice\(21\)$", s.log, re.M)
        s.end()


def test_spew_as_a_module(serve):
    s = serve("python", "-c", """
import gunicorn.debug
def f():
    x = 1
gunicorn.debug.spew(trace_names=["__main__"])
f()
gunicorn.debug.unspew()
f()
""", ready=False)
    assert s.wait() == 0
    assert s.log.count("__main__:4:") == 1
