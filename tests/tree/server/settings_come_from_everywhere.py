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


def _printed(serve, name, **kw):
    s = serve("--print-config", "app:app", ready=False, **kw)
    assert s.wait() == 0, s.log
    line = next(l for l in s.log.splitlines() if l.startswith(name + " "))
    return line.split(" = ", 1)[1]


def _refused(serve, **env):
    s = serve(ready=False, env=env)
    assert s.wait() == 1, s.log
    assert len(s.log.splitlines()) == 1, s.log
    return s.log.strip()


def test_each_source_is_stronger_than_the_one_before(serve, tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "workers").write_text("5")
    (tmp_path / "n").write_text("7\n")
    steps = [
        ({"WEB_CONCURRENCY": "2"}, "2  # WEB_CONCURRENCY"),
        ({"GUNICORN_WORKERS": "4"}, "4  # GUNICORN_WORKERS"),
        ({"GREENCORN_CONFIG_DIR": str(tmp_path / "d")},
         "5  # GREENCORN_CONFIG_DIR/workers"),
        ({"GREENCORN_WORKERS_FILE": str(tmp_path / "n")},
         "7  # GREENCORN_WORKERS_FILE"),
        ({"GUNICORN_CMD_ARGS": "-w 8"}, "8  # GUNICORN_CMD_ARGS -w"),
    ]
    env = {}
    for more, printed in steps:
        env.update(more)
        assert _printed(serve, "workers", env=env) == printed
        if "GUNICORN_WORKERS" not in env:
            assert _printed(serve, "workers", env=env, conf="workers = 3\n") \
                == "3  # gunicorn.conf.py"
            (tmp_path / "gunicorn.conf.py").unlink()


def test_values_in_all_their_forms(serve, tmp_path):
    (tmp_path / "m.json").write_text('{"X-A": "b"}')
    for variable, value, name, printed in [
            ("BIND", "127.0.0.1:1,127.0.0.1:2", "bind",
             '["127.0.0.1:1", "127.0.0.1:2"]'),
            ("BIND", '["127.0.0.1:1", "unix:@x"]', "bind",
             '["127.0.0.1:1", "unix:@x"]'),
            ("BIND", "\n127.0.0.1:1\n127.0.0.1:2\n", "bind",
             '["127.0.0.1:1", "127.0.0.1:2"]'),
            ("SECURE_SCHEME_HEADERS", '{"X-A": "b"}',
             "secure_scheme_headers", '{"X-A": "b"}'),
            ("SECURE_SCHEME_HEADERS", f"@{tmp_path}/m.json",
             "secure_scheme_headers", '{"X-A": "b"}'),
            ("LOGCONFIG_DICT", f"@{tmp_path}/m.json", "logconfig_dict",
             '{"X-A": "b"}'),
            ("TIMEOUT", "1h30m", "timeout", "1h30m"),
            ("LIMIT_REQUEST_BODY", "512MiB", "limit_request_body", "512MiB"),
            ("UMASK", "0o22", "umask", "0o22"),
            ("PRELOAD_APP", "Yes", "preload_app", "Yes"),
            ("PRE_FORK", "app:app", "pre_fork", "app:app")]:
        env = {f"GREENCORN_{variable}": value}
        assert _printed(serve, name, env=env) == \
            f"{printed}  # GREENCORN_{variable}"


def test_nothing_is_not_set(serve):
    assert _printed(serve, "timeout", env={"GREENCORN_TIMEOUT": ""}) == \
        "30  # default"


def test_a_bad_value_is_one_line_and_1(serve, tmp_path):
    (tmp_path / "bad.json").write_text("{")
    for variable, value, text in [
            ("WORKERS", "many", "must be a number from 1 to 512"),
            ("TIMEOUT", "1h30", "must be seconds, or a time such as 500ms"),
            ("LIMIT_REQUEST_BODY", "x", "must be bytes, or a size such as"),
            ("PRELOAD_APP", "maybe", "must be true or false"),
            ("BIND", '["127.0.0.1:1",]', "must be HOST:PORT, [V6]:PORT"),
            ("BIND", "[1]", "must be HOST:PORT, [V6]:PORT"),
            ("SECURE_SCHEME_HEADERS", '{"X": 1}', "a JSON object of strings"),
            ("SECURE_SCHEME_HEADERS", '{"X": "a", "X": "b"}',
             "a JSON object of strings"),
            ("WORKER_CLASS", "gunicorn.workers.ggevent.GeventWorker",
             "comes in a later version"),
            ("LOGCONFIG_DICT", f"@{tmp_path}/bad.json", "a JSON object"),
            ("LOGCONFIG_DICT", "@/no/such", "No such file or directory"),
            ("ACCESS_LOG_FORMAT", "%(h", "text with atoms such as %(h)s"),
            ("RAW_ENV", "abc", "must be KEY=VALUE"),
            ("ON_STARTING", "start", "must be MODULE:FUNCTION"),
            ("FORWARDED_ALLOW_IPS", "10.0.0.1/8", "networks such as")]:
        line = _refused(serve, **{f"GREENCORN_{variable}": value})
        assert line.startswith(f"GREENCORN_{variable}: ") and text in line
        if not value.startswith(("@", "gunicorn.")):
            assert f"{variable.lower()} is '{value}'" in line


