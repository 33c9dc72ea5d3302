"""SQL over made rows, a window, a date and a pandas frame."""
import datetime

import duckdb
import pandas

db = duckdb.connect()
db.execute("create table cobs as select range n, range % 3 f from range(9000)")
assert db.execute("select f, sum(n) from cobs group by f order by f"
                  ).fetchall()[2] == (2, 13501500)
assert db.execute("select count(*) from (select n, row_number() over "
                  "(partition by f order by n) r from cobs) where r <= 10"
                  ).fetchone() == (30,)
assert db.execute("select ?::date + interval 1 day", ["2026-02-28"]
                  ).fetchone() == (datetime.datetime(2026, 3, 1),)
frame = pandas.DataFrame({"x": [1, 2, 3]})
assert db.execute("select sum(x) from frame").fetchone() == (6,)
try:
    db.execute("select nothing")
except duckdb.BinderException:
    pass
else:
    raise AssertionError("an unknown column was found")
