"""Values to and from PostgreSQL's forms by the C part, and no server."""
import datetime

import psycopg
from psycopg import pq
from psycopg.adapt import PyFormat, Transformer

assert pq.__impl__ == "binary", pq.__impl__
assert pq.version() >= 160000
change = Transformer()
dumper = change.get_dumper(datetime.date(2026, 1, 2), PyFormat.BINARY)
raw = dumper.dump(datetime.date(2026, 1, 2))
loader = change.get_loader(dumper.oid, pq.Format.BINARY)
assert loader.load(raw) == datetime.date(2026, 1, 2)
info = psycopg.conninfo.conninfo_to_dict("host=a port=5433 dbname='b c'")
assert info == {"host": "a", "port": "5433", "dbname": "b c"}
try:
    psycopg.connect("host=127.0.0.1 port=1 connect_timeout=3")
except psycopg.OperationalError as e:
    assert "refused" in str(e), e
else:
    raise AssertionError("a server answered on port 1")
