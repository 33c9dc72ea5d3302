"""The uwsgi protocol: a request as variables, an answer as HTTP/1."""

import re
import socket
import struct

import pytest

USUAL = {
    "REQUEST_METHOD": "GET", "PATH_INFO": "/fields", "QUERY_STRING": "",
    "REQUEST_URI": "/fields", "SERVER_PROTOCOL": "HTTP/1.1",
    "CONTENT_LENGTH": "", "CONTENT_TYPE": "", "HTTP_HOST": "a",
    "REMOTE_ADDR": "203.0.113.7", "REMOTE_PORT": "5000",
    "SERVER_NAME": "front.example", "SERVER_PORT": "8443",
}


def word(text):
    data = text if isinstance(text, bytes) else text.encode("latin-1")
    return struct.pack("<H", len(data)) + data


def packed(variables, modifiers=(0, 0)):
    data = b"".join(word(k) + word(v) for k, v in variables)
    return struct.pack("<BHB", modifiers[0], len(data), modifiers[1]) + data


def uwsgi(body=b"", **changes):
    """The usual variables, changed; None takes one away."""
    variables = {**USUAL, **changes}
    if body:
        variables["CONTENT_LENGTH"] = str(len(body))
    return packed([(k, v) for k, v in variables.items() if v is not None]) + \
        body


def seen(answer):
    assert answer.status == 200
    return dict(line.split("=", 1)
                for line in answer.body.decode("latin-1").splitlines())


@pytest.fixture
def speak(server):
    def start(**settings):
        return server(protocol="uwsgi", **settings)
    return start


@pytest.fixture
def ask(speak):
    def send(request, head_only=False, **settings):
        c = speak(**settings).connect()
        answer = c.ask(request, head_only)
        assert answer.field("Connection") == "close"
        assert answer.field("Transfer-Encoding") is None
        assert c.rest() == b""
        return answer
    return send


def test_environ(ask):
    env = seen(ask(uwsgi(QUERY_STRING="a=%20b", HTTP_X_Y="z",
                         CONTENT_TYPE="text/x", HTTP_COOKIE="c=1")))
    assert env["REQUEST_METHOD"] == "GET"
    assert env["PATH_INFO"] == "/fields"
    assert env["QUERY_STRING"] == "a=%20b"
    assert env["SERVER_PROTOCOL"] == "HTTP/1.1"
    assert env["REMOTE_ADDR"] == "203.0.113.7"
    assert env["HTTP_HOST"] == "a"
    assert env["HTTP_X_Y"] == "z"
    assert env["HTTP_COOKIE"] == "c=1"
    assert env["CONTENT_TYPE"] == "text/x"
    assert env["wsgi.url_scheme"] == "http"


def raw(ask, *names, **changes):
    """Some of environ, for a page that tells all."""
    env = ask(uwsgi(**{"PATH_INFO": "/", **changes}),
              app="_table_app:app").body
    return [re.search(rb'"%s": "((?:[^"\\]|\\.)*)"' % n.encode(), env)[1]
            for n in names]


def test_the_path_is_not_decoded_again(ask):
    assert raw(ask, "PATH_INFO", "RAW_URI", PATH_INFO="/a%41 \xe4",
               REQUEST_URI="/a%2541%20%e4?q") == \
        [b"/a%41 \\u00e4", b"/a%2541%20%e4?q"]


def test_script_name_is_the_front_ends(ask):
    assert raw(ask, "SCRIPT_NAME", "PATH_INFO", SCRIPT_NAME="/app",
               PATH_INFO="/x") == [b"/app", b"/x"]
    assert raw(ask, "SCRIPT_NAME", "PATH_INFO", SCRIPT_NAME="/app",
               PATH_INFO="") == [b"/app", b""]


def test_a_target_that_is_not_said(ask):
    assert raw(ask, "RAW_URI", REQUEST_URI=None, SCRIPT_NAME="/app",
               PATH_INFO="", QUERY_STRING="q") == [b"/app?q"]


def test_no_field_of_the_client_is_script_name(ask):
    assert raw(ask, "SCRIPT_NAME", "PATH_INFO", HTTP_SCRIPT_NAME="/app",
               PATH_INFO="/app/x") == [b"", b"/app/x"]


