"""A table grouped, joined, resampled, written as CSV and read again."""
import io

import pandas

days = pandas.date_range("2026-03-28", periods=96, freq="h",
                         tz="Europe/Berlin")
table = pandas.DataFrame({"when": days, "field": ["a", "b"] * 48,
                          "grains": range(96)})
assert table.groupby("field")["grains"].sum().to_dict() == \
    {"a": 2256, "b": 2304}
assert table.set_index("when").resample("D")["grains"].count().iloc[1] == 23
names = pandas.DataFrame({"field": ["a", "b"], "name": ["north", "south"]})
joined = table.merge(names, on="field")
assert (joined["name"] == "south").sum() == 48
text = io.StringIO(joined.to_csv(index=False))
again = pandas.read_csv(text, parse_dates=["when"])
assert again["grains"].sum() == 4560
assert again.pivot_table(index="field", values="grains").loc["a"].item() == 47
