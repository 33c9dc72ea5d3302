"""What we accept, independent parsers accept too, and see the same in it.

Only in this direction: we are stricter on purpose. A request of which two
parsers in a chain see different things is how requests are smuggled.
"""
import ctypes
import functools
import os
import pathlib
import random
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = ["src/base/" + n for n in (
    "arena.c", "buf.c", "check.c", "civil.c", "clock.c", "error.c",
    "escape.c", "log.c", "num.c", "scan.c", "str.c")] + [
    "src/http/" + n for n in (
        "body.c", "http_field.c", "http_host.c", "http_policy.c",
        "request.c")] + ["src/proto/h1_head.c", "src/proto/h1_chunk.c",
                         "tests/conformance/_h1_view.c"]
OUT_SIZE = 1 << 20
N = 500000 if os.environ.get("SOAK") else 20000

SEEDS = [
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /a/b?c=d HTTP/1.1\r\nHost: a:80\r\nUser-Agent: x y\r\n"
    b"Accept: text/html, */*;q=0.8\r\nConnection: keep-alive\r\n\r\n",
    b"HEAD http://a/x HTTP/1.1\r\nHost: a\r\nX-Empty:\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.0\r\n\r\n",
    b"POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET ",
    b"POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    b"POST /p HTTP/1.0\r\nContent-Length: 5\r\n\r\nhe",
    b"PUT /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\nA;x=y\r\n0123456789\r\n0\r\n\r\nGET ",
    b"PUT /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"1;a;b=\"c\"\r\nx\r\n0\r\nX-Trailer: y\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
]
PIECES = [b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b",", b";", b"0", b"5",
          b"\x00", b"\x0b", b"\x80", b"\xff", b"\x7f", b'"', b"\\", b"_",
          b"chunked", b"Content-Length: 5\r\n", b"Content-Length: 3\r\n",
          b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding:\r\n",
          b"Host: b\r\n", b"Connection: close\r\n", b"0\r\n\r\n", b"a" * 20,
          b"0x", b"-", b"+", b"HTTP/1.0", b"HTTP/1.1", b"/", b"?", b"#"]


@pytest.fixture(scope="session")
def view(tmp_path_factory):
    lib = tmp_path_factory.mktemp("view") / "h1_view.so"
    subprocess.run(["cc", "-std=gnu11", "-D_GNU_SOURCE", "-O1", "-fPIC",
                    "-shared", "-Isrc", "-o", lib, *SOURCES],
                   cwd=ROOT, check=True, timeout=120)
    call = ctypes.CDLL(str(lib)).h1_view
    call.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p,
                     ctypes.c_size_t, ctypes.POINTER(ctypes.c_size_t),
                     ctypes.POINTER(ctypes.c_size_t)]
    return functools.partial(ours, call, ctypes.create_string_buffer(OUT_SIZE))


class View:
    """A request as a parser saw it. complete: with all of its body."""

    def __init__(self, method, target, version, fields, body, complete, rest):
        self.method, self.target, self.version = method, target, version
        self.fields = [self.field(n.lower(), v) for n, v in fields]
        self.body, self.complete, self.rest = body, complete, rest

    @staticmethod
    def field(name, value):
        # llhttp leaves the blanks behind a value to its caller; h11 gives
        # codings in lower case.
        value = value.strip(b" \t")
        return name, (value.lower() if name == b"transfer-encoding"
                      else value)

    def key(self):
        return (self.method, self.target, self.version, self.fields,
                self.body, self.complete, self.rest if self.complete else 0)


def ours(call, out, data):
    """A View, or None: refused, or more of the head is wanted."""
    out_len, rest_len = ctypes.c_size_t(), ctypes.c_size_t()
    status = call(data, len(data), out, OUT_SIZE, out_len, rest_len)
    if status not in (100, 200):
        assert status == 0 or 400 <= status <= 505
        return None
    head, body = out.raw[:out_len.value].split(b"\n\n", 1)
    method, target, version, *lines = head.split(b"\n")
    fields = [tuple(line.split(b":", 1)) for line in lines]
    return View(method, target, version, fields, body, status == 200,
                rest_len.value)