def test_ends_of_the_front_ends_connection(ask):
    names = "REMOTE_ADDR", "REMOTE_PORT", "SERVER_NAME", "SERVER_PORT"
    assert raw(ask, *names) == [b"203.0.113.7", b"5000", b"front.example",
                                b"8443"]
    for odd in "unix:", "", "10.0.0.0/8", "*", "x" * 46, "1.2.3", "::1%lo":
        assert raw(ask, "REMOTE_ADDR", REMOTE_ADDR=odd) == [b"127.0.0.1"]
    assert raw(ask, "REMOTE_ADDR", REMOTE_ADDR="2001:db8::1") == \
        [b"2001:db8::1"]
    assert raw(ask, "SERVER_NAME", SERVER_NAME="") == [b"127.0.0.1"]


@pytest.mark.parametrize("variables, scheme", [
    ({"HTTPS": "on"}, "https"), ({"HTTPS": "1"}, "https"),
    ({"HTTPS": "off"}, "http"), ({"HTTPS": ""}, "http"),
    ({"wsgi.url_scheme": "https"}, "https"),
    ({"HTTP_X_FORWARDED_PROTO": "https"}, "https"),
])
def test_the_scheme(ask, variables, scheme):
    assert seen(ask(uwsgi(**variables)))["wsgi.url_scheme"] == scheme


def test_the_fields_trust_goes_by_the_connection(ask):
    env = seen(ask(uwsgi(HTTP_X_FORWARDED_PROTO="https"),
                   forwarded_allow_ips="203.0.113.7"))
    assert env["wsgi.url_scheme"] == "http"


def test_versions(ask):
    for given, version in (("HTTP/1.0", "1.0"), ("HTTP/2.0", "1.1"),
                           (None, "1.0"), ("HTTP/3.0", "1.1")):
        assert seen(ask(uwsgi(SERVER_PROTOCOL=given)))["SERVER_PROTOCOL"] == \
            "HTTP/" + version


@pytest.mark.parametrize("size", [0, 1, 70000, 3_000_000])
def test_bodies_by_length(ask, size):
    body = b"b" * size
    answer = ask(uwsgi(body, REQUEST_METHOD="POST", PATH_INFO="/echo"))
    assert answer.body == body


def test_how_the_client_framed_its_body_is_no_matter(ask):
    answer = ask(uwsgi(b"hello", REQUEST_METHOD="POST", PATH_INFO="/echo",
                       HTTP_TRANSFER_ENCODING="chunked",
                       HTTP_CONTENT_LENGTH="77", HTTP_EXPECT="100-continue"))
    assert answer.body == b"hello"


def test_nothing_of_a_body_that_is_not_announced(ask):
    assert ask(uwsgi(PATH_INFO="/echo") + b"more").body == b""


def test_an_unread_body(speak):
    c = speak().connect()
    c.send(uwsgi(b"x" * 200000, REQUEST_METHOD="POST", PATH_INFO="/hello"))
    assert c.answer().body == b"hello\n"
    assert c.rest() == b""


def test_answers_without_a_length(ask):
    assert ask(uwsgi(PATH_INFO="/stream", QUERY_STRING="5")).body == b"s" * 5000


def test_answers_without_a_body(ask):
    assert ask(uwsgi(REQUEST_METHOD="HEAD", PATH_INFO="/hello"),
               head_only=True).field("Content-Length") == "6"
    for status in "204", "304":
        assert ask(uwsgi(PATH_INFO="/status",
                         QUERY_STRING=status)).status == int(status)


def test_no_answer_comes_before_the_answer(ask):
    answer = ask(uwsgi(PATH_INFO="/answer", QUERY_STRING="early=%3C%2Fa%3E"),
                 app="_table_app:app")
    assert answer.status == 200


def test_one_that_breaks_off_is_reset(speak):
    for _ in range(50):
        c = speak().connect()
        c.send(uwsgi(PATH_INFO="/breaks"))
        with pytest.raises(ConnectionResetError):
            c.rest()


