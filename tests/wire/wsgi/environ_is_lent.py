"""environ is lent: what one request did to it is not seen by the next."""

import pytest

import _lend_app


@pytest.fixture
def client(server):
    return server(app="_lend_app:app").connect()


def get(client, target, *fields):
    lines = [f"GET {target} HTTP/1.1", "Host: here", *fields, "", ""]
    return client.ask("\r\n".join(lines).encode())


def until_lent(client):
    """Requests until two in a row have one environ: then it is lent."""
    last = None
    for _ in range(200):
        now = get(client, "/id").body
        if now == last:
            return
        last = now
    raise AssertionError("no environ is ever given twice")


@pytest.mark.parametrize("deed", _lend_app.DEEDS)
def test_the_next_one_is_untouched(server, deed):
    s = server(app="_lend_app:app")
    client = s.connect()
    until_lent(client)
    before = get(client, "/show").body
    for _ in range(3):
        answer = get(client, f"/?{deed}")
        assert answer.status == (500 if deed == "fail" else 200)
        if answer.field("Connection") == "close":
            client = s.connect()
            until_lent(client)
            before = get(client, "/show").body
        assert get(client, "/show").body == before
        until_lent(client)


def test_what_was_kept_stays_as_it_was(client):
    for n in range(100):
        get(client, f"/?keep{'_view' if n % 7 == 0 else ''}", f"X-N: {n}",
            f"Cookie: n={n}")
    assert get(client, "/kept").body == b"True"


def test_secrets_are_each_request_s_own(client):
    for n in range(100):
        body = get(client, "/show", f"Cookie: n={n}",
                   f"Authorization: Basic {n}").body
        assert b"HTTP_COOKIE='n=%d'\n" % n in body
        assert b"HTTP_AUTHORIZATION='Basic %d'\n" % n in body


def test_values_are_each_request_s_own(server):
    s = server(app="_lend_app:app")
    clients = [s.connect() for _ in range(3)]
    for n in range(100):
        for i, client in enumerate(clients):
            port = client.socket.getsockname()[1]
            body = get(client, "/show",
                       f"X-N: {n}", f"User-Agent: {i}.{n // 2}").body
            assert b"REMOTE_PORT='%d'\n" % port in body
            assert b"HTTP_USER_AGENT='%d.%d'\n" % (i, n // 2) in body
            assert b"HTTP_X_N='%d'\n" % n in body
