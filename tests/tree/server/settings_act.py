"""Settings that nothing else looks at: each is seen to act."""

import json
import os
import socket
import time

import pytest

SHOWS = """
import json
import os
import sys

def app(environ, start_response):
    body = json.dumps({"cwd": os.getcwd(), "path": sys.path,
                       "environ": dict(os.environ)}).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""


def titles(s):
    found = []
    for pid in (s.pid, *s.children()):
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            found.append(f.read().rstrip(b"\0").decode())
    return sorted(found)


def test_proc_name(serve):
    s = serve("app:app", "--name", "shop front")
    assert titles(s) == [
        "greencorn: master [shop front]", "greencorn: template [shop front]",
        "greencorn: worker [shop front]"]
    s.end()
    s = serve()
    assert "greencorn: worker [app:app]" in titles(s)


def test_backlog(serve):
    s = serve(backlog=1, timeout=0)
    s.signal("STOP", s.workers()[0])
    waiting = []
    for _ in range(10):
        c = socket.socket()
        c.setblocking(False)
        c.connect_ex(("127.0.0.1", s.port))
        waiting.append(c)
    time.sleep(0.3)
    assert 1 <= sum(is_connected(c) for c in waiting) <= 3
    s.signal("CONT", s.workers()[0])


def is_connected(c):
    try:
        c.getpeername()
    except OSError:
        return False
    return True


def test_chdir_pythonpath_and_raw_env(serve, tmp_path):
    for name in ("inside", "first", "second"):
        (tmp_path / name).mkdir()
    (tmp_path / "inside" / "other.py").write_text(SHOWS)
    s = serve("--chdir", "inside", "--pythonpath",
              f"{tmp_path}/first,{tmp_path}/second", "-e", "A=b=c",
              "--env", "EMPTY=", "other:app")
    said = json.loads(s.get("/").body)
    assert said["cwd"] == str(tmp_path / "inside")
    assert {f"{tmp_path}/first", f"{tmp_path}/second",
            f"{tmp_path}/inside"} <= set(said["path"][:4])
    assert said["environ"]["A"] == "b=c" and said["environ"]["EMPTY"] == ""
    assert not any(k.startswith("GREENCORN_HANDOVER")
                   for k in said["environ"])


@pytest.mark.parametrize("name, value", [
    ("worker_tmp_dir", "/nonexistent"), ("http_parser", "fast"),
    ("tmp_upload_dir", "/nonexistent"), ("ssl_version", "TLSv1_2"),
    ("control_socket_disable", "true"), ("suppress_ragged_eofs", "false"),
    ("do_handshake_on_connect", "true"), ("default_proc_name", "x"),
    ("enable_stdio_inheritance", "true")])
def test_what_needs_nothing_here_is_taken_without_a_word(serve, name, value):
    s = serve(conf="", **{name: value})
    assert s.get("/").status == 200
    assert "WARNING" not in s.log


def test_settings_of_a_later_version_are_refused_or_named(serve, tmp_path):
    s = serve("--certfile", "a.pem", "app:app", ready=False)
    assert s.wait() == 1 and "certfile" in s.log
    s = serve("-k", "asgi", "app:app", ready=False)
    assert s.wait() == 1 and "asgi" in s.log
    s = serve("--http-protocols", "h2,h1", "app:app", ready=False)
    assert s.wait() == 1 and "http_protocols" in s.log
    s = serve(conf="def ssl_context(config, factory): return factory()\n"
              "asgi_loop = 'uvloop'\nhttp2_max_frame_size = 20000\n")
    for name in ("ssl_context", "asgi_loop", "http2_max_frame_size"):
        assert f"{name} is accepted, but this version does not act on it" \
            in s.log
    assert s.get("/").status == 200


def test_umask_of_the_application_s_files_is_untouched(serve, tmp_path):
    s = serve(app="""
import os

def app(environ, start_response):
    with open("made", "w"):
        pass
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
""", umask="0o077")
    old = os.umask(0)
    os.umask(old)
    assert s.get("/").status == 200
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o666 & ~old
