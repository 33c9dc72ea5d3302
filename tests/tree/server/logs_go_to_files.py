"""errorlog, accesslog and capture_output: where lines go, and USR1."""

import json
import os
import re

TALKS = """
import os, sys

def app(environ, start_response):
    print("printed")
    sys.stdout.flush()
    os.write(2, b"written\\n")
    environ["wsgi.errors"].write("said\\n")
    environ["wsgi.errors"].flush()
    body = b"hello\\n"
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""


def _serve(serve, until, tmp_path, **settings):
    path = tmp_path / "error.log"
    env = {f"GREENCORN_{k.upper()}": str(v) for k, v in settings.items()}
    s = serve("app:app", app=TALKS, ready=False,
              env={"GREENCORN_ERRORLOG": str(path), **env})
    until(lambda: path.exists() and "Ready: " in path.read_text(), "Ready")
    return s, path


def _serves(s):
    try:
        return s.get("/").status == 200
    except OSError:
        return False


def test_all_of_the_log_is_in_the_file(serve, until, tmp_path):
    s, path = _serve(serve, until, tmp_path)
    assert s.get("/").status == 200
    until(lambda: "said\n" in path.read_text(), "wsgi.errors")
    s.wait_log("written")
    s.signal("TERM")
    assert s.wait() == 0
    log = path.read_text()
    for text in ("Starting greencorn ", "Listening at: ",
                 "Booting worker with pid", "Handling signal: term",
                 "Worker exiting", "Shutting down: Master"):
        assert text in log
    assert "printed" in s.log and "written" in s.log  # the application's
    assert "[INFO]" not in s.log and "printed" not in log


def test_capture_output_takes_the_rest(serve, until, tmp_path):
    s, path = _serve(serve, until, tmp_path, capture_output="yes")
    assert s.get("/").status == 200
    until(lambda: {"printed", "written", "said"} <=
            set(path.read_text().splitlines()), "all of it")
    assert s.log == ""


def test_usr1_makes_new_files_in_every_process(serve, until, tmp_path):
    s, path = _serve(serve, until, tmp_path, capture_output="1",
                     accesslog=tmp_path / "access.log")
    assert s.get("/").status == 200
    access = tmp_path / "access.log"
    until(lambda: access.exists() and access.read_text(), "a line")
    path.rename(tmp_path / "error.1")
    access.rename(tmp_path / "access.1")
    s.signal("USR1")
    until(lambda: path.exists() and "Handling signal: usr1" in
            path.read_text() + (tmp_path / "error.1").read_text() and
            access.exists(), "new files")
    assert s.get("/").status == 200
    until(lambda: "printed" in path.read_text(), "the worker's output")
    # Workers that are forked later write to the new file, too.
    s.signal("TTIN")
    until(lambda: "Booting worker with pid" in path.read_text(), "a worker")
    until(lambda: access.read_text().count("\n") == 1, "a line")


def test_usr1_leaves_the_old_file_to_whoever_moved_it(serve, until, tmp_path):
    s, path = _serve(serve, until, tmp_path, accesslog=tmp_path / "access.log",
                     admin_bind=f"unix:{tmp_path / 'admin'}")

    def holders(name):
        found = []
        for pid in [s.pid, *s.children()]:
            for fd in os.listdir(f"/proc/{pid}/fd"):
                try:
                    target = os.readlink(f"/proc/{pid}/fd/{fd}")
                except OSError:
                    continue
                if target == str(tmp_path / name):
                    found.append(pid)
        return found
    # arbiter, template, worker, admin
    until(lambda: len(set(holders("error.log"))) == 4, "all have it open")
    path.rename(tmp_path / "moved")
    (tmp_path / "access.log").rename(tmp_path / "access.moved")
    s.signal("USR1")
    until(lambda: not holders("moved") and not holders("access.moved"),
          "nobody has it open")


def test_the_file_of_the_configuration_file(serve, until, tmp_path):
    path = tmp_path / "conf.log"
    s = serve("app:app", ready=False,
              conf=f"errorlog = {str(path)!r}\nloglevel = 'debug'\n")
    until(lambda: path.exists() and "Ready: " in path.read_text(), "Ready")


def test_a_relative_path_begins_at_chdir(serve, until, tmp_path):
    (tmp_path / "sub").mkdir()
    s = serve("app:app", ready=False, chdir="sub",
              env={"GREENCORN_ERRORLOG": "log", "GREENCORN_ACCESSLOG": "acc"})
    until(lambda: "Ready: " in (s.folder / "sub" / "log").read_text()
            if (s.folder / "sub" / "log").exists() else False, "Ready")
    assert (s.folder / "sub" / "acc").exists()
    assert not (s.folder / "sub" / "sub").exists()


def test_a_file_that_cannot_be_written_ends_the_start(serve):
    for name in ("errorlog", "accesslog"):
        s = serve("app:app", ready=False,
                  env={f"GREENCORN_{name.upper()}": "/no/such/dir/x"})
        assert s.wait() == 1
        assert "Error: '/no/such/dir/x' isn't writable" in s.log
        assert "No such file or directory" in s.log


def test_the_level_is_that_of_loglevel(serve, until):
    s = serve("app:app", ready=False, env={"GREENCORN_LOGLEVEL": "WARNING"})
    until(lambda: _serves(s), "an answer")
    assert s.log == ""


def test_json_lines_of_the_error_log(serve):
    s = serve("app:app", app="def app(e, s):\n    raise ValueError('no')\n",
              env={"GREENCORN_LOG_FORMAT": "json"}, ready=False)
    s.wait_log('"event_name":"ARBITER_READY"')
    assert s.get("/").status == 500
    s.wait_log("ValueError: no")
    for line in s.log.splitlines():
        assert {"timestamp", "severity_text", "body"} <= set(json.loads(line))
    assert re.search(r'"event_name":"GATEWAY_ERROR"', s.log)
