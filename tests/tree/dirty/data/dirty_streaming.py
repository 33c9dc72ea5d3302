"""Gunicorn's benchmark of dirty streams, by its description, through
DirtyClient alone (the original looks inside of arbiter and worker): streams
of several sizes, in threads and in asyncio, latencies, many at once, memory.

    python benchmarks/dirty_streaming.py --quick SOCKET
"""

import argparse
import asyncio
import json
import sys
import threading
import time

from gunicorn.dirty import DirtyApp
from gunicorn.dirty.client import DirtyClient

APP = "benchmarks.dirty_streaming:StreamApp"


class StreamApp(DirtyApp):
    def chunks(self, size, n):
        data = "x" * size
        for _ in range(n):
            yield data

    async def achunks(self, size, n):
        for _ in range(n):
            yield "x" * size

    def memory(self):
        """KiB."""
        with open("/proc/self/statm") as f:
            return int(f.read().split()[1]) * 4


def sync_stream(path, size, n, action="chunks"):
    client = DirtyClient(path, timeout=60.0)
    began = time.perf_counter()
    got = sum(len(c) for c in client.stream(APP, action, size, n))
    seconds = time.perf_counter() - began
    client.close()
    assert got == size * n, (got, size, n)
    return {"chunks_per_sec": n / seconds, "mb_per_sec": got / seconds / 1e6}


async def async_stream(path, size, n):
    client = DirtyClient(path, timeout=60.0)
    began = time.perf_counter()
    got = 0
    async for chunk in client.stream_async(APP, "achunks", size, n):
        got += len(chunk)
    seconds = time.perf_counter() - began
    await client.close_async()
    assert got == size * n
    return {"chunks_per_sec": n / seconds, "mb_per_sec": got / seconds / 1e6}


def latency(path, iterations):
    client = DirtyClient(path, timeout=60.0)
    first, whole = [], []
    for _ in range(iterations):
        began = time.perf_counter()
        stream = client.stream(APP, "chunks", 10, 3)
        next(stream)
        first.append(time.perf_counter() - began)
        assert len(list(stream)) == 2
        whole.append(time.perf_counter() - began)
    client.close()
    return {"first_chunk_ms": sorted(first)[iterations // 2] * 1000,
            "stream_ms": sorted(whole)[iterations // 2] * 1000}


def concurrent(path, streams, n):
    failed = []

    def one():
        try:
            sync_stream(path, 64, n)
        except Exception as e:
            failed.append(repr(e))

    threads = [threading.Thread(target=one) for _ in range(streams)]
    began = time.perf_counter()
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failed, failed[:3]
    return {"chunks_per_sec": streams * n / (time.perf_counter() - began)}


def memory(path, rounds, n):
    client = DirtyClient(path, timeout=60.0)
    sync_stream(path, 1024, n)
    before = client.execute(APP, "memory")
    for _ in range(rounds):
        sync_stream(path, 1024, n)
    after = client.execute(APP, "memory")
    client.close()
    return {"growth_kib": after - before}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--quick", action="store_true")
    p.add_argument("--full", action="store_true")
    p.add_argument("--output")
    p.add_argument("socket")
    args = p.parse_args()
    path, results = args.socket, {}
    sizes = (1, 64, 1024, 65536) if args.full else (64, 1024)
    n = 1000 if args.full or not args.quick else 200
    for size in sizes:
        results[f"stream_{size}"] = sync_stream(path, size, n)
    for many in (1000, 10000) if args.full else (1000,):
        results[f"forwarding_{many}"] = sync_stream(path, 64, many)
    results["latency"] = latency(path, 100 if args.full else 50)
    for streams in (10, 50) if args.full else (10,):
        results[f"concurrent_{streams}"] = concurrent(path, streams, 100)
    results["memory"] = memory(path, 20 if args.full else 5, n)
    for size in (64, 1024, 65536):
        results[f"sync_{size}"] = sync_stream(path, size, n)
        results[f"async_{size}"] = asyncio.run(async_stream(path, size, n))
    results["comparison"] = sync_stream(path, 64, 5000 if args.full else n)
    print(json.dumps(results))
    if args.output:
        with open(args.output, "w") as f:
            json.dump(results, f, indent=1)


if __name__ == "__main__":
    sys.exit(main())
