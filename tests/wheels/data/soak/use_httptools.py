"""A request parsed in pieces, and a URL."""
import httptools


class Seen:
    def __init__(self):
        self.headers, self.body, self.url = [], b"", b""

    def on_url(self, url):
        self.url += url

    def on_header(self, name, value):
        self.headers.append((name, value))

    def on_body(self, body):
        self.body += body


seen = Seen()
parser = httptools.HttpRequestParser(seen)
for byte in b"POST /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc":
    parser.feed_data(bytes([byte]))
assert (seen.url, seen.body) == (b"/a?b=c", b"abc")
assert dict(seen.headers)[b"Host"] == b"x"
assert parser.get_method() == b"POST"
assert httptools.parse_url(b"http://h:8/p?q").port == 8
