"""daemon: the command ends, the server goes on; WINCH ends its workers."""

import os

import pytest


def start(serve, until, *args, **kw):
    s = serve(*args, ready=False, pidfile="run.pid", errorlog="error.log",
              **kw)
    assert s.process.wait(10) == 0
    path = s.folder / "run.pid"
    until(lambda: path.exists() and path.read_text().endswith("\n"),
          "the pid file")
    s.follow(int(path.read_text()))
    until(lambda: "Ready: " in (s.folder / "error.log").read_text(), "ready")
    return s


@pytest.mark.parametrize("args, conf", [
    (("-D", "app:app"), None),
    (("app:app",), "daemon = True\n"),
])
def test_it_goes_on_without_a_terminal(serve, until, args, conf):
    s = start(serve, until, *args, conf=conf, workers=2)
    assert s.get("/").body == b"hello\n"
    assert os.getsid(s.pid) != os.getsid(0)
    for fd in range(3):
        assert os.readlink(f"/proc/{s.pid}/fd/{fd}") == "/dev/null"
    with open(f"/proc/{s.workers()[0]}/environ", "rb") as f:
        assert b"HANDOVER" not in f.read()
    s.signal("TERM")
    assert s.wait() == 0
    assert not (s.folder / "run.pid").exists()


def test_winch_ends_its_workers_and_hup_brings_them_back(serve, until):
    s = start(serve, until, "-D", "app:app", workers=2)
    s.signal("WINCH")
    until(lambda: not s.workers(), "no workers")
    s.signal("TTIN")
    until(lambda: len(s.workers()) == 1, "a worker")
    s.signal("WINCH")
    until(lambda: not s.workers(), "no workers")
    s.signal("HUP")
    until(lambda: len(s.workers()) == 2, "workers")
    assert s.get("/").status == 200


def test_usr2_and_winch_are_an_upgrade(serve, until):
    s = start(serve, until, "-D", "app:app")
    old = s.pid
    s.signal("USR2")
    path = s.folder / "run.pid.2"
    until(lambda: path.exists() and path.read_text(), "the new one")
    new = int(path.read_text())
    log = s.folder / "error.log"
    until(lambda: log.read_text().count("Ready: ") == 2, "ready")
    s.signal("WINCH")
    until(lambda: not s.workers(), "the old one's workers are gone")
    assert s.get("/").status == 200
    s.signal("HUP")  # back again
    until(s.workers, "the old one's workers")
    s.signal("QUIT", old)
    s.wait()
    s.follow(new)
    until(lambda: "promoted" in log.read_text(), "promoted")
    assert s.get("/").status == 200


def test_without_it_winch_is_nothing(serve):
    s = serve(loglevel="debug")
    s.signal("WINCH")
    s.wait_log("SIGWINCH ignored. Not daemonized")
    assert len(s.workers()) == 1


def test_as_pid_1_it_stays(serve):
    s = serve("-D", "app:app", init=True)
    assert "daemon is ignored" in s.log
    assert s.get("/").status == 200
