"""TERM: running requests finish, waiting ones are answered."""

import time

GET = b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n"


def test_running_request_finishes(own_server):
    s = own_server()
    c = s.connect()
    c.send(GET % b"/sleep?0.5")
    time.sleep(0.1)  # it is in the application, or in the queue: both count
    s.kill()
    a = c.answer()
    assert a.body == b"hello\n"
    assert c.rest() == b""
    assert s.process.wait(10) == 0


def test_connections_in_the_queue_are_answered(own_server):
    s = own_server()
    busy = s.connect()
    busy.send(GET % b"/sleep?0.3")
    waiting = [s.connect() for _ in range(20)]
    s.kill()
    for c in waiting:
        assert c.ask(GET % b"/hello").body == b"hello\n"
    assert busy.answer().body == b"hello\n"
    assert s.process.wait(10) == 0


def test_idle_connection_gets_a_last_answer(own_server):
    s = own_server(keepalive=60)
    c = s.connect()
    assert c.ask(GET % b"/hello").field("Connection") == "keep-alive"
    s.kill()
    s.wait_log("Handling signal: term")
    a = c.ask(GET % b"/hello")
    assert a.status == 200
    assert s.process.wait(10) == 0


def test_idle_connections_do_not_hold_up_the_stop(own_server):
    s = own_server(keepalive=60, graceful_timeout=30)
    c = s.connect()
    assert c.ask(GET % b"/hello").status == 200
    began = time.monotonic()
    s.kill()
    assert s.process.wait(10) == 0
    assert time.monotonic() - began < 5
