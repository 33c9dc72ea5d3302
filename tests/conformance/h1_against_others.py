"""What we accept, independent parsers accept too, and see the same in it.

We are stricter on purpose. A request of which two parsers in a chain see
different things is how requests are smuggled. Every difference is explained
in _differences.py.
"""
import pytest

import _h1_view
from _differences import H11, LLHTTP, SEEN_OTHERWISE, WE_ACCEPT, WE_REFUSE, \
    explained
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


OTHERS = {H11: by_h11, LLHTTP: by_llhttp}


@pytest.fixture(params=OTHERS)
def other(request):
    return request.param


def compare(other, data, mine):
    """What is not explained of a request that we accept, or nothing."""
    theirs = OTHERS[other](data)
    if theirs is None:
        return not explained(WE_ACCEPT, other, data, mine) and "they refuse"
    for part in explained(SEEN_OTHERWISE, other, data, mine):
        for view in mine, theirs:
            view.drop(part)
    return mine.key() != theirs.key() and theirs.key()


def test_what_we_accept_others_see_alike(parser, other):
    n_accepted, different = 0, []
    for data in _h1_view.mutations(N, 9112):
        status, mine = parser.read(data)
        if status not in (100, 200):
            continue
        n_accepted += 1
        difference = compare(other, data, mine)
        if difference:
            different.append((data, mine.key(), difference))
    assert not different, f"{len(different)}: {different[:5]}"
    assert n_accepted > N / 20


def test_what_we_refuse_is_refused_for_a_reason(parser, other):
    """Or by them as well: every refusal that is ours alone is in the table."""
    different = {}
    for data in _h1_view.mutations(N, 2616):
        status, text = parser.read(data)
        if status >= 400 and text not in WE_REFUSE and OTHERS[other](data):
            different.setdefault(text, data)
    assert not different
