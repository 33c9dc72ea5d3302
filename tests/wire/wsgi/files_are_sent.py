"""wsgi.file_wrapper: whole files, from an offset, to slow readers."""

import time

import pytest


def get(path):
    return f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()


def content(size):
    return bytes(range(256)) * (size // 256)


@pytest.mark.parametrize("size, offset", [
    (0, 0), (256, 0), (256, 256), (65536, 1), (10 * 1024 * 1024, 12345),
])
def test_from_where_it_stands(server, size, offset):
    client = server(app="_wsgi_app:app").connect()
    for _ in range(2):
        answer = client.ask(get(f"/raw/file?{size},{offset}"))
        assert answer.body == content(size)[offset:]
        assert answer.field("Content-Length") == str(size - offset)


def test_a_slow_reader_gets_it_all(server):
    client = server(app="_wsgi_app:app").connect()
    size = 4 * 1024 * 1024
    client.send(get(f"/raw/file?{size},0"))
    time.sleep(0.2)  # let the socket fill up
    assert client.answer().body == content(size)


@pytest.mark.parametrize("setting, body", [
    ("true", b"by the kernel."), ("false", b"read by Python"),
])
def test_by_the_kernel_or_not(server, setting, body):
    client = server(app="_wsgi_contract:app", sendfile=setting).connect()
    answer = client.ask(get("/reads_other"))
    assert answer.body == body
    assert client.ask(get("/software")).status == 200


def test_head(server):
    client = server(app="_wsgi_app:app").connect()
    answer = client.ask(b"HEAD /raw/file?256,0 HTTP/1.1\r\nHost: a\r\n\r\n",
                        True)
    assert answer.status == 200
    assert client.ask(get("/hello")).body == b"hello"
