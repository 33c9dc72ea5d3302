"""pidfile: Gunicorn's rules, and numbers that come again in containers."""

import os
import subprocess


def test_it_names_the_arbiter_and_goes_at_the_end(serve):
    s = serve(pidfile="run.pid")
    path = s.folder / "run.pid"
    assert path.read_text() == f"{s.pid}\n"
    assert path.stat().st_mode & 0o777 == 0o644
    s.signal("TERM")
    assert s.wait() == 0
    assert not path.exists()


def test_a_living_process_in_it_refuses_the_start(serve, tmp_path):
    other = subprocess.Popen(["sleep", "60"])
    try:
        (tmp_path / "run.pid").write_text(f"{other.pid}\n")
        s = serve(pidfile="run.pid", ready=False)
        assert s.wait() == 1
        assert f"Already running on PID {other.pid} (or pid file " in s.log
        assert (tmp_path / "run.pid").read_text() == f"{other.pid}\n"
    finally:
        other.kill()
        other.wait()


def test_a_stale_one_is_replaced(serve, tmp_path):
    gone = subprocess.Popen(["true"])
    gone.wait()
    for text in (f"{gone.pid}\n", "no number\n", ""):
        (tmp_path / "run.pid").write_text(text)
        s = serve(pidfile="run.pid")
        assert (tmp_path / "run.pid").read_text() == f"{s.pid}\n"
        s.end()


def test_no_folder_is_a_clear_error(serve):
    s = serve(pidfile="/nonexistent/run.pid", ready=False)
    assert s.wait() == 1
    assert "Cannot write the pid file /nonexistent/run.pid" in s.log


def test_a_reload_moves_it(serve, until):
    s = serve(conf="pidfile = 'one.pid'\n")
    assert (s.folder / "one.pid").exists()
    s.write("gunicorn.conf.py", "pidfile = 'two.pid'\n")
    s.signal("HUP")
    until((s.folder / "two.pid").exists, "the new file")
    until(lambda: not (s.folder / "one.pid").exists(), "the old one to go")
    assert (s.folder / "two.pid").read_text() == f"{s.pid}\n"


def test_what_others_wrote_stays(serve):
    s = serve(pidfile="run.pid")
    (s.folder / "run.pid").write_text("1\n")
    s.signal("TERM")
    assert s.wait() == 0
    assert (s.folder / "run.pid").read_text() == "1\n"
    assert os.path.exists(s.folder / "run.pid")
