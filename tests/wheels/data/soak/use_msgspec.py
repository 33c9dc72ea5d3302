"""Structs checked from JSON, MessagePack and back."""
import msgspec


class Cob(msgspec.Struct):
    grains: int
    name: str = "corn"


cobs = [Cob(n) for n in range(1000)]
for form in (msgspec.json, msgspec.msgpack):
    assert form.decode(form.encode(cobs), type=list[Cob]) == cobs
try:
    msgspec.json.decode(b'{"grains": "x"}', type=Cob)
except msgspec.ValidationError as e:
    assert "$.grains" in str(e), e
else:
    raise AssertionError("a bad value was taken")
