"""--check-config and --print-config: an answer, and no server."""

import json
import re
import subprocess


def _run(serve, *args, **kw):
    s = serve(*args, ready=False, **kw)
    return s.wait(), s.log


def test_a_good_configuration_ends_with_0_and_opens_nothing(serve):
    status, log = _run(serve, "--check-config", "app:app")
    assert status == 0
    assert log == ""


def test_an_application_that_cannot_be_loaded_ends_with_1(serve):
    status, log = _run(serve, "--check-config", "app:app",
                       app="raise RuntimeError('broken')\n")
    assert status == 1
    assert "RuntimeError: broken" in log


def test_a_static_check_runs_no_python(serve):
    told = "open('ran', 'w').close()\n"
    s = serve("--check-config=static", "app:app", ready=False, app=told,
              conf=told)
    assert s.wait() == 0 and s.log == ""
    assert not (s.folder / "ran").exists()
    status, log = _run(serve, "--check-config=static", "-w", "2",
                       "--print-config", "app:app")
    assert status == 0
    assert "workers                            = 2  # -w" in log
    for args, text in [
            (("-c", "no.py"), "-c: cannot read no.py: No such file"),
            (("-w", "x"), "-w: workers is 'x'"),
            (("-k", "gevent"), "-k: worker_class is 'gevent'"),
            (("--dirty-app", "jobs:Jobs:0"),
             "--dirty-app: dirty_apps is 'jobs:Jobs:0'"),
            (("--dirty-app", "jobs"), "--dirty-app: dirty_apps is 'jobs'")]:
        status, log = _run(serve, "--check-config=static", *args, "app:app")
        assert status == 1 and log.startswith(text)
        assert len(log.splitlines()) == 1
    status, log = _run(serve, "--check-config=static")
    assert status == 1 and "No application module specified" in log


def test_applications_that_nobody_would_hold_are_warned_of(serve):
    status, log = _run(serve, "--check-config=static", "--dirty-app",
                       "jobs:Jobs", "app:app")
    assert status == 0
    assert "--dirty-app: dirty_apps" in log and "dirty_workers is 0" in log
    status, log = _run(serve, "--check-config=static", "--dirty-app",
                       "jobs:Jobs:2", "--dirty-workers", "2", "app:app")
    assert status == 0 and log == ""


def test_a_check_is_asked_for_in_every_way(serve):
    for args, env in [(("--check-config", "app:app"), {}),
                      (("--check-config=true", "app:app"), {}),
                      (("app:app",), {"GREENCORN_CHECK_CONFIG": "Yes"}),
                      (("app:app",), {"GUNICORN_CMD_ARGS":
                                      "--check-config"})]:
        status, log = _run(serve, *args, env=env)
        assert status == 0 and log == ""


def test_a_flag_that_may_stand_alone_leaves_the_application(serve):
    for args, value in [((), "auto"), (("v1",), "v1"), (("off",), "off")]:
        _, log = _run(serve, "--print-config", "--proxy-protocol", *args,
                      "app:app")
        assert f"proxy_protocol is '{value}'" in log or re.search(
            rf"^proxy_protocol += {value}  # --proxy-protocol$", log, re.M)


def test_a_bad_value_of_the_file_ends_with_1(serve):
    status, _ = _run(serve, "--check-config", "app:app",
                     conf="workers = 'x'\n")
    assert status == 1


def test_values_are_printed_with_their_sources(serve):
    status, log = _run(serve, "--print-config", "-w", "3", "app:app",
                       conf="timeout = 7\nraw_env = ['KEY=secret']\n")
    assert status == 0
    lines = {line.split(" = ")[0].strip(): line.split(" = ", 1)[1]
             for line in log.splitlines() if " = " in line}
    assert lines["workers"] == "3  # -w"
    assert lines["timeout"] == "7  # gunicorn.conf.py"
    assert lines["backlog"] == "2048  # default"
    assert lines["bind"].endswith("# GREENCORN_BIND")
    assert "secret" not in log


def test_values_are_printed_as_json(serve):
    status, log = _run(serve, "--print-config", "--format=json")
    assert status == 0
    printed = json.loads(log[log.index("{\n"):log.index("\n}\n") + 2])
    assert printed["worker_class"] == {"value": "sync", "source": "default"}
    assert printed["forwarded_allow_ips"]["value"] == ["127.0.0.1", "::1"]


def test_values_are_printed_for_an_environment(serve):
    args = ("--print-config", "--format=env", "-w", "3", "-b", "127.0.0.1:1",
            "-b", "unix:@it's", "--timeout", "1m", "app:app")
    status, log = _run(serve, *args, env={"GREENCORN_RAW_ENV": "KEY=secret"})
    assert status == 0 and "secret" not in log
    lines = [line for line in log.splitlines() if line[:10] == "GREENCORN_"]
    script = "\n".join(lines) + "\nenv -0"
    out = subprocess.run(["sh", "-c", "set -a\n" + script], text=True,
                         capture_output=True, check=True)
    again = dict(v.split("=", 1) for v in out.stdout.split("\0")
                 if v.startswith("GREENCORN_"))
    assert again["GREENCORN_WORKERS"] == "3"
    del again["GREENCORN_PRINT_FORMAT"], again["GREENCORN_PRINT_CONFIG"]
    status, log = _run(serve, "--print-config", env=again)
    assert status == 0
    assert "workers                            = 3  # GREENCORN_WORKERS" in log
    assert '["127.0.0.1:1", "unix:@it\'s"]  # GREENCORN_BIND' in log
    assert "= 1m  # GREENCORN_TIMEOUT" in log


def test_secrets_are_masked_in_every_form(serve):
    for form in ("text", "json", "env"):
        status, log = _run(serve, "--print-config", f"--format={form}",
                           env={"GREENCORN_RAW_ENV": "KEY=s3cret",
                                "GREENCORN_RAW_PASTE_GLOBAL_CONF":
                                "pw=s3cret",
                                "GREENCORN_LOGCONFIG_DICT": json.dumps(
                                    {"version": 1, "seen": [{"a": "b"}],
                                     "x": {"Credentials": ["me", "s3cret"]}})})
        assert status == 0 and "s3cret" not in log
        assert ("seen" in log) == (form != "env")
