"""environ["gunicorn.socket"]: to look at, and to take over."""

import ast
import signal

import pytest


def get(path, field=""):
    return f"GET {path} HTTP/1.1\r\nHost: a\r\n{field}\r\n".encode()


@pytest.fixture
def s(server):
    return server(app="_socket_app:app", accesslog="-")


def test_a_look_leaves_the_request_as_it_is(s):
    client = s.connect()
    for _ in range(3):
        peer, own, family, timeout = ast.literal_eval(
            client.ask(get("/look")).body.decode())
        assert peer == client.socket.getsockname()
        assert own == s.address
        assert family == "AF_INET" and timeout is None


def test_nobody_takes_by_a_name_that_sockets_do_not_have(s):
    client = s.connect()
    assert client.ask(get("/asks")).body == b"[False, False, False]"


@pytest.mark.parametrize("how", ["looks_and_goes_on", "looks_and_forks"])
def test_a_look_holds_no_end_back(s, how, tmp_path):
    """Who has said close waits for the end of the connection."""
    client = s.connect()
    try:
        client.send(get(f"/{how}?{tmp_path}/go", "Connection: close\r\n"))
        assert b"AF_INET" in client.rest()
    finally:
        (tmp_path / "go").touch()


@pytest.mark.parametrize("end", ["stop", "error"])
def test_another_protocol_is_spoken(s, end):
    before = len(s.log())
    client = s.connect()
    assert client.ask(get(f"/echo?{end}")).status == 101
    for line in b"one\n", b"two\n":
        client.send(line)
        assert client._exactly(4) == line.upper()
    client.send(b"\n")
    assert client.rest() == b""
    s.until(lambda: f'"GET /echo?{end} HTTP/1.1" 101' in s.log()[before:],
            "the access log's line")
    assert ("ValueError" in s.log()[before:]) == (end == "error")
    assert "StopIteration" not in s.log()[before:]
    assert s.connect().ask(get("/look")).status == 200


def test_a_client_that_leaves_is_no_error(s):
    """But somebody else's connection that breaks is."""
    for path, error in ("/echo?stop", False), ("/breaks", True):
        before = len(s.log())
        client = s.connect()
        client.send(get(path))
        assert client._until(b"\r\n\r\n").startswith(b"HTTP/1.1 101 ")
        if not error:
            client.reset()
        s.until(lambda: f'"GET {path} HTTP/1.1" 101' in s.log()[before:],
                "the access log's line")
        assert ("Traceback" in s.log()[before:]) == error


@pytest.mark.parametrize("path, body", [("/returns", b"by hand"),
                                        ("/lazy", b"lazily"),
                                        ("/copied", b"afterwards")])
def test_nothing_is_added(s, path, body):
    client = s.connect()
    client.send(get(path))
    assert client.rest() == b"HTTP/1.0 200 OK\r\n\r\n" + body


def test_the_request_is_over_then(s):
    client = s.connect()
    client.send(get("/after"))
    taken = b"the application has taken gunicorn.socket\n"
    assert client.rest() == b"HTTP/1.0 200 OK\r\n\r\n" + taken + b"b''\n"


def test_one_that_is_kept_is_of_no_use(s):
    client = s.connect()
    assert client.ask(get("/keeps")).status == 200
    assert b"the request is over" in client.ask(get("/is_over")).body


def test_bytes_that_came_early_are_no_loss(s):
    """Whoever sends the next request with it cannot have both."""
    client = s.connect()
    client.send(get("/echo?stop") + get("/look"))
    assert client.answer().status == 500
    assert "still wait in the server" in s.log()


def test_time_ends_it(own_server):
    s = own_server(app="_socket_app:app", request_timeout=1)
    client = s.connect()
    client.send(get("/waits"))
    assert client.rest() == b"HTTP/1.0 200 OK\r\n\r\n"
    # Another thread, where there is one, raises the error in this one.
    s.wait_log(r"it read b''|\] greencorn\.RequestTimeout")


def test_a_stop_ends_it(own_server):
    s = own_server(app="_socket_app:app", graceful_timeout=1)
    client = s.connect()
    client.send(get("/waits"))
    assert client._until(b"\r\n\r\n") == b"HTTP/1.0 200 OK"
    s.kill(signal.SIGTERM)
    assert client.rest() == b""
    assert s.stop() == 0
