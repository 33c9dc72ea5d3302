"""Arrow arrays computed on, to Parquet and IPC and back, from memory."""
import os

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import ipc, parquet

table = pa.table({"n": list(range(10000)), "s": ["ä", None] * 5000})
assert pc.sum(table["n"]).as_py() == 49995000
assert table.group_by("s").aggregate([("n", "count")]).num_rows == 2
out = pa.BufferOutputStream()
parquet.write_table(table, out, compression="zstd")
again = parquet.read_table(pa.BufferReader(out.getvalue()))
assert again.equals(table)
out = pa.BufferOutputStream()
with ipc.new_stream(out, table.schema) as writer:
    writer.write_table(table)
assert ipc.open_stream(out.getvalue()).read_all().equals(table)
print("ok", flush=True)
os._exit(0)  # its threads may hang at exit, on every platform