def test_both_a_variable_and_its_file_are_refused(serve, tmp_path):
    line = _refused(serve, GREENCORN_WORKERS="2",
                    GREENCORN_WORKERS_FILE=str(tmp_path / "n"))
    assert "set one of them" in line


def test_an_unknown_name_is_warned_of_or_refused(serve):
    s = serve(env={"GREENCORN_WORKRES": "3"})
    s.wait_log("[WARNING] GREENCORN_WORKRES: there is no such setting; "
               "did you mean GREENCORN_WORKERS?")
    line = _refused(serve, GREENCORN_WORKRES="3", GREENCORN_STRICT_ENV="1")
    assert line.startswith("GREENCORN_WORKRES: there is no such setting")


def test_a_service_of_our_name_is_no_setting(serve):
    links = {"GREENCORN_PORT": "tcp://10.0.0.1:80",
             "GREENCORN_SERVICE_HOST": "10.0.0.1",
             "GREENCORN_SERVICE_PORT": "80",
             "GREENCORN_PORT_80_TCP": "tcp://10.0.0.1:80",
             "GREENCORN_PORT_80_TCP_PROTO": "tcp",
             "GREENCORN_WEB_SERVICE_HOST": "10.0.0.2",
             "GREENCORN_WEB_PORT": "tcp://10.0.0.2:80",
             "PORT": "tcp://10.0.0.1:80", "GREENCORN_STRICT_ENV": "1"}
    s = serve(env=links)
    assert "no such setting" not in s.log


def test_files_are_read_again_by_a_reload(serve, until, tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "workers").write_text("1")
    (tmp_path / "colour").write_text("COLOUR=red")
    s = serve(app=APP, env={"GREENCORN_CONFIG_DIR": str(tmp_path / "d"),
                            "GREENCORN_RAW_ENV_FILE": str(tmp_path / "colour")})
    assert s.get("/").body.startswith(b"red|")
    (tmp_path / "d" / "workers").write_text("2")
    (tmp_path / "colour").write_text("COLOUR=blue\n")
    s.signal("HUP")
    until(lambda: s.get("/").body.startswith(b"blue|"), "the new value")
    until(lambda: len(s.workers()) == 2, "two workers")
    # What has become wrong leaves the old one in place.
    (tmp_path / "d" / "workers").write_text("many")
    s.signal("HUP")
    s.wait_log("GREENCORN_CONFIG_DIR/workers: workers is 'many'")
    s.wait_log("The reload failed; the old workers serve on")
    assert s.get("/").body.startswith(b"blue|")


def test_a_path_of_the_file_is_its_text(serve, tmp_path):
    conf = "import pathlib\nchdir = pathlib.Path('sub')\npidfile = b'x'\n"
    (tmp_path / "sub").mkdir()
    assert _printed(serve, "chdir", conf=conf) == "sub  # gunicorn.conf.py"
    assert _printed(serve, "pidfile", conf=conf) == "x  # gunicorn.conf.py"


def test_the_log_goes_only_where_the_file_says(serve, until, tmp_path):
    s = serve(conf=f"errorlog = {str(tmp_path / 'log')!r}\nwebsocket_max_message_size = 1\n",
              ready=False)
    until(lambda: (tmp_path / "log").exists() and
          "Ready: " in (tmp_path / "log").read_text(), "Ready")
    first, second, *_ = (tmp_path / "log").read_text().splitlines()
    assert "Starting greencorn" in first and "websocket_max_message_size is accepted" in second
    assert s.log == ""


def test_times_may_be_as_long_as_gunicorns(serve):
    for name in ("timeout", "graceful_timeout", "keepalive"):
        assert _printed(serve, name, conf=f"{name} = 1000000\n") == \
            "1000000  # gunicorn.conf.py"
