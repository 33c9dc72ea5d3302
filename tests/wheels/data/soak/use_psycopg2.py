"""Quoting, parsing and a refused connection."""
import psycopg2
from psycopg2 import extensions

assert psycopg2.__libpq_version__ >= 150000
assert extensions.parse_dsn("host=a dbname='b c'") == \
    {"host": "a", "dbname": "b c"}
array = extensions.adapt([1, 2, 3]).getquoted()
assert array == b"ARRAY[1,2,3]", array
assert extensions.DATE("2026-01-02", None).day == 2
try:
    psycopg2.connect("host=127.0.0.1 port=1 connect_timeout=3")
except psycopg2.OperationalError as e:
    assert "refused" in str(e), e
else:
    raise AssertionError("a server answered on port 1")
