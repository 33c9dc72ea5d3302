"""gunicorn.conf.py in the working directory, as Gunicorn's users have it."""

GET = b"GET /environ_text HTTP/1.1\r\nHost: a\r\n\r\n"

FILE = """
import logging
import gunicorn
import beside_it

assert __name__ == "__config__" and gunicorn.version_info >= (25,)
workers = 1 + beside_it.more
raw_env = ["FROM_THE_FILE=yes"]
unknown_name = object()
logging.getLogger("gunicorn.error").warning("the file logs")


def post_fork(server, worker):
    pass
"""


def test_it_sets_and_logs(own_server, tmp_path):
    (tmp_path / "gunicorn.conf.py").write_text(FILE)
    (tmp_path / "beside_it.py").write_text("more = 1\n")
    s = own_server(app="_wsgi_app:app")
    s.wait_log(r"Ready: \d+ ms after the start, workers serving: 2")
    s.wait_log(r"\[WARNING\] the file logs\n")
    answer = s.connect().ask(GET)
    assert b"wsgi.multiprocess=True\n" in answer.body


def test_the_environment_wins(own_server, tmp_path):
    (tmp_path / "gunicorn.conf.py").write_text("workers = 3\n")
    own_server(app="_wsgi_app:app", workers=1).wait_log(
        r"Ready: \d+ ms after the start, workers serving: 1")
