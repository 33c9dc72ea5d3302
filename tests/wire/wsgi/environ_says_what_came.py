"""environ, key by key."""

import ast


def environ(client, request):
    text = client.ask(request).body.decode()
    pairs = (line.split("=", 1) for line in text.splitlines())
    result = {}
    for key, value in pairs:
        try:
            result[key] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            result[key] = value
    return result


def test_a_request_with_everything(server, worker_class):
    s = server(app="_wsgi_app:app")
    e = environ(s.connect(), b"GET /environ_text?a=%20b HTTP/1.1\r\n"
                b"Host: example.org:81\r\nX-One: 1\r\nx-one: 2\r\n"
                b"Content-Type: text/x\r\nCookie: a=1\r\nCookie: b=2\r\n"
                b"X-Latin: caf\xe9\r\n\r\n")
    expected = {
        "REQUEST_METHOD": "GET", "SCRIPT_NAME": "",
        "PATH_INFO": "/environ_text", "QUERY_STRING": "a=%20b",
        "RAW_URI": "/environ_text?a=%20b", "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "127.0.0.1", "SERVER_PORT": str(s.address[1]),
        "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "example.org:81",
        "HTTP_X_ONE": "1,2", "CONTENT_TYPE": "text/x",
        "HTTP_COOKIE": "a=1; b=2", "HTTP_X_LATIN": "caf\xe9",
        "wsgi.url_scheme": "http", "wsgi.version": (1, 0),
        "wsgi.multithread": worker_class == "gthread",
        "wsgi.multiprocess": False,
        "wsgi.run_once": False, "wsgi.input_terminated": True,
    }
    assert {k: e.get(k) for k in expected} == expected
    assert e["SERVER_SOFTWARE"].startswith("greencorn/")
    assert int(e["REMOTE_PORT"]) > 0
    assert "HTTP_CONTENT_TYPE" not in e


def test_paths_are_decoded_once(server):
    client = server(app="_wsgi_app:app").connect()
    answer = client.ask(b"GET /environ%5ftext HTTP/1.1\r\nHost: a\r\n\r\n")
    assert b"PATH_INFO='/environ_text'\n" in answer.body
    assert b"RAW_URI='/environ%5ftext'\n" in answer.body


def test_nothing_of_the_last_request_is_left(server):
    client = server(app="_wsgi_app:app").connect()
    environ(client, b"GET /environ_text?first HTTP/1.1\r\nHost: one\r\n"
            b"X-First: 1\r\nCookie: secret\r\n\r\n")
    e = environ(client, b"GET /environ_text HTTP/1.1\r\nHost: two\r\n\r\n")
    assert e["QUERY_STRING"] == "" and e["HTTP_HOST"] == "two"
    assert "HTTP_X_FIRST" not in e and "HTTP_COOKIE" not in e


def test_unix_sockets(own_server, tmp_path):
    s = own_server(app="_wsgi_app:app", bind=f"unix:{tmp_path}/s")
    e = environ(s.connect(), b"GET /environ_text HTTP/1.1\r\n"
                b"Host: example.org:81\r\n\r\n")
    assert e["SERVER_NAME"] == "example.org" and e["SERVER_PORT"] == "81"
    assert e["REMOTE_ADDR"] == "" and "REMOTE_PORT" not in e


def test_workers_are_many(own_server):
    s = own_server(app="_wsgi_app:app", workers=2)
    e = environ(s.connect(), b"GET /environ_text HTTP/1.1\r\nHost: a\r\n\r\n")
    assert e["wsgi.multiprocess"] is True
