"""PROXY protocol: who the client is, said before its first request."""

import re
import socket
import struct

import pytest

GET = b"GET /fields HTTP/1.1\r\nHost: a\r\n\r\n"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
V4 = socket.inet_aton("203.0.113.7") + socket.inet_aton("192.0.2.1") + \
    struct.pack("!HH", 5000, 80)
V6 = socket.inet_pton(socket.AF_INET6, "2001:db8::7") * 2 + \
    struct.pack("!HH", 5000, 80)
TLV = b"\x05\0\x03abc"


def v2(command, family, addresses):
    return SIGNATURE + bytes([0x20 | command, family]) + \
        struct.pack("!H", len(addresses)) + addresses


V1_GOOD = {
    b"PROXY TCP4 203.0.113.7 192.0.2.1 5000 80\r\n": "203.0.113.7",
    b"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n":
        "255.255.255.255",
    b"PROXY TCP6 2001:DB8:0::7 ::1 0 80\r\n": "2001:db8::7",
    b"PROXY TCP6 ::ffff:203.0.113.7 ::1 1 80\r\n": "203.0.113.7",
    b"PROXY UNKNOWN\r\n": None,
    b"PROXY UNKNOWN ffff:: ffff:: 1 2 and more\r\n": None,
}
V2_GOOD = {
    v2(1, 0x11, V4): "203.0.113.7",
    v2(1, 0x11, V4 + TLV): "203.0.113.7",
    v2(1, 0x11, V4 + b"\0" * 4000): "203.0.113.7",
    v2(1, 0x21, V6): "2001:db8::7",
    v2(1, 0x00, b""): None,
    v2(1, 0x31, b"\0" * 216): None,
    v2(0, 0x11, V4): None,
    v2(0, 0x00, TLV): None,
}
V1_BAD = [
    b"PROXY TCP4 203.0.113.7 192.0.2.1 5000\r\n",
    b"PROXY TCP4 203.0.113.7 192.0.2.1 5000 80 \r\n",
    b"PROXY TCP4  203.0.113.7 192.0.2.1 5000 80\r\n",
    b"PROXY TCP4 203.0.113.7 192.0.2.1 5000 80\n",
    b"PROXY TCP4 203.0.113.7 192.0.2.1 65536 80\r\n",
    b"PROXY TCP4 203.0.113.7 192.0.2.1 05000 80\r\n",
    b"PROXY TCP4 203.0.113.7 192.0.2.1 -1 80\r\n",
    b"PROXY TCP4 203.0.113 192.0.2.1 5000 80\r\n",
    b"PROXY TCP4 2001:db8::7 ::1 5000 80\r\n",
    b"PROXY TCP6 203.0.113.7 192.0.2.1 5000 80\r\n",
    b"PROXY TCP6 fe80::1%lo ::1 5000 80\r\n",
    b"PROXY TCP6 [::1] ::1 5000 80\r\n",
    b"PROXY TCP5 203.0.113.7 192.0.2.1 5000 80\r\n",
    b"PROXY tcp4 203.0.113.7 192.0.2.1 5000 80\r\n",
    b"PROXY UNKNOWNX\r\n",
    b"PROXY \r\n",
    b"PROXY UNKNOWN " + b"x" * 93,
]
V2_BAD = [
    SIGNATURE + b"\x11\x11" + struct.pack("!H", 12) + V4,  # version 1
    v2(2, 0x11, V4),
    v2(1, 0x11, V4[:11]),
    v2(1, 0x21, V6[:35]),
    v2(1, 0x31, b"\0" * 215),
    v2(1, 0x12, V4),  # datagrams
    v2(1, 0x41, V4),
    SIGNATURE + b"\x21\x11\xff\xff",
]


def seen(answer):
    assert answer.status == 200
    return dict(line.split("=", 1)
                for line in answer.body.decode("latin-1").splitlines())


def check_cut_off(c):
    """No byte of an answer; a reset, if bytes were left unread."""
    try:
        assert c.rest() == b""
    except ConnectionResetError:
        pass


def versions(header):
    return ["auto", "v1" if header.startswith(b"PROXY") else "v2"]


@pytest.fixture
def front(server):
    return lambda setting, **more: server(
        proxy_protocol=setting, accesslog="-", **more)


@pytest.mark.parametrize("header", {**V1_GOOD, **V2_GOOD},
                         ids=lambda b: repr(b[:50]))
def test_the_address_is_the_clients(front, header):
    address = {**V1_GOOD, **V2_GOOD}[header]
    for setting in versions(header):
        s = front(setting)
        c = s.connect()
        assert seen(c.ask(header + GET))["REMOTE_ADDR"] == \
            (address or "127.0.0.1")
        assert seen(c.ask(GET))["REMOTE_ADDR"] == (address or "127.0.0.1")
        if address:
            s.wait_log(re.escape(address) + ' - - .*"GET /fields')


