"""Each word of the binary, in its own image, read-only and without rights."""

import pytest


@pytest.fixture
def out(container, greencorn_image):
    """out(*args) -> (status, everything that was printed)."""
    def run(*args, **kw):
        c = container(greencorn_image, *args, **kw)
        return c.wait(), c.logs()
    return run


def test_version(out):
    status, text = out("version")
    assert status == 0 and "greencorn" in text and "3.13" in text


def test_help(out):
    status, text = out("help")
    assert status == 0
    for word in ("python", "pip", "health", "version"):
        assert f"greencorn {word}" in text


def test_python(out):
    status, text = out("python", "-c", "import ssl, sqlite3, ctypes, sys; "
                       "print(sys.argv, ssl.OPENSSL_VERSION)", "a")
    assert status == 0 and "['-c', 'a'] OpenSSL 3.5" in text


def test_python_by_its_link(out):
    status, text = out("-c", "import os; print('uid', os.getuid())",
                       options=["--entrypoint=python3"])
    assert status == 0 and "uid 65532" in text


def test_exit_status_of_python(out):
    assert out("python", "-c", "raise SystemExit(7)")[0] == 7


def test_authorities_are_used(out):
    status, text = out("python", "-c", "import ssl; print('n', len("
                       "ssl.create_default_context().get_ca_certs()))")
    assert status == 0
    assert int(text.split("n ")[1].split()[0]) > 100


def test_time_zones(out):
    status, text = out("python", "-c", "import time; print(time.tzname)",
                       env={"TZ": "Europe/Berlin"})
    assert status == 0 and "('CET', 'CEST')" in text


def test_health_without_a_server(out):
    assert out("health")[0] == 1


def test_unknown_flag_is_named_with_the_nearest(out):
    status, text = out("--wokers", "2", "app:app")
    assert status == 2 and "--workers" in text


def test_module_that_is_missing(out):
    status, text = out("nothing:app")
    assert status == 3 and "No module named 'nothing'" in text


def test_application_that_is_missing(out):
    status, text = out("json:nothing")
    assert status == 4 and "nothing" in text


def test_near_word(out):
    status, text = out("helth")
    assert status == 3 and "greencorn health" in text
