"""Numbers, text, dates and numpy arrays, to JSON and back."""
import datetime
import json

import numpy
import orjson

data = {"n": list(range(1000)), "t": "käse \U0001f33d" * 100, "f": 1.5e-7,
        "none": None}
assert orjson.loads(orjson.dumps(data)) == json.loads(json.dumps(data))
when = datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc)
assert orjson.dumps(when, option=orjson.OPT_UTC_Z) == b'"2026-01-02T00:00:00Z"'
array = numpy.arange(6, dtype=numpy.float32).reshape(2, 3)
assert orjson.dumps(array, option=orjson.OPT_SERIALIZE_NUMPY) == \
    b"[[0.0,1.0,2.0],[3.0,4.0,5.0]]"
try:
    orjson.loads(b'{"a": nope}')
except orjson.JSONDecodeError as e:
    assert e.pos == 6, e.pos
else:
    raise AssertionError("broken JSON was taken")
