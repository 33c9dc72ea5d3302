"""WebSockets of a WSGI framework, as Gunicorn's users have them."""

import pathlib

import pytest

DATA = pathlib.Path(__file__).parent / "data"


@pytest.mark.parametrize("settings", [{}, {"threads": 4}],
                         ids=["sync", "gthread"])
def test_a_websocket_talks(server, installed, settings):
    packages = installed(DATA / "requirements.txt")
    s = server(app="chat:app", pythonpath=f"{DATA},{packages}", **settings)
    for _ in range(3):
        said = s.run(installed.binary, "python", "-c",
                     "import sys; sys.path[:0] = sys.argv[1:3]; "
                     "del sys.argv[1:3]; import talk", str(DATA),
                     str(packages), s.address[0], str(s.address[1]))
        assert said == b"closed:\n1000\n"
    assert s.run("curl", "-s", s.url) == b"a page"
    assert "Traceback" not in s.log()
