"""A lazy query over many rows, with threads, and CSV from memory."""
import io

import polars

frame = polars.DataFrame({"n": range(100000),
                          "f": ["a", "b", "c", "d"] * 25000})
got = (frame.lazy().filter(polars.col("n") % 2 == 0).group_by("f")
       .agg(polars.col("n").sum()).sort("f").collect())
assert got["f"].to_list() == ["a", "c"]
assert got["n"].to_list() == [1249950000, 1250000000]
text = frame.head(3).write_csv()
assert polars.read_csv(io.StringIO(text)).equals(frame.head(3))
