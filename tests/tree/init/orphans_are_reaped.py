"""Strangers that are orphaned are reaped, and mean nothing."""


def test_a_thousand_orphans_leave_no_zombie(fake, wait_until):
    c = fake("orphans", "serve")
    c.wait_log("ready", deadline=60)
    # Among them were exit statuses 3 and 4: the server goes on.
    wait_until(lambda: len(c.processes()) == 2, "only init and the server")
    c.kill("USR1")
    logs = c.wait_log("got SIGUSR1 sent")
    assert "Reaped" not in logs
    c.kill("TERM")
    assert c.wait() == 0


def test_what_is_left_gets_term(fake):
    c = fake("left", "serve")
    c.wait_log("ready")
    c.wait_log("stranger there")
    c.kill("TERM")
    assert c.wait() == 0
    assert "stranger goes" in c.logs()


def test_what_ignores_term_is_killed(fake):
    c = fake("stubborn", "serve")
    c.wait_log("stranger there")
    c.wait_log("ready")
    c.kill("TERM")
    assert c.wait(deadline=8) == 0
    assert "killing them" in c.logs()