@pytest.mark.parametrize("header, front_end", [
    ([*V1_GOOD][0], ("TCP4", "192.0.2.1", "80")),
    ([*V1_GOOD][2], ("TCP6", "::1", "80")),
    ([*V2_GOOD][0], ("TCP4", "192.0.2.1", "80")),
    (v2(1, 0x21, V6), ("TCP6", "2001:db8::7", "80")),
    ([*V1_GOOD][4], (None, None, None)),
    (v2(0, 0x11, V4), (None, None, None)),
    (b"", (None, None, None)),
])
def test_what_it_connected_to(front, header, front_end):
    c = front("auto").connect()
    for request in header + GET, GET:
        got = seen(c.ask(request))
        assert tuple(map(got.get, ("PROXY_PROTOCOL", "PROXY_ADDR",
                                   "PROXY_PORT"))) == front_end


def test_no_request_has_what_another_ones_connection_said(front):
    s = front("auto")
    for header in [*V1_GOOD][0], b"":
        for _ in range(20):
            got = seen(s.connect().ask(header + GET))
            assert ("PROXY_ADDR" in got) == (header != b"")


@pytest.mark.parametrize("header", [*V1_GOOD][:2] + [*V2_GOOD][:1])
def test_cut_at_each_byte(front, header):
    address = {**V1_GOOD, **V2_GOOD}[header]
    s = front("auto")
    for at in range(1, len(header) + 20):
        c = s.connect()
        data = header + GET
        c.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        c.send(data[:at])
        assert seen(s.connect().ask(GET))["REMOTE_ADDR"] == "127.0.0.1"
        c.send(data[at:])
        assert seen(c.answer())["REMOTE_ADDR"] == address
        c.close()


@pytest.mark.parametrize("header", V1_BAD + V2_BAD, ids=lambda b: repr(b[:60]))
def test_what_is_malformed_ends_without_an_answer(front, header):
    for setting in versions(header):
        s = front(setting)
        c = s.connect()
        c.send(header)
        check_cut_off(c)
        s.wait_log("Refused connection from ip=127.0.0.1: "
                   "its PROXY header is malformed")


@pytest.mark.parametrize("header", [[*V1_GOOD][0], [*V2_GOOD][0]])
def test_who_may_not_say_so_is_cut_off(front, header):
    s = front("auto", proxy_allow_ips="10.0.0.0/8,127.0.0.2/31")
    c = s.connect()
    c.send(header + GET)
    check_cut_off(c)
    s.wait_log("Refused connection from ip=127.0.0.1: "
               "it may send no PROXY header")
    c = s.connect("127.0.0.3")
    assert seen(c.ask(header + GET))["REMOTE_ADDR"] == "203.0.113.7"


def test_without_a_header_it_is_served_as_it_is(front):
    for setting in "auto", "v1", "v2":
        c = front(setting).connect()
        assert seen(c.ask(b"\r\n" + GET))["REMOTE_ADDR"] == "127.0.0.1"
        assert front(setting).connect().ask(
            b"PROXX / HTTP/1.1\r\nHost: a\r\n\r\n").status == 200


def test_it_comes_once_and_first(front):
    header = [*V1_GOOD][0]
    c = front("auto").connect()
    assert c.ask(header + GET).status == 200
    assert c.ask(header + GET).status == 400
    assert front("auto").connect().ask(header + header + GET).status == 400


def test_the_other_version_is_no_header(front):
    assert front("v2").connect().ask([*V1_GOOD][0] + GET).status == 400
    assert front("v1").connect().ask([*V2_GOOD][0] + GET).status == 400


def test_off_it_is_none(server):
    for header in [*V1_GOOD][0], [*V2_GOOD][0]:
        assert server().connect().ask(header + GET).status == 400


def test_trust_goes_by_the_address_that_it_says(front):
    s = front("auto", forwarded_allow_ips="203.0.113.0/24")
    ask = b"GET /fields HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: https\r\n\r\n"
    assert seen(s.connect().ask(ask))["wsgi.url_scheme"] == "http"
    got = s.connect().ask([*V1_GOOD][0] + ask)
    assert seen(got)["wsgi.url_scheme"] == "https"
    got = s.connect().ask([*V1_GOOD][2] + ask)
    assert seen(got)["wsgi.url_scheme"] == "http"


@pytest.mark.parametrize("begun", [b"", b"PROXY TCP4 203", SIGNATURE[:5]])
def test_a_header_that_does_not_come_is_not_waited_for(front, begun):
    c = front("auto", header_timeout="1").connect()
    c.send(begun)
    check_cut_off(c)


@pytest.mark.parametrize("begun", [b"PROXY TCP4 203", SIGNATURE[:5]])
def test_a_client_that_leaves_within_it(front, begun):
    c = front("auto").connect()
    c.send(begun)
    c.end()
    check_cut_off(c)
