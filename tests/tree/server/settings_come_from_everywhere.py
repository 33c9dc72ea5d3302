"""Sources of settings, and which of two wins."""

APP = """
import os, sys

def app(environ, start_response):
    body = "|".join([os.environ.get("COLOUR", ""), os.getcwd(),
                     sys.path[0]]).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""


def test_the_command_line_wins_over_the_environment_over_the_file(serve):
    s = serve("-w", "3", "app:app", conf="workers = 2\n", workers=1)
    assert len(s.workers()) == 3
    assert "Using worker: sync, 3 of them (-w)" in s.log
    s = serve(conf="workers = 3\n", workers=2)
    assert len(s.workers()) == 2
    assert "(GREENCORN_WORKERS)" in s.log


def test_web_concurrency_loses_to_the_file(serve):
    s = serve(conf="workers = 2\n", env={"WEB_CONCURRENCY": "3"})
    assert len(s.workers()) == 2
    s = serve(conf="", env={"WEB_CONCURRENCY": "3"})
    assert len(s.workers()) == 3


def test_cmd_args_are_words_of_a_shell(serve, tmp_path):
    (tmp_path / "a dir").mkdir()
    (tmp_path / "a dir" / "app.py").write_text(APP)
    s = serve(env={"GUNICORN_CMD_ARGS": "--chdir 'a dir' --env COLOUR=red"})
    colour, cwd, first = s.get("/").body.decode().split("|")
    assert (colour, cwd) == ("red", str(tmp_path / "a dir"))
    assert first == cwd


def test_a_value_from_a_file(serve, tmp_path):
    (tmp_path / "n").write_text("2\n")
    s = serve(env={"GREENCORN_WORKERS_FILE": str(tmp_path / "n")})
    assert len(s.workers()) == 2


def test_a_configmap_directory(serve, tmp_path):
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "workers").write_text("2\n")
    (tmp_path / "conf.d" / "..data").write_text("ignored")
    s = serve(env={"GREENCORN_CONFIG_DIR": str(tmp_path / "conf.d")})
    assert len(s.workers()) == 2


def test_several_binds_and_an_abstract_socket(serve, tmp_path):
    import http.client
    import socket
    s = serve(conf="")
    name = f"greencorn-{s.port}"
    t = serve(env={"GREENCORN_BIND": f"127.0.0.1:0\nunix:@{name}"})
    with socket.socket(socket.AF_UNIX) as c:
        c.settimeout(5)
        c.connect("\0" + name)
        c.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        r = http.client.HTTPResponse(c)
        r.begin()
        assert r.status == 200
    assert t.log.count("Listening at: ") == 2


def test_every_line_is_json_when_asked(serve):
    import json
    s = serve(log_format="json")
    s.signal("TERM")
    assert s.wait() == 0
    for line in s.log.splitlines():
        assert isinstance(json.loads(line), dict), line


def test_the_level_holds_for_every_process(serve):
    s = serve(ready=False, loglevel="warning")
    from time import monotonic, sleep
    end = monotonic() + 20
    while True:
        try:
            assert s.get("/").status == 200
            break
        except OSError:
            assert monotonic() < end
            sleep(0.05)
    s.signal("TERM")
    assert s.wait() == 0
    assert s.log == ""
