"""The shapes of load that the bench measures, and what is aimed at."""

from dataclasses import dataclass, field

HELLO = b"GET / HTTP/1.1\r\nHost: bench.example\r\n\r\n"
CLOSE = b"GET / HTTP/1.1\r\nHost: bench.example\r\nConnection: close\r\n\r\n"
# What a browser sends with a click: fourteen header fields.
BROWSER = b"\r\n".join([
    b"GET /shop/items?page=2&sort=price HTTP/1.1",
    b"Host: bench.example",
    b"Connection: keep-alive",
    b'sec-ch-ua: "Chromium";v="126", "Not/A)Brand";v="24"',
    b"sec-ch-ua-mobile: ?0",
    b'sec-ch-ua-platform: "Linux"',
    b"Upgrade-Insecure-Requests: 1",
    b"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 "
    b"(KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    b"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,"
    b"image/avif,image/webp,*/*;q=0.8",
    b"Sec-Fetch-Site: same-origin",
    b"Sec-Fetch-Mode: navigate",
    b"Sec-Fetch-Dest: document",
    b"Accept-Encoding: gzip, deflate, br, zstd",
    b"Accept-Language: en-GB,en;q=0.9,de;q=0.7",
    b"Cookie: session=eyJ1c2VyIjoxN30.Zm9v.c2lnbmF0dXJlLW9mLXRoZS1zZXNzaW9u; "
    b"theme=dark",
    b"", b""])


def post(size):
    return (b"POST /upload HTTP/1.1\r\nHost: bench.example\r\n"
            b"Content-Type: application/octet-stream\r\n"
            b"Content-Length: %d\r\n\r\n" % size) + b"u" * size


@dataclass
class Shape:
    name: str
    title: str
    app: str  # of apps.py
    request: bytes
    body: int  # bytes of the answer
    connections: tuple = (64,)
    load: list = field(default_factory=list)  # further options of load
    idle: int = 0  # connections held beside
    floor: str = None  # floor-c's word, "-": a floor cannot do it
    aims: dict = field(default_factory=dict)  # class: (factor, of what)


_SMALL = (1, 64)


def _aims(factor, of="Python floor", threads=None):
    return {"sync": (factor, of), "gthread": (threads or factor, of)}


SHAPES = [
    Shape("hello", "hello", "hello", HELLO, 13, _SMALL,
          aims=_aims(1.05, threads=1.1)),
    Shape("browser", "a browser's 14 headers", "hello", BROWSER, 13, _SMALL,
          aims=_aims(1.0)),
    Shape("json", "JSON, 1 KB", "json", HELLO, 1024, _SMALL,
          aims=_aims(1.05)),
    Shape("post10k", "POST 10 KB, echoed", "echo", post(10_000), 10_000,
          _SMALL, floor="echo", aims=_aims(1.2)),
    Shape("post100k", "POST 100 KB, echoed", "echo", post(100_000), 100_000,
          floor="echo", aims=_aims(1.2)),
    Shape("100k", "100 KB answers", "blob_100k", HELLO, 100_000,
          aims=_aims(1.1, "C floor")),
    Shape("1m", "1 MB answers", "blob_1m", HELLO, 1_000_000, (8,),
          aims=_aims(1.1, "C floor")),
    Shape("10m", "10 MB answers", "blob_10m", HELLO, 10_000_000, (8,),
          aims=_aims(1.1, "C floor")),
    Shape("close", "hello, a connection each", "hello", CLOSE, 13,
          load=["-x"], aims=_aims(1.0, "nginx")),
    Shape("pipelined", "hello, 16 pipelined", "hello", HELLO, 13,
          load=["-p", "16"]),
    Shape("idle", "hello, 10,000 idle connections held", "hello", HELLO, 13,
          idle=10_000, aims=_aims(1.05, "Python floor", 1.1)),
    Shape("sleep", "an application that sleeps 2 ms", "sleep", HELLO, 13,
          floor="-"),
]
