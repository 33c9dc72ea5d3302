"""What we accept, independent parsers accept too, and see the same in it.

Only in this direction: we are stricter on purpose. A request of which two
parsers in a chain see different things is how requests are smuggled.
"""
import re

import pytest

import _h1_view
from _h1_view import N, View


@pytest.fixture(scope="session")
def parser(tmp_path_factory):
    return _h1_view.Parser(tmp_path_factory.mktemp("view"))


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
def test_what_we_accept_others_see_alike(parser, other, explained):
    n_accepted, different = 0, []
    for data in _h1_view.mutations(N, 9112):
        mine = parser.read(data)[1]
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
