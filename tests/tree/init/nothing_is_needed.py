"""Neither streams, disk, descriptors nor /dev are needed by init."""

import pytest


def test_closed_streams(fake):
    assert fake("closed", "stdio").wait() == 0


def test_closed_streams_without_dev(fake):
    # chroot needs its capability
    c = fake("nodev", "closed", "stdio", hardened=False)
    assert c.wait() == 0


@pytest.mark.parametrize("trouble", ["full", "nofile"])
def test_goes_on(fake, trouble):
    c = fake(trouble, "exit:5")
    assert c.wait() == 5


@pytest.mark.parametrize("trouble", ["full", "nofile"])
def test_signals_and_restarts(fake, trouble, wait_until):
    c = fake(trouble, "raise:SEGV")
    wait_until(lambda: c.running, "running")
    c.kill("TERM")
    assert c.wait() == 139


def test_signals_without_a_descriptor(fake):
    c = fake("nofile", "left", "boot", "boot", "exit:6")
    c.wait_log("booting")
    c.kill("HUP")
    assert c.wait() == 6
    assert "stranger goes" in c.logs()
