"""Nothing but the binary in the root: time zones, certificates, names."""

import pytest

ZONE = """
import datetime, zoneinfo
t = datetime.datetime(2025, 7, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"))
print(t.isoformat())
"""


@pytest.mark.parametrize("zone, names", [
    ("Europe/Berlin", "CET CEST"), ("America/New_York", "EST EDT"),
    ("Asia/Kolkata", "IST IST"), (":Europe/Berlin", "CET CEST"),
    ("UTC", "UTC UTC"), ("CET-1CEST,M3.5.0,M10.5.0/3", "CET CEST"),
    ("No/Where", "UTC UTC"),
])
def test_tz(empty_root, zone, names):
    out = empty_root.python("-c", "import time; print(*time.tzname)",
                            env={"TZ": zone})
    if zone == "No/Where":
        assert len(out.split()) == 2  # libc's own answer; it must not crash
    else:
        assert out == names + "\n"


def test_tz_knows_the_past(empty_root):
    code = ("import time; print(time.localtime(0).tm_hour, "
            "time.localtime(1751320800).tm_hour, "
            "time.localtime(4102444800).tm_hour)")
    assert empty_root.python("-c", code, env={"TZ": "Europe/Berlin"}) == \
        "1 0 1\n"


def test_zoneinfo(empty_root):
    assert empty_root.python("-c", ZONE) == "2025-07-01T00:00:00+02:00\n"
    code = "import zoneinfo; print(len(zoneinfo.available_timezones()) > 400)"
    assert empty_root.python("-c", code) == "True\n"
    code = ("import zoneinfo\n"
            "try: zoneinfo.ZoneInfo('No/Where')\n"
            "except zoneinfo.ZoneInfoNotFoundError: print('not found')")
    assert empty_root.python("-c", code) == "not found\n"


def test_the_images_zone_wins(empty_root):
    berlin = "/usr/share/zoneinfo/Europe/Berlin"
    code = ("import importlib.resources as r, sys; sys.stdout.buffer.write("
            "r.files('tzdata.zoneinfo').joinpath('UTC').read_bytes())")
    data = empty_root.python("-c", code)
    empty_root.write(berlin, data)
    assert empty_root.python("-c", ZONE) == "2025-07-01T00:00:00+00:00\n"


def test_locale(empty_root):
    code = ("import locale; locale.setlocale(locale.LC_ALL, ''); "
            "print(locale.getpreferredencoding(), f'{1234.5:n}')")
    assert empty_root.python("-c", code) == "utf-8 1234.5\n"


def test_getaddrinfo(empty_root):
    code = ("import socket; "
            "print(socket.getaddrinfo('127.0.0.1', 80)[0][4], "
            "socket.getaddrinfo('::1', 80)[0][4][0])")
    assert empty_root.python("-c", code) == "('127.0.0.1', 80) ::1\n"
    # What every container engine brings.
    empty_root.write("/etc/hosts", "127.0.0.1 localhost\n")
    code = ("import socket; "
            "print(socket.getaddrinfo('localhost', 80)[0][4])")
    assert empty_root.python("-c", code) == "('127.0.0.1', 80)\n"


CERTIFICATES = ("import ssl; "
                "print(len(ssl.create_default_context().get_ca_certs()))")


def test_certificates_inside(empty_root):
    assert int(empty_root.python("-c", CERTIFICATES)) > 50


def test_the_images_certificates_win(empty_root):
    code = ("import importlib.resources as r; "
            "t = r.files('greencorn').joinpath('cacert.pem').read_text(); "
            "end = '-----END CERTIFICATE-----'; "
            "print(t[t.index('-----BEGIN'):t.index(end)] + end)")
    one = empty_root.python("-c", code)
    empty_root.write("/one.pem", one)
    env = {"SSL_CERT_FILE": "/one.pem"}
    assert empty_root.python("-c", CERTIFICATES, env=env) == "1\n"
    env = {"SSL_CERT_DIR": "/nowhere"}
    assert empty_root.python("-c", CERTIFICATES, env=env) == "0\n"
    empty_root.write("/etc/ssl/certs/ca-certificates.crt", one)
    assert empty_root.python("-c", CERTIFICATES) == "1\n"


def test_deep_recursion_in_a_thread(empty_root):
    code = """
import json, threading
done = []
def deep(n):
    return n and deep(n - 1)
def run():
    deep(900)
    text = "[" * 900 + "]" * 900
    done.append(json.dumps(json.loads(text)) == text)
t = threading.Thread(target=run)
t.start()
t.join()
print(done)
"""
    assert empty_root.python("-c", code) == "[True]\n"


def test_stdlib_that_needs_c_libraries(empty_root):
    code = """
import bz2, ctypes, hashlib, lzma, sqlite3, zlib
from ctypes.util import find_library
for m in (bz2, lzma, zlib):
    assert m.decompress(m.compress(b"x" * 1000)) == b"x" * 1000
assert hashlib.new("sha512_256", b"").hexdigest().startswith("c672b8d1ef56")
assert sqlite3.connect(":memory:").execute("select 6*7").fetchone() == (42,)
libc = ctypes.CDLL(find_library("c"))
assert libc.abs(-5) == 5
calls = []
compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int),
                           ctypes.POINTER(ctypes.c_int))(
    lambda a, b: calls.append(1) or a[0] - b[0])
numbers = (ctypes.c_int * 3)(3, 1, 2)
libc.qsort(numbers, 3, 4, compare)
assert list(numbers) == [1, 2, 3] and calls
assert ctypes.CDLL(find_library("z")).compressBound(100) > 100
assert find_library("nothing-like-it") is None
print("fine")
"""
    assert empty_root.python("-c", code) == "fine\n"


def test_closed_standard_streams(empty_root):
    code = "import os; os.write(9, b'here')"
    out = empty_root.run(
        ["/greencorn", "python", "-c",
         "import os, sys; os.dup2(1, 9); os.set_inheritable(9, True); "
         "os.close(0); os.close(1); os.close(2); "
         "os.execv(sys.executable, [sys.executable, '-c', sys.argv[1]])",
         code])
    assert out == "here"
