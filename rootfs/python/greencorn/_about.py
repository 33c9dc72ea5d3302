"""greencorn version: what is inside, a line each."""

import ssl
import sqlite3
import sys
import zlib

import _greencorn_frozen


def lines():
    python = "%d.%d.%d" % sys.version_info[:3]
    openssl = ssl.OPENSSL_VERSION.split()[1]
    yield "greencorn", _greencorn_frozen.version
    yield "Python", python
    yield "OpenSSL", openssl
    if _greencorn_frozen.libc_version:
        yield "musl", _greencorn_frozen.libc_version
    yield "zlib", zlib.ZLIB_RUNTIME_VERSION
    yield "sqlite", sqlite3.sqlite_version


if __name__ == "__main__":
    for name, version in lines():
        print(name, version)
