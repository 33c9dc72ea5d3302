"""The dirty application of the bench: that of Gunicorn's dirty benchmark (see
tests/tree/dirty/data), with calls that do nothing and bytes of any size."""

import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                             "..", "tree", "dirty", "data"))

from dirty_bench_app import BenchmarkApp  # noqa: E402

BLOB = bytes(range(256)) * 4096


class App(BenchmarkApp):
    def empty(self):
        return None

    def blob(self, size):
        return BLOB[:size]

    def size(self, data):
        return len(data)

    def chunks(self, n, size):
        data = "x" * size
        for _ in range(n):
            yield data
