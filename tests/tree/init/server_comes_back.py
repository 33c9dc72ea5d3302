"""A server that a signal ended is started again; one that exits is not."""

import os
import signal


def kill_server(c):
    """KILLs init's child, from outside, as the kernel would (no memory)."""
    path = f"/proc/{c.pid}/task/{c.pid}/children"
    with open(path) as f:
        for child in f.read().split():
            os.kill(int(child), signal.SIGKILL)


def test_killed_server_comes_back(fake):
    c = fake("serve")
    for n in range(1, 4):
        c.wait_log("ready", count=n)
        kill_server(c)
    logs = c.wait_log("ready", count=4)
    assert logs.count("ended by signal SIGKILL; starting it again") == 3
    c.kill("TERM")
    assert c.wait() == 0


def test_a_crash_at_boot_backs_off(fake):
    c = fake("raise:SEGV")
    logs = c.wait_log("starting it again in 800 ms")
    assert "starting it again in 100 ms" in logs
    c.kill("TERM")
    assert c.wait(deadline=5) == 139


def test_a_stop_that_kills_is_no_crash(fake):
    # The TERM that waits meets its default as soon as it is let in.
    c = fake("boot", "raise:TERM")
    c.wait_log("booting")
    c.kill("TERM")
    assert c.wait() == 143
    assert "starting it again" not in c.logs()


def test_strangers_outside_the_server_stay(fake, wait_until):
    c = fake("left", "serve")
    c.wait_log("stranger there")
    c.wait_log("ready")
    strangers = {p for p, (parent, _) in c.processes().items() if parent == 1}
    host = f"/proc/{c.pid}/task/{c.pid}/children"
    with open(host) as f:
        first = int(f.read().split()[0])
    os.kill(first, signal.SIGKILL)
    logs = c.wait_log("ready", count=2)
    assert "stranger goes" not in logs
    assert strangers & set(c.processes())
