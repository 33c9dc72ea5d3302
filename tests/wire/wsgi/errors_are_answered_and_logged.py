"""What an application does wrong: the client's view, and the log's."""

import pytest


def get(path):
    return f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()


@pytest.mark.parametrize("path, text", [
    ("/raise_before", "RuntimeError: raised before the head"),
    ("/raw/bad_header", "control character"),
    ("/raw/long_head", "head is longer than a server may send"),
    ("/raw/none", "TypeError"),
    ("/raw/silent", "start_response"),
    ("/raw/text", "not bytes but str"),
])
def test_before_the_head(server, path, text):
    s = server(app="_wsgi_app:app")
    answer = s.connect().ask(get(path))
    assert answer.status == 500
    assert b"Traceback" not in answer.body and b"stolen" not in answer.head
    s.wait_log(rf"\[ERROR\] Error handling request {path}\n")
    s.wait_log(text)


def test_after_the_head_the_answer_is_cut(server):
    s = server(app="_wsgi_app:app")
    client = s.connect()
    client.send(get("/raw/raise_after"))
    with pytest.raises((AssertionError, ConnectionResetError, ValueError)):
        client.answer()
    s.wait_log("RuntimeError: raised after the head")


def test_the_worker_goes_on(server):
    s = server(app="_wsgi_app:app")
    before = s.connect().ask(get("/pid")).body
    s.connect().ask(get("/raise_before"))
    assert s.connect().ask(get("/pid")).body == before


def test_hop_by_hop_fields_are_the_servers(server):
    answer = server(app="_wsgi_app:app").connect().ask(get("/raw/hop_by_hop"))
    assert answer.status == 200 and answer.body == b"ok"
    assert answer.field("Transfer-Encoding") is None


def test_wsgi_errors_reaches_the_log(server):
    s = server(app="_wsgi_app:app")
    s.connect().ask(get("/errors"))
    s.wait_log("said to wsgi.errors")


def test_gunicorns_loggers_are_the_servers_log(server):
    s = server(app="_wsgi_app:app")
    assert s.connect().ask(get("/logs")).status == 200
    s.wait_log(r"\[\d+\] \[WARNING\] from the application\n")
    assert "a debug line" not in s.log()


def test_a_client_that_leaves_closes_the_result(server):
    s = server(app="_wsgi_app:app")
    before = int(s.connect().ask(get("/closings")).body)
    client = s.connect()
    client.send(get("/raw/endless"))
    assert client.socket.recv(10)
    client.reset()
    s.until(lambda: int(s.connect().ask(get("/closings")).body) > before,
            "close()")
