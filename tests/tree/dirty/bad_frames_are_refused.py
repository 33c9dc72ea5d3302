"""Whatever is written to the named address: an error for the call that it
was about, the connection's end at worst, and nothing for anybody else."""

import itertools
import json
import os
import random
import socket
import struct
import threading

import pytest

APP, ECHO = "apps:App", "echo"
TOO_LARGE = (64 << 20) + 1


def binary(payload, kind=1, number=7, size=None, version=1):
    return b"GD" + struct.pack(">BBIQ", version, kind,
                               len(payload) if size is None else size,
                               number) + payload


def text(payload, size=None):
    if not isinstance(payload, bytes):
        payload = json.dumps(payload).encode()
    return struct.pack(">I", len(payload) if size is None else size) + payload


class Talk:
    """A connection to the dirty arbiter, without a client's manners."""

    def __init__(self, server):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(server.caller().socket_path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, data):
        """As much as it takes: it may have ended the conversation."""
        try:
            self.sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def rest(self):
        """All that comes until the other side closes."""
        data = b""
        try:
            while more := self.sock.recv(65536):
                data += more
        except ConnectionResetError:
            pass
        return data

    def _exactly(self, n):
        data = b""
        while len(data) < n:
            more = self.sock.recv(n - len(data))
            assert more, f"closed after {data!r}"
            data += more
        return data

    def frame(self):
        """(type, id, payload) of a binary frame."""
        magic, version, kind, size, number = struct.unpack(
            ">2sBBIQ", self._exactly(16))
        assert (magic, version) == (b"GD", 1)
        return kind, number, self._exactly(size)

    def json_frame(self):
        return json.loads(self._exactly(
            struct.unpack(">I", self._exactly(4))[0]))


@pytest.fixture
def encode(dirty_package):
    return dirty_package.protocol.TLVEncoder.encode


@pytest.fixture
def decode(dirty_package):
    return dirty_package.protocol.TLVEncoder.decode_full


def request(*args, app=APP, action=ECHO, **more):
    return {"app_path": app, "action": action, "args": list(args),
            "kwargs": {}, **more}


def test_random_bytes(dirty, neighbours, holdings):
    s = dirty()
    s.caller().execute(APP, ECHO)
    held = holdings(s)
    chance = random.Random(25)
    with neighbours(s):
        for n in range(300):
            data = chance.randbytes(chance.randrange(1, 400))
            # Every other one looks like a frame at first.
            if n % 4 == 1:
                data = binary(data, chance.randrange(256))
            elif n % 4 == 3:
                data = text(data)
            with Talk(s) as t:
                t.send(data)
                t.sock.shutdown(socket.SHUT_WR)
                answer = t.rest()
                assert answer == b"" or b"Error" in answer
    held.returned()


