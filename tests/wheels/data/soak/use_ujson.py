"""JSON there and back."""
import ujson

data = {"a": [1, 2.5, None, True], "t": "käse \U0001f33d", "n": -2**63}
assert ujson.loads(ujson.dumps(data)) == data
assert ujson.dumps("/", escape_forward_slashes=False) == '"/"'
try:
    ujson.loads("[1,")
except ValueError:
    pass
else:
    raise AssertionError("broken JSON was taken")
