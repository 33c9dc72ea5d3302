"""init ends as its child ended."""

import pytest


@pytest.mark.parametrize("status", [0, 1, 3, 4, 42, 255])
def test_exit_status(fake, status):
    assert fake(f"exit:{status}").wait() == status


@pytest.mark.parametrize("signal,status", [
    ("KILL", 137), ("SEGV", 139), ("TERM", 143), ("HUP", 129)])
def test_signal_of_a_command(fake, signal, status):
    assert fake("once", f"raise:{signal}").wait() == status


def test_status_of_a_stop(fake):
    c = fake("serve")
    c.wait_log("ready")
    c.kill("QUIT")
    assert c.wait() == 7
