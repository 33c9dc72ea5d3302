"""As PID 1 of a container: what kills the server, and what does not."""

def test_an_arbiter_that_is_killed_comes_back(server, get, wait_until):
    c = server(env={"GREENCORN_WORKERS": "2"})
    master = _pid_of(c, ": master")
    c.exec("/greencorn", "python", "-c", f"import os; os.kill({master}, 9)")
    c.wait_log("starting it again")
    assert get(c.url(8000))[0] == 200
    c.wait_log("Adopting 2 workers that serve on")
    c.wait_log("Ready: ", count=2)
    assert _pid_of(c, ": master") != master
    wait_until(lambda: get(c.url(8000))[0] == 200, "an answer")
    c.kill("TERM")
    assert c.wait() == 0


def test_usr2_executes_it_anew(server, get, wait_until):
    c = server(env={"GREENCORN_WORKERS": "2"})
    master = _pid_of(c, ": master")
    c.kill("USR2")
    c.wait_log("Adopting 2 workers that serve on")
    assert get(c.url(8000))[0] == 200
    c.wait_log("Ready: ", count=2)
    assert _pid_of(c, ": master") != master
    assert "starting it again" not in c.logs()
    c.kill("TERM")
    assert c.wait() == 0


def test_the_tree_has_gunicorn_s_titles(server):
    c = server(env={"GREENCORN_WORKERS": "2"})
    titles = [title for _, title in c.processes().values()]
    for word, n in ((": master", 1), (": template", 1), (": worker", 2),
                    (": admin", 1)):
        assert sum(word in t for t in titles) == n, titles


def test_a_thousand_orphans_are_reaped(server, get, wait_until):
    c = server()
    workers = [p for p, (_, t) in c.processes().items() if ": worker" in t]
    for _ in range(10):
        assert get(c.url(8000, "/orphans?100"), 30)[0] == 200
    wait_until(lambda: len(c.processes()) <= 6, "no orphan is left")
    assert [p for p, (_, t) in c.processes().items()
            if ": worker" in t] == workers
    assert get(c.url(8000))[0] == 200


def _pid_of(c, word):
    return next(p for p, (_, t) in c.processes().items() if word in t)


def test_ctrl_c_is_graceful_first(terminal, greencorn_image, app_folder):
    t = terminal(greencorn_image, "app:app",
                 options=[f"--volume={app_folder}:/app:ro"])
    t.read_until("Ready: ")
    t.type(b"\x03")
    text = t.read_until("Handling signal: int (terminal)")
    assert t.wait(60) == 0
    assert "Shutting down: " in text + t.output.decode()


def test_ctrl_c_twice_does_not_wait(terminal, greencorn_image, app_folder):
    t = terminal(greencorn_image, "app:app", "--shutdown-delay", "30",
                 options=[f"--volume={app_folder}:/app:ro"])
    t.read_until("Ready: ")
    t.type(b"\x03")
    t.read_until("Handling signal: int (terminal)")
    t.type(b"\x03")
    assert t.wait(25) == 0
