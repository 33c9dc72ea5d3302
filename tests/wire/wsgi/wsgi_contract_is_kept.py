"""PEP 3333 by the letter: files, write(), exc_info, close(), wsgi.input."""

import re
import socket

import pytest

DATA = bytes(range(256)) * 64


def get(path, version="1.1", method="GET"):
    return f"{method} {path} HTTP/{version}\r\nHost: a\r\n\r\n".encode()


def post(path, body, chunked):
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\n"
    if not chunked:
        head += f"Content-Length: {len(body)}\r\n\r\n"
        return head.encode() + body
    head += "Transfer-Encoding: chunked\r\n\r\n"
    parts = [body[i:i + 7] for i in range(0, len(body), 7)]
    return head.encode() + b"".join(
        b"%x\r\n%s\r\n" % (len(p), p) for p in parts) + b"0\r\n\r\n"


@pytest.fixture(params=["sync", "gthread"])
def contract(server, request):
    threads = {"gthread": {"threads": 2}}.get(request.param, {})
    s = server(app="_wsgi_contract:app", **threads)
    noted(s)
    return s


def noted(s):
    return s.connect().ask(get("/noted")).body.decode().split("\n")


# --- wsgi.file_wrapper ---

@pytest.mark.parametrize("first, last", [(0, 0), (100, 8000),
                                         (16383, 16383), (0, 16383)])
@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_ranges_of_a_file(contract, first, last, version):
    client = contract.connect()
    answer = client.ask(get(f"/range_of_file?{first},{last}", version))
    assert answer.status == 206
    assert answer.field("Content-Length") == str(last - first + 1)
    assert answer.body == DATA[first:last + 1]
    if version == "1.1":
        assert client.ask(get("/software")).status == 200


@pytest.mark.parametrize("path, body", [
    ("/read_ahead", DATA[10:]),
    ("/pipe", b"through a pipe"),
    ("/only_read", b"x" * 2500),
    ("/closable", b"y"),
    ("/wrapped", b"UPPER"),
    ("/after_write", b"written, then a file"),
])
@pytest.mark.parametrize("validated", ["", "/validated"])
def test_what_is_like_a_file(contract, path, body, validated):
    client = contract.connect()
    for _ in range(2):
        assert client.ask(get(validated + path)).body == body


def test_a_file_is_read_by_blocks_and_closed(contract):
    contract.connect().ask(get("/only_read"))
    assert noted(contract) == ["read 1000"] * 4
    contract.connect().ask(get("/closable"))
    assert noted(contract) == ["read 10", "read 10", "file closed"]
    contract.connect().ask(get("/wrapped"))
    assert noted(contract)[-1] == "result closed"


def test_a_file_that_ends_early_is_an_answer_cut(contract):
    client = contract.connect()
    client.send(get("/too_short"))
    assert client.rest().endswith(b"\r\n\r\nfewer")
    contract.wait_log("too_short")


def test_a_file_that_cannot_be_read(contract):
    assert contract.connect().ask(get("/broken_file")).status == 500
    assert noted(contract) == ["file closed"]
    contract.wait_log("the disk is gone")


# --- write and start_response ---

@pytest.mark.parametrize("n, size", [(0, 1), (1, 1), (10, 1000),
                                     (100, 65536)])
@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_writes(contract, n, size, version):
    answer = contract.connect().ask(get(f"/writes?{n},{size}", version))
    assert answer.body == b"".join(b"%d" % (i % 10) * size
                                   for i in range(n))


@pytest.mark.parametrize("path, status, body, note", [
    ("/write_with_length", 200, b"0123456789", ""),
    ("/write_no_bytes", 200, b"went on", "TypeError"),
    ("/write_late", 200, b"in time", "RuntimeError"),
    ("/twice", 200, b"once", "AssertionError"),
    ("/replaced", 500, b"replaced", ""),
    ("/replaced_by_name", 500, b"named", ""),
    ("/in_the_first_step", 200, b"from a generator", ""),
])
def test_start_response_and_write(contract, path, status, body, note):
    answer = contract.connect().ask(get(path))
    assert (answer.status, answer.body) == (status, body)
    assert answer.field("X-First") is None
    assert noted(contract) == [note]


MEBI = 1 << 20


def until_noted(s, what):
    seen = []

    def look():
        seen.extend(noted(s))
        return what in seen
    s.until(look, what)


@pytest.mark.parametrize("joins", [1, 0])
@pytest.mark.parametrize("n", [1, 3])
def test_threads_of_the_application_write(contract, n, joins):
    """More than the kernel takes: they wait for the client."""
    client = contract.connect()
    client.send(get(f"/thread_writes?{n},{8 * MEBI},{joins}"))
    head = client.socket.recv(10, socket.MSG_PEEK)
    assert head == b"HTTP/1.1 2"
    if not joins:  # none can get to an end before the client reads
        contract.wait_log(f"returns while {n} threads write")
    body = client.answer().body
    whole = [l * (8 * MEBI) for l in (b"A", b"B", b"C")[:n]]
    if joins:
        assert len(body) == n * 8 * MEBI
        assert {body[i:i + 8 * MEBI]
                for i in range(0, len(body), 8 * MEBI)} == set(whole)
    else:  # what had begun when the call returned is sent, no more
        assert body in whole
    assert client.ask(get("/software")).status == 200
    until_noted(contract, "written")


