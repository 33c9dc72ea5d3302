"""Frames with a dictionary, in pieces and with threads."""
import os

import zstandard

data = b"green corn " * 100000 + os.urandom(1000)
made = zstandard.ZstdCompressor(level=10, threads=2).compress(data)
assert len(made) < 5000
assert zstandard.ZstdDecompressor().decompress(made) == data
samples = [b'{"cob": %d, "field": "north"}' % n for n in range(2000)]
shared = zstandard.train_dictionary(2048, samples)
small = zstandard.ZstdCompressor(dict_data=shared).compress(samples[7])
assert zstandard.ZstdDecompressor(dict_data=shared).decompress(small) == \
    samples[7]
