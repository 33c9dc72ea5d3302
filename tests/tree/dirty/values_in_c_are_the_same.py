"""What C says of a value Python says, too, and the other way round; damaged
bytes are refused by both, and a link's reader takes messages in any pieces."""

import os
import subprocess

BINARY = os.path.abspath(os.environ.get("GREENCORN", "build/out/greencorn"))

PROGRAM = '''
import random, socket, struct, sys, threading, time
import _greencorn_dirty as in_c
from gunicorn.dirty import protocol
from gunicorn.dirty.errors import DirtyProtocolError

seed = int(sys.argv[1])
seconds = float(sys.argv[2])
random.seed(seed)


def in_python(f, *args):
    protocol._in_c = None
    try:
        return f(*args)
    finally:
        protocol._in_c = in_c


def value(depth=0):
    kind = random.randrange(12 if depth < 5 else 9)
    if kind == 0:
        return random.choice([None, True, False])
    if kind == 1:
        return random.randrange(-2**63, 2**63)
    if kind == 2:
        return random.choice([0, -1, 1, 2**63 - 1, -2**63, 255])
    if kind == 3:
        return random.choice([0.0, -0.0, 1e300, float("inf"), random.random()])
    if kind == 4:
        return "".join(chr(random.choice([65, 0x7f, 0xe4, 0x20ac, 0x1f600]))
                       for _ in range(random.randrange(20)))
    if kind == 5:
        return "x" * random.choice([0, 1, 255, 20000, 70000])
    if kind in (6, 7):
        return random.randbytes(random.choice([0, 1, 200, 16383, 16384, 16385,
                                               66000, 200000]))
    if kind == 8:
        return random.randbytes(random.randrange(40))
    if kind == 9:
        return {random.choice(["a", "\\u00e4", "long" * 9]) + str(i):
                value(depth + 1) for i in range(random.randrange(4))}
    return [value(depth + 1) for _ in range(random.randrange(5))]


def outcome(f, *args):
    try:
        return "good", f(*args)
    except DirtyProtocolError:
        return "refused", None


def damaged(data):
    data = bytearray(data)
    for _ in range(random.randrange(1, 4)):
        if not data:
            break
        at = random.randrange(min(len(data), 60))
        what = random.randrange(4)
        if what == 0:
            data[at] = random.randrange(256)
        elif what == 1:
            del data[random.randrange(len(data)):]
        elif what == 2:
            data[at:at] = random.randbytes(random.randrange(1, 9))
        else:
            data[at:at + 1] = random.choice([b"\\x20\\0\\x0f\\0\\0", b"\\x10",
                                             b"\\x21\\xff\\xff\\xff\\xff"])
    return bytes(data)


end = time.monotonic() + seconds
rounds = 0
while time.monotonic() < end or rounds < 50:
    rounds += 1
    v = value()
    c = b"".join(in_c.pack(1, 2, 7, {"result": v}))
    p = b"".join(in_python(protocol.encode_parts, {
        "type": "response", "id": 7, "result": v}))
    assert c == p, (seed, v)
    assert in_c.unpack(c[16:]) == {"result": v}
    assert in_python(protocol.TLVEncoder.decode_full, p[16:]) == {"result": v}
    bad = damaged(c[16:])
    ours = outcome(in_c.unpack, bad)
    theirs = outcome(in_python, protocol.TLVEncoder.decode_full, bad)
    assert repr(ours) == repr(theirs), (seed, rounds, bad[:80], ours, theirs)

    # A reader, whatever the pieces; what is damaged is an error in its place.
    messages = [value() for _ in range(random.randrange(1, 8))]
    near, far = socket.socketpair()
    stream = b""
    for i, m in enumerate(messages):
        stream += b"".join(in_c.pack(2, 2, i, m))
        wrong = damaged(b"".join(in_c.pack(2, 4, i, m))[16:])
        stream += struct.pack("=IBBHQ", len(wrong), 4, 1, 0, i) + wrong
        stream += struct.pack("=IBBHQ", 8, 0x25, 1, 0, i) + bytes(8)

    def send():
        at = 0
        while at < len(stream):
            n = random.choice([1, 7, 16, 100, 5000, 70000, 1 << 20])
            near.sendall(stream[at:at + n])
            at += n
        near.close()
    t = threading.Thread(target=send)
    t.start()
    reader = in_c.Reader(far.fileno())
    got = []
    far.settimeout(10)
    while True:
        try:
            got += reader.read()
        except EOFError:
            break
    t.join()
    assert len(got) == 3 * len(messages), (seed, rounds)
    for i, m in enumerate(messages):
        assert got[3 * i][0] == 2 and got[3 * i][2] == i
        assert got[3 * i][4] == m, (seed, rounds)
        size, wrong = got[3 * i + 1][3:]
        assert got[3 * i + 2] == (0x25, 1, i, 8, bytes(8))
print(rounds)
'''


def play(seed, seconds):
    done = subprocess.run([BINARY, "python", "-c", PROGRAM, str(seed),
                           str(seconds)],
                          capture_output=True, text=True,
                          timeout=60 + 2 * seconds)
    assert done.returncode == 0, done.stderr[-2000:]
    return int(done.stdout)


def test_they_agree():
    seconds = 300 if os.environ.get("SOAK") else 3
    assert play(int.from_bytes(os.urandom(4)), seconds) >= 50


def test_what_is_not_a_value_is_named():
    done = subprocess.run([BINARY, "python", "-c", """
import _greencorn_dirty as d, array
from gunicorn.dirty.errors import DirtyProtocolError
deep = []
for _ in range(80): deep = [deep]
ring = []; ring.append(ring)
for bad, text in ((object(), "object"), ({1}, "set"), (1 << 63, "64 bits"),
                  (deep, "64 levels"), (ring, "64 levels"), (1j, "complex"),
                  ([None] * ((1 << 20) + 1), "items"),
                  (b"x" * ((64 << 20) + 1), "too large"),
                  (["x" * (40 << 20)] * 2, "too large"),
                  ({"a": {"b": range(3)}}, "range")):
    try:
        d.pack(2, 2, 1, bad)
        raise AssertionError(text)
    except DirtyProtocolError as e:
        assert text in e.message, e.message
view = memoryview(array.array("d", [1.5] * 5000))
assert b"".join(d.pack(2, 2, 1, view))[21:] == view.tobytes()
assert d.unpack(b"".join(d.pack(2, 2, 1, memoryview(b"1234")[::2]))[16:]) \\
    == b"13"
for wrong in (lambda: d.pack(0, 1, 1), lambda: d.pack(1), lambda:
              d.pack(2, 300, 1), lambda: d.pack("x", 1, 1), lambda: d.Reader()):
    try:
        wrong()
        raise AssertionError
    except (TypeError, ValueError):
        pass
try:
    d.knock()
    raise AssertionError
except ConnectionError:
    pass
assert d.address() is None
"""], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