def test_a_thread_that_writes_when_the_client_goes(contract):
    client = contract.connect()
    client.send(get(f"/thread_writes?1,{8 * MEBI},1"))
    client.socket.recv(10)
    client.reset()
    until_noted(contract, "BrokenPipeError")


def test_a_thread_that_writes_when_the_call_fails(contract):
    client = contract.connect()
    client.send(get(f"/thread_writes?1,{8 * MEBI},0", method="DELETE"))
    contract.wait_log("while a thread writes")
    until_noted(contract, "RuntimeError")
    rest = client.rest()
    assert rest.startswith(b"HTTP/1.1 200")
    assert len(rest) < 8 * MEBI


def test_a_thread_that_reads_when_the_call_returns(contract):
    client = contract.connect()
    client.send(b"POST /thread_reads HTTP/1.1\r\nHost: a\r\n"
                b"Content-Length: 9000000\r\n\r\nx" + b"y" * 140000)
    assert client.answer().body == b"early"
    until_noted(contract, "RuntimeError")


@pytest.mark.parametrize("function", ["early_hints", "start_response"])
def test_fields_that_come_when_the_call_is_over(contract, function):
    """They are no other request's, although its call may be the same."""
    client = contract.connect()
    assert client.ask(get(f"/late_fields?{function}")).body == b"begun"
    client.send(get("/late_fields_come"))
    assert client.socket.recv(12, socket.MSG_PEEK) == b"HTTP/1.1 200"
    assert client.answer().body == b"its own"
    until_noted(contract, "RuntimeError")


def test_two_threads_start_the_answer(contract):
    client = contract.connect()
    assert client.ask(get("/both_start")).body == b"one of them"
    assert sorted(noted(contract)) == ["AssertionError", "taken"]


def test_exc_info_after_the_head_raises_and_cuts(contract):
    client = contract.connect()
    client.send(get("/too_late"))
    rest = client.rest()
    assert rest.startswith(b"HTTP/1.1 200 OK") and b"begun" in rest
    assert not rest.endswith(b"0\r\n\r\n")
    assert noted(contract) == ["raised again: the first"]
    contract.wait_log("KeyError: 'the first'")


# --- close() ---

@pytest.mark.parametrize("path, status, body, note", [
    ("/generator", 200, b"ab", "generator closed"),
    ("/list_that_closes", 200, b"a list", "list closed"),
    ("/raises", 500, None, "result closed"),
    ("/close_raises", 200, b"complete", "close raises"),
    ("/more_than_length", 200, b"abc", "result closed"),
])
def test_results_are_closed(contract, path, status, body, note):
    answer = contract.connect().ask(get(path))
    assert answer.status == status
    assert body is None or answer.body == body
    contract.until(lambda: noted(contract) == [note], "close()")


def test_closed_although_nobody_asked_for_a_body(contract):
    client = contract.connect()
    client.ask(get("/endless", method="HEAD"), True)
    assert noted(contract) == ["endless closed"]


def test_closed_when_the_client_is_gone(contract):
    client = contract.connect()
    client.send(get("/endless"))
    assert client.socket.recv(10)
    client.reset()
    contract.until(lambda: noted(contract) == ["endless closed"], "close()")


# --- wsgi.input ---

BODY = b"first\nsecond line\n\nfourth, without an end"


@pytest.mark.parametrize("calls, results", [
    ("read", [BODY]),
    ("read:-1;read;read:5", [BODY, b"", b""]),
    ("read:None;readline;readlines;iterate", [BODY, b"", [], []]),
    ("read:0;read:3;read:4;read", [b"", BODY[:3], BODY[3:7], BODY[7:]]),
    ("readline;readline:3;readline:100;readline;readline:0;readline;readline",
     [b"first\n", b"sec", b"ond line\n", b"\n", b"",
      b"fourth, without an end", b""]),
    ("readlines", [BODY.splitlines(True)]),
    ("readlines:7;read", [BODY.splitlines(True)[:2],
                          b"\nfourth, without an end"]),
    ("iterate", [BODY.splitlines(True)]),
    ("readline:-1;iterate", [b"first\n", BODY.splitlines(True)[1:]]),
])
@pytest.mark.parametrize("chunked", [False, True])
def test_input(contract, calls, results, chunked):
    client = contract.connect()
    answer = client.ask(post(f"/reads?{calls}", BODY, chunked))
    assert answer.body.decode().split("\n") == [repr(r) for r in results]
    assert client.ask(get("/software")).status == 200


def test_input_of_a_request_without_a_body(contract):
    answer = contract.connect().ask(get("/reads?read;readline;readlines"))
    assert answer.body == b"b''\nb''\n[]"


def test_input_that_was_not_read(contract):
    client = contract.connect()
    for path in ("/software", "/generator"):
        assert client.ask(post(path, b"z" * 200000, False)).status == 200


@pytest.mark.parametrize("call", ["read:1", "readline", "readlines", "read:-1"])
def test_input_through_the_validator(contract, call):
    answer = contract.connect().ask(
        post(f"/validated/reads?{call}", b"v", False))
    assert b"v" in answer.body and answer.status == 200


def test_server_software(contract):
    body = contract.connect().ask(get("/validated/software")).body
    assert re.fullmatch(rb"greencorn/\d+\.\d+\.\d+", body)
