"""Our parser as a function of Python, and requests to try it with."""
import ctypes
import os
import pathlib
import random
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/wire/table"))
import _table  # noqa: E402
SOURCES = ["src/base/" + n for n in (
    "arena.c", "buf.c", "check.c", "civil.c", "clock.c", "error.c",
    "escape.c", "log.c", "num.c", "scan.c", "str.c", "zone.c")] + [
    "src/http/" + n for n in (
        "body.c", "http_field.c", "http_host.c", "http_policy.c",
        "request.c")] + ["src/proto/h1_head.c", "src/proto/h1_chunk.c",
                         "tests/conformance/_h1_view.c"]
OUT_SIZE = 1 << 20
N = 500000 if os.environ.get("SOAK") else 20000

# All that the wire tests send, but what is there for its length.
SEEDS = sorted({case.request for rule in _table.rules() for case in rule.cases
                if len(case.request) < 1000})
PIECES = [b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b",", b";", b"0", b"5",
          b"\x00", b"\x0b", b"\x80", b"\xff", b"\x7f", b'"', b"\\", b"_",
          b"chunked", b"Content-Length: 5\r\n", b"Content-Length: 3\r\n",
          b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding:\r\n",
          b"Host: b\r\n", b"Connection: close\r\n", b"0\r\n\r\n", b"a" * 20,
          b"0x", b"-", b"+", b"HTTP/1.0", b"HTTP/1.1", b"/", b"?", b"#"]


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

    def drop(self, part):
        """Leaves out what is not to be compared: "host" or "body"."""
        if part == "host":
            self.fields = [f for f in self.fields if f[0] != b"host"]
        else:
            self.body, self.complete, self.rest = b"", True, 0

    def key(self):
        return (self.method, self.target, self.version, self.fields,
                self.body, self.complete, self.rest if self.complete else 0)


class Parser:
    def __init__(self, folder):
        lib = folder / "h1_view.so"
        subprocess.run(["cc", "-std=gnu11", "-D_GNU_SOURCE", "-O1", "-fPIC",
                        "-shared", "-Isrc", "-o", lib, *SOURCES],
                       cwd=ROOT, check=True, timeout=120)
        self.call = ctypes.CDLL(str(lib)).h1_view
        size = ctypes.POINTER(ctypes.c_size_t)
        self.call.argtypes = [ctypes.c_char_p, ctypes.c_size_t,
                              ctypes.c_char_p, ctypes.c_size_t, size, size]
        self.out = ctypes.create_string_buffer(OUT_SIZE)

    def read(self, data):
        """(status, View), as _h1_view.c says; instead of a View the text of
        a refusal, or None when more of the head is wanted."""
        out_len, rest_len = ctypes.c_size_t(), ctypes.c_size_t()
        status = self.call(data, len(data), self.out, OUT_SIZE, out_len,
                           rest_len)
        if status not in (100, 200):
            assert status == 0 or 400 <= status <= 505
            return status, self.out.raw[:out_len.value].decode() or None
        head, body = self.out.raw[:out_len.value].split(b"\n\n", 1)
        method, target, version, *lines = head.split(b"\n")
        fields = [tuple(line.split(b":", 1)) for line in lines]
        return status, View(method, target, version, fields, body,
                            status == 200, rest_len.value)


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
