"""Signals reach the server, and none is lost, early or in a storm."""

import os
import signal

import pytest

FORWARDED = ["HUP", "INT", "USR1", "USR2", "TTIN", "TTOU", "WINCH", "ALRM",
             "CONT", "TSTP", "URG", "VTALRM", "PROF", "IO", "PWR", "XCPU"]


def test_each_signal(fake):
    c = fake("serve")
    c.wait_log("ready")
    for name in FORWARDED:
        c.kill(name)
        c.wait_log(f"got SIG{name} sent")
    c.kill("TERM")
    assert c.wait() == 0


def test_realtime_signal(fake):
    c = fake("serve")
    c.wait_log("ready")
    os.kill(c.pid, signal.SIGRTMIN + 3)
    c.wait_log("got SIGRTMIN+3 sent")


@pytest.mark.parametrize("name", ["SEGV", "ABRT", "PIPE", "CHLD"])
def test_what_is_not_forwarded(fake, name):
    c = fake("serve")
    c.wait_log("ready")
    os.kill(c.pid, getattr(signal, f"SIG{name}"))
    c.kill("USR1")
    logs = c.wait_log("got SIGUSR1 sent")
    assert f"got SIG{name}" not in logs


def test_term_while_booting_is_kept(fake):
    c = fake("boot", "serve")
    c.wait_log("booting")
    c.kill("TERM")
    assert c.wait() == 0
    assert "got SIGTERM sent" in c.logs()


def test_a_storm(fake, wait_until):
    c = fake("orphans", "serve")
    c.wait_log("ready", deadline=60)
    pid = c.pid
    storm = [signal.SIGCHLD, signal.SIGURG, signal.SIGPIPE,
             signal.SIGWINCH, signal.SIGRTMIN + 5]
    for n in range(20000):
        try:
            os.kill(pid, storm[n % len(storm)])
        except BlockingIOError:  # the queue of real-time signals is full
            pass
    c.kill("TERM")
    assert c.wait() == 0
    assert "got SIGTERM sent" in c.logs()


def test_a_server_begins_with_signals_blocked(fake):
    c = fake("mask", "exit:0")
    assert c.wait() == 0
    logs = c.logs()
    assert "mask: TERM 1 INT 1 CHLD 1 SEGV 0, PIPE ignored" in logs
    assert "leads a session 1" in logs


def test_a_command_begins_as_init_did(fake):
    c = fake("once", "mask", "exit:0")
    assert c.wait() == 0
    logs = c.logs()
    assert "mask: TERM 0 INT 0 CHLD 0 SEGV 0, PIPE default" in logs
    assert "group: own 1" in logs
