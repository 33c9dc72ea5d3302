"""Maps and lists that do not change, from Rust."""
import rpds

one = rpds.HashTrieMap({"a": 1})
two = one.insert("b", 2)
assert "b" not in one and dict(two.items()) == {"a": 1, "b": 2}
many = rpds.List(range(1000))
assert many.push_front(-1).first == -1 and len(list(many)) == 1000
try:
    one.remove("x")
except KeyError:
    pass
else:
    raise AssertionError("what was not there was removed")
