"""The kernel ends who takes too much memory: a worker, never the server."""

import os

EATER = b"""
import os
import time

def app(environ, start_response):
    if environ["PATH_INFO"] == "/eat":
        held = []
        while True:
            held.append(b"x" * (1 << 20))
    if environ["PATH_INFO"] == "/slow":
        time.sleep(3)
    body = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""


def test_a_worker_is_killed_and_another_comes(image, container, get,
                                              wait_until):
    binary = os.path.abspath(os.environ.get("GREENCORN",
                                            "build/out/greencorn"))
    img = image({"/greencorn": binary, "/app.py": EATER}, ["/greencorn"])
    c = container(img, "app:app", ports=[8000],
                  options=["--memory=160m", "--memory-swap=160m"],
                  env={"GREENCORN_BIND": "0.0.0.0:8000",
                       "GREENCORN_WORKERS": "2"})
    c.wait_log("Ready: ")
    for n in range(1, 4):
        others = {pid: title for pid, (_, title) in c.processes().items()
                  if ": worker" not in title}
        assert get(c.url(8000, "/eat"), 60) == (0, b"")
        c.wait_log("was sent SIGKILL! Perhaps out of memory?", count=n)
        wait_until(lambda: get(c.url(8000))[0] == 200, "an answer")
        # Nobody else was the kernel's choice, and no count was lost.
        left = c.processes()
        assert others.items() <= {p: t for p, (_, t) in left.items()}.items()
        wait_until(lambda: sum(": worker" in t for _, t in
                               c.processes().values()) == 2, "two workers")
    assert c.running
    c.kill("TERM")
    assert c.wait() == 0
