"""--reload: a change of a file that was imported, or named, is a reload."""

import os
import subprocess

import pytest

APP = """
import part

def app(environ, start_response):
    start_response("200 OK", [("Content-Length", str(len(part.BODY)))])
    return [part.BODY]
"""
LATE = """
def app(environ, start_response):
    import part
    start_response("200 OK", [("Content-Length", str(len(part.BODY)))])
    return [part.BODY]
"""


def put(s, name, body):
    """As editors do: a new file in the place of the old one."""
    s.write(f"{name}.new", f"BODY = {body!r}\n")
    os.rename(s.folder / f"{name}.new", s.folder / name)


@pytest.mark.parametrize("engine", ["auto", "inotify", "poll"])
@pytest.mark.parametrize("app", [APP, LATE], ids=["early", "late"])
def test_a_changed_module_is_loaded_anew(serve, until, tmp_path, engine, app):
    (tmp_path / "part.py").write_text("BODY = b'one'\n")
    s = serve(app=app, workers=2, reload="true", reload_engine=engine)
    assert s.get("/").body == b"one"
    if app == LATE:
        until(lambda: s.get("/").body and _watches(s), "both have it")
    for body in (b"two", b"three"):
        put(s, "part.py", body)
        until(lambda: s.get("/").body == body, f"{body} to be served")
    assert f"Worker reloading: {s.folder}/part.py modified" in s.log


def _watches(s):
    # A look comes once a second; the module's state is that of the look.
    subprocess.run(["sleep", "1.1"], check=True)
    return True


def test_a_broken_file_changes_nothing_until_it_is_mended(serve, until,
                                                          tmp_path):
    (tmp_path / "part.py").write_text("BODY = b'one'\n")
    s = serve(app=APP, reload="true")
    s.write("part.py", "BODY = (\n")
    s.wait_log("The reload failed")
    assert "SyntaxError" in s.log
    assert s.get("/").body == b"one"
    put(s, "part.py", b"two")
    until(lambda: s.get("/").body == b"two", "the mended code")


def test_extra_files_and_patterns_count(serve, tmp_path):
    (tmp_path / "a.yaml").write_text("a")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "b.html").write_text("b")
    s = serve("--reload", "--reload-extra-file", f"{tmp_path}/a.yaml",
              "--reload-extra-file", f"{tmp_path}/**/*.html", "app:app")
    (tmp_path / "a.yaml").write_text("aa")
    s.wait_log("a.yaml modified")
    s.wait_log("Booting worker", count=2)
    s.wait_log("Worker exiting", count=1)
    (tmp_path / "deep" / "b.html").write_text("bb")
    s.wait_log("deep/b.html modified")
    s.wait_log("Booting worker", count=3)


def test_one_worker_asks_whoever_is_gone(serve, until, tmp_path):
    (tmp_path / "part.py").write_text("BODY = b'one'\n")
    s = serve(app=APP, workers=3, reload="true")
    for n, body in enumerate((b"two", b"three"), 1):
        os.kill(min(s.workers()), 9)
        until(lambda: len(s.workers()) == 3, "three workers")
        put(s, "part.py", body)
        until(lambda: s.get("/").body == body, f"{body} to be served")
        s.wait_log("Worker reloading: ", count=n)
    assert s.log.count("Hang up: Master") <= 4  # not all three, each time


def test_without_it_nothing_is_watched(serve, tmp_path):
    (tmp_path / "part.py").write_text("BODY = b'one'\n")
    s = serve(app=APP)
    put(s, "part.py", b"two")
    subprocess.run(["sleep", "1.5"], check=True)
    assert s.get("/").body == b"one"
