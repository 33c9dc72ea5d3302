"""Every C module of CPython 3.13 on Linux is in the binary."""

import pytest

# Left out, and said so in the README: _curses, _curses_panel, _dbm, _gdbm,
# _tkinter, _uuid, readline; and CPython's modules for testing itself.
EXPECTED = """
_abc _ast _asyncio _bisect _blake2 _bz2 _codecs _codecs_cn _codecs_hk
_codecs_iso2022 _codecs_jp _codecs_kr _codecs_tw _collections _contextvars
_csv _ctypes _datetime _decimal _elementtree _functools _hashlib _heapq _imp
_interpchannels _interpqueues _interpreters _io _json _locale _lsprof _lzma
_md5 _multibytecodec _multiprocessing _opcode _operator _pickle
_posixshmem _posixsubprocess _queue _random _sha1 _sha2 _sha3 _signal _socket
_sqlite3 _sre _ssl _stat _statistics _string _struct _suggestions _symtable
_sysconfig _thread _tokenize _tracemalloc _typing _warnings _weakref
_zoneinfo array atexit binascii builtins cmath errno faulthandler fcntl gc grp
itertools marshal math mmap posix pwd pyexpat resource select sys syslog
termios time unicodedata zlib
""".split()


@pytest.mark.parametrize("name", EXPECTED)
def test_imports(python, name):
    python("-I", "-c", f"import {name}")


def test_none_is_forgotten(python):
    """What is built in stands above, so that a lost module is noticed."""
    out = python("-I", "-c",
                 "import sys; print(*sys.builtin_module_names)")
    ours = {n for n in out.split() if not n.startswith("_greencorn")}
    testing = {n for n in ours if n.startswith(("_test", "xx", "_xx"))}
    assert ours - testing == set(EXPECTED)


def test_library_imports(python):
    """Each module of the library but those whose C part is left out."""
    code = """
import importlib, pkgutil, sys, warnings
warnings.simplefilter("ignore")
without = {"curses", "dbm.gnu", "dbm.ndbm", "antigravity", "this",
           "idlelib", "tkinter", "turtle", "turtledemo", "nturl2path",
           "msilib", "winreg", "readline", "pip"}
windows = {"asyncio.windows_events", "asyncio.windows_utils",
           "multiprocessing.popen_spawn_win32", "encodings.mbcs",
           "encodings.oem", "_winapi", "winsound", "ctypes.wintypes",
           "_ios_support", "_android_support", "_pyrepl"}
bad = []
for m in pkgutil.walk_packages([sys._stdlib_dir]):
    if m.name.split(".")[0] in without | windows or m.name in without | windows:
        continue
    if m.name.endswith("__main__"):
        continue
    try:
        importlib.import_module(m.name)
    except BaseException as e:
        bad.append((m.name, repr(e)))
print(bad)
"""
    assert python("-c", code) == "[]\n"
