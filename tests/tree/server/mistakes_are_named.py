"""Bad input: one clear line, the right exit status, nothing started."""


def _refused(serve, *args, **kw):
    s = serve(*args, ready=False, **kw)
    return s.wait(), s.log


def test_an_unknown_flag_is_answered_with_the_nearest(serve):
    status, log = _refused(serve, "--wrokers", "3", "app:app")
    assert status == 2
    assert log == "unknown flag --wrokers; did you mean --workers?\n"


def test_a_bad_value_of_a_flag_is_no_misuse(serve):
    status, log = _refused(serve, "-w", "many", "app:app")
    assert status == 1
    assert log == ("-w: workers is 'many', but must be a number from 1 to "
                   "512\n")


def test_a_class_of_a_later_version_is_said_to_be_one(serve):
    status, log = _refused(serve, "-k", "gevent", "app:app")
    assert status == 1
    assert log == ("-k: worker_class is 'gevent', which comes in a later "
                   "version; accepted now: one of: sync gthread\n")


def test_a_setting_that_does_nothing_yet_is_warned_of(serve):
    s = serve(conf="websocket_max_message_size = 1\n")
    assert "gunicorn.conf.py: websocket_max_message_size is accepted, but this version " \
        "does not act on it yet" in s.log


def test_a_certificate_is_never_ignored(serve):
    status, log = _refused(serve, env={"GREENCORN_CERTFILE": "/a.pem"})
    assert status == 1
    assert log.startswith("GREENCORN_CERTFILE: certfile is '/a.pem', but ")


def test_a_bad_value_names_source_setting_value_and_what_is_accepted(serve):
    status, log = _refused(serve, env={"GREENCORN_WORKERS": "ma\x1bny"})
    assert status == 1
    assert log == ("GREENCORN_WORKERS: workers is 'ma\\x1bny', but must be a "
                   "number from 1 to 512\n")


def test_an_unknown_variable_is_warned_of(serve):
    s = serve(env={"GREENCORN_WORKRES": "3"})
    assert "GREENCORN_WORKRES: there is no such setting; did you mean " \
        "GREENCORN_WORKERS?" in s.log


def test_an_unknown_variable_is_fatal_when_asked(serve):
    status, _ = _refused(serve, env={"GREENCORN_WORKRES": "3",
                                     "GREENCORN_STRICT_ENV": "1"})
    assert status == 1


def test_a_service_link_is_no_setting(serve):
    s = serve(env={"GREENCORN_PORT": "tcp://10.0.0.1:80",
                   "GREENCORN_SERVICE_HOST": "10.0.0.1",
                   "GREENCORN_PORT_80_TCP": "tcp://10.0.0.1:80"})
    assert "no such setting" not in s.log


def test_a_misspelt_command_is_suggested(serve):
    status, log = _refused(serve, "pyhton")
    assert status == 3
    assert "did you mean the command `greencorn python`?" in log


def test_no_application_is_said(serve):
    status, log = _refused(serve, "-w", "1")
    assert status == 1
    assert "No application module specified" in log


def test_an_address_that_cannot_be_is_named(serve):
    status, log = _refused(serve, env={"GREENCORN_BIND": "127.0.0.1:99999"})
    assert status == 1
    assert "127.0.0.1:99999" in log


def test_a_setting_of_the_file_is_refused_by_name(serve):
    status, log = _refused(serve, conf="timeout = 'soon'\n")
    assert status == 1
    assert "Error: gunicorn.conf.py: timeout is 'soon', but must be " in log
    assert len(log.splitlines()) == 1


def test_a_file_that_is_not_there_is_one_line(serve):
    status, log = _refused(serve, "-c", "nope.py", "app:app")
    assert status == 1
    assert log.endswith("[ERROR] Error: 'nope.py' doesn't exist\n")
    assert len(log.splitlines()) == 1


def test_a_file_of_another_name_is_named(serve, tmp_path):
    (tmp_path / "other.py").write_text("workers = -1\n")
    status, log = _refused(serve, "-c", "other.py", "app:app")
    assert status == 1
    assert "Error: other.py: workers is '-1', but must be " in log


def test_a_file_that_is_no_python_shows_the_traceback(serve):
    status, log = _refused(serve, conf="workers = (\n")
    assert status == 1
    assert "SyntaxError" in log and "gunicorn.conf.py" in log


def test_help_is_given_also_when_the_environment_is_wrong(serve):
    status, log = _refused(serve, "--help", env={"GREENCORN_WORKERS": "x"})
    assert status == 0
    assert "--worker-class" in log
    assert max(map(len, log.splitlines())) <= 80