def by_h11(data):
    h11 = pytest.importorskip("h11")
    conn = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
    body, request = b"", None
    try:
        conn.receive_data(data)
        while True:
            event = conn.next_event()
            if isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            else:
                break
    except h11.RemoteProtocolError:
        return None
    if request is None:
        return None
    done = isinstance(event, h11.EndOfMessage)
    return View(request.method, request.target, request.http_version,
                request.headers.raw_items(), body, done,
                len(conn.trailing_data[0]) if done else 0)


class Llhttp:
    def __init__(self):
        self.fields, self.url, self.body = [], b"", b""
        self.head, self.done = False, False

    def on_url(self, url):
        self.url += url

    def on_header(self, name, value):
        if not self.head:  # trailers come here as well
            self.fields.append((name, value))

    def on_headers_complete(self):
        self.head = True

    def on_body(self, body):
        self.body += body

    def on_message_complete(self):
        self.done = True


def by_llhttp(data):
    httptools = pytest.importorskip("httptools")
    seen = Llhttp()
    parser = httptools.HttpRequestParser(seen)
    try:
        # Byte by byte, so that it can be stopped behind the first request.
        used = 0
        while used < len(data) and not seen.done:
            parser.feed_data(data[used:used + 1])
            used += 1
    except httptools.HttpParserUpgrade:
        used += 1
        seen.done = True
    except httptools.HttpParserError:
        return None
    if not seen.head:
        return None
    return View(parser.get_method(), seen.url,
                parser.get_http_version().encode(), seen.fields, seen.body,
                seen.done, len(data) - used)


def mutations(n, seed):
    rnd = random.Random(seed)
    for base in SEEDS:
        yield base
    for _ in range(n):
        data = bytearray(rnd.choice(SEEDS))
        for _ in range(rnd.randrange(1, 4)):
            at = rnd.randrange(len(data) + 1)
            kind = rnd.randrange(4)
            if kind == 0:
                data[at:at] = rnd.choice(PIECES)
            elif kind == 1:
                data[at:at + 1] = rnd.choice(PIECES)
            elif kind == 2:
                del data[at:at + rnd.randrange(1, 6)]
            elif at < len(data):
                data[at] = rnd.randrange(256)
        yield bytes(data)


def blank_at_extension(data):
    """RFC 9112, 7.1.1: blanks may stand around the semicolon."""
    body = data.partition(b"\r\n\r\n")[2]
    return re.search(rb"[ \t];|;[ \t]", body) is not None


def explained_h11(data, mine):
    # It does not skip the empty line that RFC 9112 (2.2) lets come first.
    return data.startswith(b"\r\n") or blank_at_extension(data)


def explained_llhttp(data, mine):
    """What it refuses though it may be accepted."""
    return (mine.method not in (b"GET", b"HEAD", b"OPTIONS", b"POST", b"PUT")
            or blank_at_extension(data)
            # A tab is OWS as well as a space is.
            or re.search(rb"(?i)chunked[ ]*\t", data) is not None
            # A fragment is dropped, as Gunicorn does, wherever it begins.
            or re.match(rb"(?i)https?://[^/?#]*#", mine.target) is not None)


def same_fields(mine, other):
    """Host is replaced by an absolute target's (RFC 9112, 3.2.2)."""
    if mine.target[:4].lower() == b"http":
        drop = [(n, v) for n, v in mine.fields if n != b"host"]
        return drop == [(n, v) for n, v in other.fields if n != b"host"]
    return mine.fields == other.fields


@pytest.mark.parametrize("other, explained", [
    (by_h11, explained_h11), (by_llhttp, explained_llhttp)],
    ids=["h11", "llhttp"])
def test_what_we_accept_others_see_alike(view, other, explained):
    n_accepted, different = 0, []
    for data in mutations(N, 9112):
        mine = view(data)
        if mine is None:
            continue
        n_accepted += 1
        theirs = other(data)
        if theirs is None:
            if not explained(data, mine):
                different.append((data, mine.key(), None))
        elif not same_fields(mine, theirs) or (
                mine.method, mine.target, mine.version, mine.body,
                mine.complete) != (
                theirs.method, theirs.target, theirs.version, theirs.body,
                theirs.complete) or (
                mine.complete and mine.rest != theirs.rest):
            different.append((data, mine.key(), theirs.key()))
    assert not different, f"{len(different)}: {different[:5]}"
    assert n_accepted > N / 10
