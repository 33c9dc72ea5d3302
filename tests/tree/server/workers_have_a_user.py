"""user, group, initgroups: root starts it, the workers are somebody else."""

import os
import pathlib
import pwd
import shutil
import tempfile

import pytest

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

NOBODY = pwd.getpwnam("nobody")
WHO = """
import os

AT_IMPORT = os.getuid()

def app(environ, start_response):
    body = repr((AT_IMPORT, os.getresuid(), os.getresgid(),
                 sorted(os.getgroups()))).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""


@pytest.fixture
def open_folder():
    """One that nobody may read, unlike pytest's."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="greencorn-test-"))
    path.chmod(0o755)
    (path / "who.py").write_text(WHO)
    yield path
    shutil.rmtree(path)


def who(s):
    return eval(s.get("/").body)


@pytest.mark.parametrize("user", ["nobody", str(NOBODY.pw_uid)])
def test_the_application_is_the_user_s(serve, open_folder, user):
    s = serve("who:app", chdir=str(open_folder), user=user, workers=2)
    uid, gid = NOBODY.pw_uid, NOBODY.pw_gid
    assert who(s) == (uid, (uid,) * 3, (gid,) * 3, [])
    s.signal("HUP")
    s.wait_log("Worker exiting", count=2)
    assert who(s)[0] == uid
    s.signal("TERM")
    assert s.wait() == 0


def test_a_group_and_all_groups(serve, open_folder):
    s = serve("who:app", chdir=str(open_folder), user="nobody", group="12345",
              initgroups="true")
    _, _, gids, groups = who(s)
    assert gids == (12345,) * 3
    assert set(groups) == set(os.getgrouplist("nobody", 12345))


def test_a_number_without_a_name(serve, open_folder):
    s = serve("who:app", chdir=str(open_folder), user="54321", group="54322")
    assert who(s) == (54321, (54321,) * 3, (54322,) * 3, [])


def test_its_files_are_its_own(serve, open_folder):
    sock, log = open_folder / "app.sock", open_folder / "access.log"
    s = serve("who:app", chdir=str(open_folder), user="nobody",
              bind=f"unix:{sock},127.0.0.1:0", accesslog=str(log))
    assert sock.stat().st_uid == NOBODY.pw_uid
    assert log.stat().st_uid == NOBODY.pw_uid
    s.signal("TERM")
    assert s.wait() == 0


def test_its_workers_leave_with_their_arbiter(serve, until, open_folder):
    s = serve("who:app", chdir=str(open_folder), user="nobody", workers=2)
    workers = s.workers()
    s.signal("KILL")
    s.process.wait(10)
    until(lambda: not any(os.path.exists(f"/proc/{w}/exe") and
                          _lives(w) for w in workers), "they are gone")


def _lives(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_nobody_of_that_name_is_an_error(serve):
    s = serve(user="no-such-user", ready=False)
    assert s.wait() == 1
    assert "no-such-user" in s.log
