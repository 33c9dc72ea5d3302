"""/livez, /readyz, /startupz and `health` through a server's life."""


def test_life(arbiter, get):
    def status(page):
        return get(arbiter.url(9000, page))[0]

    assert status("/livez") == 200
    assert get(arbiter.url(9000, "/readyz")) == (503, b"starting\n")
    assert status("/startupz") == 503
    arbiter.say("USR1")
    assert get(arbiter.url(9000, "/readyz")) == (200, b"ok\n")
    assert status("/startupz") == 200
    arbiter.say("USR2")
    assert get(arbiter.url(9000, "/readyz")) == (503, b"no worker serves\n")
    arbiter.say("USR1")
    arbiter.say("HUP")
    assert get(arbiter.url(9000, "/readyz")) == (503, b"stopping\n")
    assert status("/livez") == 200
    arbiter.say("ALRM")
    assert status("/livez") == 503
    assert status("/metrics-to-come") == 404


def test_health(arbiter):
    def health(*args, env="127.0.0.1:9000"):
        done = arbiter.exec("/fake", "health", *args,
                            env={"GREENCORN_ADMIN_BIND": env})
        return done.returncode, done.stderr

    code, said = health()
    assert code == 1
    assert "/readyz at 127.0.0.1:9000: status 503: starting" in said
    assert health("--live")[0] == 0
    arbiter.say("USR1")
    for bind in ("127.0.0.1:9000", "0.0.0.0:9000", ":9000"):
        assert health(env=bind) == (0, "")
    code, said = health(env="127.0.0.1:9001")
    assert code == 1 and "nobody answers" in said
    code, said = health(env="nonsense")
    assert code == 1 and "names no address" in said
    code, said = health("--wrong")
    assert code == 2 and "--wrong" in said


def test_default_address(arbiter):
    arbiter.say("USR1")
    assert arbiter.exec("/fake", "health").returncode == 0


def test_the_process_has_no_privileges(container, admin_image, get):
    """Also where the container runs as root with capabilities."""
    c = container(admin_image, ports=[9000], hardened=False)
    c.wait_log("listening")
    assert get(c.url(9000, "/livez"))[0] == 200
    admin = max(c.processes())
    lines = c.status(admin).splitlines()
    status = dict(line.split(":", 1) for line in lines)
    assert status["Uid"].split() == ["65534"] * 4
    assert status["Gid"].split() == ["65534"] * 4
    assert int(status["CapEff"], 16) == 0
    assert int(status["NoNewPrivs"]) == 1
    c.kill("TERM")
    assert c.wait() == 0
