"""Models that are checked, refused, dumped and described."""
import datetime
import uuid

import pydantic


class Item(pydantic.BaseModel):
    name: str = pydantic.Field(pattern=r"^[a-z]+$")
    price: float = pydantic.Field(gt=0)
    when: datetime.datetime
    id: uuid.UUID


class Order(pydantic.BaseModel):
    items: list[Item]


good = {"name": "corn", "price": "1.5", "when": "2026-01-02T03:04:05Z",
        "id": "12345678-1234-5678-1234-567812345678"}
order = Order.model_validate({"items": [good] * 1000})
assert order.items[999].price == 1.5
assert Order.model_validate_json(order.model_dump_json()) == order
assert "pattern" in str(Order.model_json_schema())
try:
    Order.model_validate({"items": [{**good, "name": "Corn", "price": -1}]})
except pydantic.ValidationError as e:
    assert e.error_count() == 2, e
else:
    raise AssertionError("a bad order was taken")