BAD = {
    "modifier1": (packed([], modifiers=(5, 0)), 400),
    "HTTP": (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "key cut short": (struct.pack("<BHB", 0, 3, 0) + b"\5\0a", 400),
    "value missing": (struct.pack("<BHB", 0, 3, 0) + b"\1\0a", 400),
    "value cut short": (struct.pack("<BHB", 0, 6, 0) + b"\1\0a\2\0b", 400),
    "1001 variables": (packed([("X", "")] * 1001), 431),
    "method": (uwsgi(REQUEST_METHOD="G T"), 400),
    "method, unusual": (uwsgi(REQUEST_METHOD="get"), 400),
    "no method at all": (uwsgi(REQUEST_METHOD=""), 400),
    "path": (uwsgi(PATH_INFO="x"), 400),
    "query": (uwsgi(QUERY_STRING="a b"), 400),
    "target": (uwsgi(REQUEST_URI="/\r\n"), 400),
    "target too long": (uwsgi(REQUEST_URI="/" + "a" * 4094), 414),
    "no Host": (uwsgi(HTTP_HOST=None), 400),
    "two Hosts": (packed([*USUAL.items(), ("HTTP_HOST", "b")]), 400),
    "Host": (uwsgi(HTTP_HOST="a b"), 400),
    "variable twice": (packed([*USUAL.items(), ("PATH_INFO", "/")]), 400),
    "two lengths": (packed([*USUAL.items(), ("CONTENT_LENGTH", "1"),
                            ("CONTENT_LENGTH", "1")]), 400),
    "length": (uwsgi(CONTENT_LENGTH="+1"), 400),
    "field name": (uwsgi(**{"HTTP_A B": "x"}), 400),
    "no field name": (uwsgi(HTTP_="x"), 400),
    "field value": (uwsgi(HTTP_X="a\r\nb"), 400),
    "field too long": (uwsgi(HTTP_X="a" * 8190), 431),
    "fields": (packed([*USUAL.items()] + [("HTTP_X", "")] * 100), 431),
    "expectation": (uwsgi(HTTP_EXPECT="x"), 417),
    "schemes": (uwsgi(HTTP_X_FORWARDED_PROTO="https",
                      HTTP_X_FORWARDED_SSL="off"), 400),
    "two types": (packed([*USUAL.items(), ("CONTENT_TYPE", "a"),
                          ("CONTENT_TYPE", "b")]), 400),
}


@pytest.mark.parametrize("name", BAD)
def test_refused(ask, name):
    request, status = BAD[name]
    answer = ask(request)
    assert answer.status == status
    assert answer.field("Date") and answer.field("Content-Length")


def test_who_may_speak_it(speak):
    s = speak(uwsgi_allow_ips="127.0.0.2/31,10.0.0.0/8")
    assert s.connect("127.0.0.3").ask(uwsgi()).status == 200
    assert s.connect().ask(uwsgi()).status == 403
    s.wait_log("Invalid request from ip=127.0.0.1: it may not speak uwsgi")


def test_cut_at_each_byte(speak):
    s = speak()
    request = uwsgi(b"hello", REQUEST_METHOD="POST", PATH_INFO="/echo")
    for at in range(1, len(request)):
        c = s.connect()
        c.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        c.send(request[:at])
        assert s.connect().ask(uwsgi()).status == 200
        c.send(request[at:])
        assert c.answer().body == b"hello"
        c.close()


@pytest.mark.parametrize("n, status", [(3, 408), (50, 408), (0, None)])
def test_one_that_does_not_come_is_not_waited_for(speak, n, status):
    c = speak(header_timeout="1").connect()
    c.send(uwsgi()[:n])
    if status:
        assert c.answer().status == status
    assert c.rest() == b""


def test_behind_a_proxy_header(speak):
    s = speak(proxy_protocol="auto", uwsgi_allow_ips="203.0.113.9")
    header = b"PROXY TCP4 203.0.113.9 192.0.2.1 5000 80\r\n"
    assert seen(s.connect().ask(header + uwsgi()))["REMOTE_ADDR"] == \
        "203.0.113.7"
    assert s.connect().ask(uwsgi()).status == 403
