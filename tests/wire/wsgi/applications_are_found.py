"""MODULE:NAME in all its forms, and what is said when it is not there."""

import os
import pathlib
import subprocess

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get(
    "GREENCORN", TESTS.parent / "build/out/greencorn")).resolve()

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.mark.parametrize("app, body", [
    ("_wsgi_factory:create_app('x')", b"x"),
    ('_wsgi_factory:create_app("ab", times=2)', b"abab"),
    ("_wsgi_factory:Site.app", b"of the class"),
    ("_wsgi_factory:Site.create()", b"made by the class"),
])
@pytest.mark.parametrize("preload_app", ["false", "true"])
def test_is_found(own_server, app, body, preload_app):
    s = own_server(app=app, preload_app=preload_app)
    assert s.connect().ask(GET).body == body


@pytest.mark.parametrize("app, status, text", [
    ("_wsgi_factory:missing", 4,
     "Failed to find attribute 'missing' in '_wsgi_factory'."),
    ("_wsgi_factory:number", 4, "Application object must be callable."),
    ("_wsgi_factory:1+", 4,
     "Failed to parse '1+' as an attribute name or function call."),
    ("_wsgi_factory:create_app()", 4, "missing 1 required positional"),
    ("_wsgi_factory:broken()", 3, "RuntimeError: the factory is broken"),
    ("not_there_at_all", 3, "No module named 'not_there_at_all'"),
    ("_wsgi_broken", 3, "No module named 'a_module_that_is_not_installed'"),
    ("_wsgi_broken", 3, "_wsgi_broken.py"),
])
@pytest.mark.parametrize("preload_app", ["false", "true"])
def test_is_not_found(tmp_path, app, status, text, preload_app):
    env = {k: v for k, v in os.environ.items()
           if not k.startswith(("GREENCORN", "GUNICORN"))}
    env.update(PYTHONPATH=str(TESTS / "apps"),
               PYTHONDONTWRITEBYTECODE="1", GREENCORN_BIND="127.0.0.1:0",
               GREENCORN_PRELOAD_APP=preload_app)
    done = subprocess.run([str(BINARY), app], cwd=tmp_path, env=env,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=20)
    assert text in done.stdout
    assert done.returncode == status, done.stdout
