"""TERM while a request is running: it is answered, and the end is in time."""

import threading
import time


def test_running_request_is_answered(server, get):
    c = server(env={"GREENCORN_GRACEFUL_TIMEOUT": "10"})
    answers = []
    asking = threading.Thread(
        target=lambda: answers.append(get(c.url(8000, "/slow?2"), 15)))
    asking.start()
    c.wait_log("slow begins")
    began = time.monotonic()
    c.kill("TERM")
    assert c.wait() == 0
    took = time.monotonic() - began
    asking.join(20)
    assert answers[0][0] == 200, c.logs()
    assert took < 10


def test_endless_request_is_cut_off(server, get):
    c = server(env={"GREENCORN_GRACEFUL_TIMEOUT": "2"})
    asking = threading.Thread(target=get, args=(c.url(8000, "/slow?60"), 30))
    asking.start()
    c.wait_log("slow begins")
    began = time.monotonic()
    c.kill("TERM")
    assert c.wait() == 0
    assert 1.5 < time.monotonic() - began < 8
    asking.join(20)


def test_idle_server_stops_at_once(server):
    c = server()
    began = time.monotonic()
    c.kill("TERM")
    assert c.wait() == 0
    assert time.monotonic() - began < 4
