"""Eighteen of the largest in one process, each still doing its work."""
import importlib

NAMES = ["numpy", "scipy.linalg", "pandas", "pyarrow", "duckdb", "polars",
         "grpc", "lxml.etree", "PIL.Image", "cryptography.fernet", "orjson",
         "pydantic", "uvloop", "gevent", "psycopg", "curl_cffi",
         "tokenizers", "granian"]
loaded = {name: importlib.import_module(name) for name in NAMES}
assert len(loaded) == 18

numpy, polars = loaded["numpy"], loaded["polars"]
assert loaded["scipy.linalg"].det(numpy.eye(3) * 2) == 8
frame = polars.from_arrow(loaded["pyarrow"].table({"a": [1, 2, 3]}))
assert loaded["duckdb"].sql("select sum(a) from frame").fetchall() == [(6,)]
assert loaded["orjson"].dumps(loaded["pandas"].Series([1]).tolist()) == b"[1]"
try:
    raise KeyError("after all of them")
except KeyError:
    pass
print("ok", flush=True)
__import__("os")._exit(0)  # some of their threads do not end