def test_mutations_of_good_frames(dirty, neighbours, holdings, encode):
    s = dirty(dirty_threads=2)
    s.caller().execute(APP, ECHO)
    held = holdings(s)
    chance = random.Random(26)
    good = [binary(encode(request(1, "two", [3.5], {"four": b"5"}))),
            text({"type": "request", "id": "a", **request(1, "two")})]
    with neighbours(s):
        for n in range(400):
            data = bytearray(good[n % 2])
            for _ in range(chance.randrange(1, 5)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            with Talk(s) as t:
                t.send(bytes(data))
                t.send(good[n % 2])
                t.sock.shutdown(socket.SHUT_WR)
                t.rest()
    held.returned()


def test_frames_that_are_no_call(dirty, neighbours, encode, decode):
    """Each is answered with its own id; the connection may go on."""
    s = dirty()
    call = encode(request(1))
    with neighbours(s):
        for kind in (0, 2, 3, 4, 6, 0x0F, 0x10, 0x12, 0x20, 0x26, 0x7F, 0xFF):
            with Talk(s) as t:
                t.send(binary(call, kind, number=1000 + kind))
                got, number, payload = t.frame()
                assert (got, number) == (3, 1000 + kind)
                assert decode(payload)["error"]["message"]
        for kind in (5, 0x11):  # these have no payload
            with Talk(s) as t:
                t.send(binary(b"", kind, number=kind))
                assert t.frame()[:2] == (3, kind)
        for kind in ("response", "chunk", "status", "no", "", None, 5, []):
            with Talk(s) as t:
                t.send(text({"type": kind, "id": "me", **request(1)}))
                answer = t.json_frame()
                assert (answer["type"], answer["id"]) == ("error", "me")


def test_payloads_that_are_no_call(dirty, neighbours, encode, decode):
    s = dirty()
    deep = b""
    for _ in range(200):
        deep += b"\x20\0\0\0\1"
    argument = encode(request(None))
    bad = [
        b"\xff", b"\x21", b"\x21\0\0", encode([]), encode("x"), encode(None),
        encode({}), encode({"app_path": APP}), encode({"action": ECHO}),
        encode({"app_path": 1, "action": ECHO}),
        encode({"app_path": APP, "action": None}),
        encode(request()) + b"\0",
        encode(request())[:-1],
        b"\x21\xff\xff\xff\xff", b"\x20\xff\xff\xff\xff",
        b"\x21\0\0\0\1\x05" + bytes(8) + b"\0",       # its key is a number
        argument.replace(b"\x20\0\0\0\1\0", b"\x20\0\0\0\1\x99"),
        argument.replace(b"\x20\0\0\0\1\0", b"\x20\xff\xff\xff\xff\0"),
        argument.replace(b"\x20\0\0\0\1\0", b"\x20\0\0\0\1" + deep + b"\0"),
        argument.replace(b"\x20\0\0\0\1\0", b"\x20\0\0\0\1\x11\0\0\0\1\xff"),
        encode({**request(), "args": {}}), encode({**request(), "kwargs": []}),
        encode({**request(), "args": 5}), encode({**request(), "kwargs": 5}),
    ]
    with neighbours(s):
        for number, payload in enumerate(bad):
            with Talk(s) as t:
                t.send(binary(payload, number=number))
                kind, got, answer = t.frame()
                assert (kind, got) == (3, number), payload
                error = decode(answer)["error"]
                assert error["error_type"] == "DirtyProtocolError", error
        assert s.caller().execute(APP, ECHO, 1)["args"] == [1]


def test_json_that_is_no_call(dirty, neighbours):
    s = dirty()
    good = {"type": "request", "id": 1, **request(1)}
    bad = [b"{", b"[]", b"5", b'"x"', b"null", b"{}", b'{"type"', b"{,}",
           b"\xff\xfe", b"{" * 5000, b'{"a":' * 5000, b"[" * 100000,
           json.dumps(good).encode()[:-1],
           json.dumps({**good, "args": "[["}).encode().replace(
               b'"[["', b"[[[" * 5000),
           json.dumps({**good, "args": 1}).encode(),
           json.dumps({**good, "args": 1}).encode().replace(b": 1,", b": 1e,"),
           json.dumps({**good, "kwargs": 1}).encode(),
           json.dumps({**good, "action": 1}).encode(),
           json.dumps({**good, "app_path": 1}).encode(),
           json.dumps({**good, "app_path": ""}).encode(),
           json.dumps(good).encode() + b"x"]
    with neighbours(s):
        for payload in bad:
            with Talk(s) as t:
                t.send(text(payload))
                error = t.json_frame()["error"]
                assert error["error_type"] == "DirtyProtocolError", \
                    (payload[:60], error)
        # What Python's json reads beyond JSON is read.
        with Talk(s) as t:
            t.send(text({**good, **request(float("nan"), float("inf"))}))
            assert t.json_frame()["result"]["args"][1] == float("inf")


def test_names_may_be_escaped_in_json(dirty):
    """json.dumps writes what is not ASCII as escapes."""
    s = dirty(apps=["apps:Gr\u00f6\u00dfe"], source="""
from gunicorn.dirty import DirtyApp
class Gr\u00f6\u00dfe(DirtyApp):
    def ma\u00df(self):
        return 7
""")
    with Talk(s) as t:
        t.send(text({"type": "request", "id": 1, "args": [], "kwargs": {},
                     "app_path": "apps:Gr\u00f6\u00dfe",
                     "action": "ma\u00df"}))
        assert t.json_frame().get("result") == 7


def test_heads_of_more_than_may_come(dirty, neighbours, holdings, decode):
    s = dirty()
    s.caller().execute(APP, ECHO)
    held = holdings(s)
    with neighbours(s):
        for size in (TOO_LARGE, 1 << 31, 0xFFFFFFFF):
            with Talk(s) as t:
                t.send(binary(b"x" * 1000, size=size, number=size))
                kind, number, answer = t.frame()
                assert (kind, number) == (3, size)
                error = decode(answer)["error"]
                assert error["error_type"] == "DirtyProtocolError"
                assert f"too large: {size} " in error["message"]
                assert t.rest() == b""
        with Talk(s) as t:
            t.send(text(b"x" * 1000, size=TOO_LARGE))
            assert "too large" in t.json_frame()["error"]["message"]
            assert t.rest() == b""
        for data in (binary(b""), text(b""), text(b"x", size=0)):
            with Talk(s) as t:
                t.send(data)
                assert b"Empty message" in t.rest()
        for data in (binary(b"x", version=0), binary(b"x", version=2),
                     b"GE" + bytes(20), b"\x05" + bytes(20)):
            with Talk(s) as t:
                t.send(data)
                assert b"DirtyProtocolError" in t.rest()
    held.returned()


def test_the_largest_message_passes(dirty, holdings, dirty_package):
    """And what is larger by a byte is an error of its call alone."""
    s = dirty(source="""
from gunicorn.dirty import DirtyApp
class App(DirtyApp):
    def size(self, data):
        return len(data)
    def data(self, n):
        return bytes(n)
    def chunk(self, n):
        yield 1
        yield bytes(n)
""")
    c = s.caller(60)
    c.execute(APP, "size", b"")
    held = holdings(s)
    around = 200  # bytes of the message beside data
    limit = 64 << 20
    assert c.execute(APP, "size", bytes(limit - around)) == limit - around
    assert len(c.execute(APP, "data", limit - around)) == limit - around
    with pytest.raises(dirty_package.DirtyProtocolError, match="too large"):
        c.execute(APP, "size", bytes(limit))
    with pytest.raises(dirty_package.DirtyError, match="too large"):
        c.execute(APP, "data", limit)
    stream = c.stream(APP, "chunk", limit)
    assert next(stream) == 1
    with pytest.raises(dirty_package.DirtyError, match="too large"):
        next(stream)
    assert c.execute(APP, "size", b"12") == 2
    held.returned()


def test_halves(dirty, neighbours, holdings, encode):
    """Connections that begin to say something: closed, cut, or silent."""
    s = dirty()
    s.caller().execute(APP, ECHO)
    held = holdings(s)
    good = [binary(encode(request("x" * 50))),
            text({"type": "request", "id": "a", **request("x" * 50)})]
    silent = []
    with neighbours(s):
        for data in good:
            for n in range(len(data)):
                with Talk(s) as t:
                    t.send(data[:n])
                    if n % 3 == 1:
                        t.sock.shutdown(socket.SHUT_WR)
                        assert t.rest() == b""
        for data, n in itertools.product(good, (0, 1, 3, 4, 15, 16, 40)):
            t = Talk(s)
            t.send(data[:n])
            silent.append((t, data[n:]))
        t = Talk(s)
        t.send(binary(b"x" * 100000, size=64 << 20))
        silent.append((t, b""))
        assert s.caller().execute(APP, ECHO, 1)["args"] == [1]
        # A frame may come byte by byte.
        for t, rest in silent[:14]:
            for at in range(len(rest)):
                t.send(rest[at:at + 1])
            assert t.sock.recv(4)
        for t, _ in silent:
            t.sock.close()
    held.returned()


def test_ids_are_each_callers_own(dirty, encode, decode):
    """The same id from everybody, at once and one after another."""
    s = dirty(dirty_workers=2, dirty_threads=2)
    talks = [Talk(s) for _ in range(20)]
    for number in (0, 7, 2**64 - 1):
        for n, t in enumerate(talks):
            t.send(binary(encode(request(n)), number=number))
        for n, t in reversed(list(enumerate(talks))):
            kind, got, answer = t.frame()
            assert (kind, got) == (2, number)
            assert decode(answer)["result"]["args"] == [n]
    for name in (None, 0, -1, 1.5, "", "x" * 100, "\u00e4\"\\", [1], {"a": 1}):
        for n, t in enumerate(talks):
            t.send(text({"type": "request", "id": name, **request(n)}))
        for n, t in reversed(list(enumerate(talks))):
            answer = t.json_frame()
            assert answer["id"] == name
            assert answer["result"]["args"] == [n]
    with talks[0] as t:  # many at once: answered in their order
        t.send(b"".join(binary(encode(request(n)), number=5)
                        for n in range(100)))
        assert [decode(t.frame()[2])["result"]["args"][0]
                for _ in range(100)] == list(range(100))
    for t in talks:
        t.sock.close()


def test_a_client_takes_no_other_calls_answer(dirty_package, tmp_path):
    """Whoever answers under another id, or not as it should, is refused."""
    BinaryProtocol = dirty_package.protocol.BinaryProtocol
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(os.fspath(tmp_path / "arbiter"))
    listener.listen()
    c = dirty_package.DirtyClient(os.fspath(tmp_path / "arbiter"), timeout=5)

    def answering(answer):
        def run():
            conn, _ = listener.accept()
            with conn:
                asked = BinaryProtocol.read_message(conn)
                conn.sendall(answer(asked["id"]))
        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def response(number):
        return BinaryProtocol.encode(
            {"type": "response", "id": number, "result": 1})

    wrong = [lambda n: response(n + 1), lambda n: response(0),
             lambda n: b"GD\1\2\xff\xff\xff\xff" + bytes(8),
             lambda n: b"HTTP/1.1 400 Bad Request\r\n\r\n",
             lambda n: response(n)[:-1], lambda n: b"GD",
             lambda n: BinaryProtocol.encode({"type": "end", "id": n + 1})]
    for answer in wrong:
        for call in (lambda: c.execute(APP, ECHO),
                     lambda: next(c.stream(APP, ECHO))):
            thread = answering(answer)
            with pytest.raises((dirty_package.DirtyProtocolError,
                                dirty_package.DirtyConnectionError)):
                call()
            thread.join(5)
            assert not c._pool.idle()
    thread = answering(response)
    assert c.execute(APP, ECHO) == 1
    thread.join(5)
    c.close()
    listener.close()
