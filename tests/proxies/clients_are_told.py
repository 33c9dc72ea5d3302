"""Who the client is: by the PROXY protocol, by uwsgi."""

import json

import pytest

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.mark.parametrize("source", ["127.0.0.1", "127.0.0.5", "127.1.2.3"])
def test_the_client_is_told(front, source):
    c = front.connect(source)
    port = str(c.socket.getsockname()[1])
    for _ in range(3):
        seen = json.loads(c.ask(GET).body)
        assert (seen["address"], seen["peer"]) == (source, port)


def test_clients_are_kept_apart(front):
    clients = {f"127.0.0.{i}": front.connect(f"127.0.0.{i}")
               for i in range(2, 40)}
    for c in clients.values():
        c.send(GET)
    for address, c in clients.items():
        assert json.loads(c.answer().body)["address"] == address


def test_bodies(front):
    body = bytes(range(256)) * 8000
    c = front.connect("127.0.0.5")
    seen = json.loads(c.ask(
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" %
        len(body) + body).body)
    assert (seen["body"], seen["address"]) == (len(body), "127.0.0.5")
