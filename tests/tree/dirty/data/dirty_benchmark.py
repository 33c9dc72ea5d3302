"""Gunicorn's dirty benchmark, by its description: a dirty arbiter of its own
and callers that are threads (the isolated modes), or HTTP (--integrated).

    python benchmarks/dirty_benchmark.py --isolated --workers 4

Prints a line for each scenario; --output FILE has them all as JSON. --part
0.1 makes a tenth of the requests, which the original cannot.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
import threading
import time
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from gunicorn.dirty.arbiter import DirtyArbiter  # noqa: E402
from gunicorn.dirty.client import DirtyClient  # noqa: E402

APP = "benchmarks.dirty_bench_app:BenchmarkApp"
# name: (action, arguments, requests, concurrency)
SCENARIOS = {
    "baseline_10ms": ("sleep_task", [10], 1000, 1),
    "throughput_10ms": ("sleep_task", [10], 5000, 100),
    "cpu_bound_100ms": ("cpu_task", [100], 500, 20),
    "io_bound_500ms": ("sleep_task", [500], 200, 50),
    "mixed_50_50": ("mixed_task", [50, 50], 500, 30),
    "overload_10ms": ("sleep_task", [10], 2000, 200),
}
SIZES = {"100B": 100, "1KB": 1 << 10, "10KB": 10 << 10, "100KB": 100 << 10,
         "1MB": 1 << 20}
SWEEP = [(1, 1), (2, 1), (4, 1), (2, 2), (2, 4), (4, 2)]
PATHS = {"sleep": "/sleep?duration=10", "cpu": "/cpu?duration=100",
         "mixed": "/mixed"}


class Config:
    """What a dirty arbiter that stands alone asks of its configuration."""

    env = {}
    uid, gid, initgroups = os.getuid(), os.getgid(), False
    proc_name = "dirty-benchmark"
    umask, worker_tmp_dir = 0, None
    dirty_timeout, dirty_graceful_timeout = 300, 30

    def __init__(self, workers, threads):
        self.dirty_apps = [APP]
        self.dirty_workers, self.dirty_threads = workers, threads

    def on_dirty_starting(self, arbiter):
        pass

    def dirty_post_fork(self, arbiter, worker):
        pass

    def dirty_worker_init(self, worker):
        pass

    def dirty_worker_exit(self, arbiter, worker):
        pass


class Log:
    def __init__(self, verbose):
        self.verbose = verbose

    def debug(self, text, *args):
        if self.verbose:
            print(text % args if args else text, file=sys.stderr)

    info = debug

    def error(self, text, *args):
        print(text % args if args else text, file=sys.stderr)

    warning = critical = exception = error

    def reopen_files(self):
        pass

    def close_on_exec(self):
        pass


class Isolated:
    """with Isolated(workers, threads, log) as run: run(scenario...)"""

    def __init__(self, workers, threads, log):
        self.cfg, self.log = Config(workers, threads), log

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="dirty-bench-")
        self.path = os.path.join(self.folder, "arbiter.sock")
        # Made here: Gunicorn's takes who makes it for its parent, and made in
        # the child, as the original does it, it ends after a second.
        arbiter = DirtyArbiter(self.cfg, self.log, socket_path=self.path)
        self.pid = os.fork()
        if self.pid == 0:
            try:
                arbiter.run()
            finally:
                os._exit(0)
        end = time.monotonic() + 10
        while not os.path.exists(self.path):
            if time.monotonic() > end:
                raise RuntimeError("its socket is not there")
            time.sleep(0.05)
        time.sleep(0.5)
        with DirtyClient(self.path, timeout=30.0) as client:
            for _ in range(10):
                client.execute(APP, "health")
        return self.run

    def __exit__(self, *_):
        os.kill(self.pid, signal.SIGTERM)
        os.waitpid(self.pid, 0)
        for name in os.listdir(self.folder):
            os.unlink(os.path.join(self.folder, name))
        os.rmdir(self.folder)

    def run(self, action, args, requests, concurrency):
        times, errors = [], []

        def work(n):
            client = DirtyClient(self.path, timeout=120.0)
            client.connect()
            for _ in range(n):
                began = time.perf_counter()
                try:
                    client.execute(APP, action, *args)
                    times.append(time.perf_counter() - began)
                except Exception as e:
                    errors.append(f"{type(e).__name__}: {e}")
                    client.close()
                    client = DirtyClient(self.path, timeout=120.0)
            client.close()

        return measured(work, requests, concurrency, times, errors)


def measured(work, requests, concurrency, times, errors):
    """work(n) in so many threads, each with its part of the requests."""
    each, rest = divmod(requests, concurrency)
    threads = [threading.Thread(target=work, args=(each + (i < rest),))
               for i in range(concurrency)]
    began = time.perf_counter()
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    seconds = time.perf_counter() - began
    times.sort()

    def at(part):
        return round(times[int(part * (len(times) - 1))] * 1000, 3)

    return {"total_requests": requests, "successful_requests": len(times),
            "failed_requests": len(errors), "errors": sorted(set(errors))[:5],
            "duration": round(seconds, 3),
            "requests_per_sec": round(len(times) / seconds, 1),
            "latency_ms": {"p50": at(.5), "p95": at(.95), "p99": at(.99)}
            if times else {}}


def integrated(url, duration, concurrency):
    """Requests over HTTP, for so many seconds each."""
    results = {}
    for name, path in PATHS.items():
        times, errors = [], []
        end = time.monotonic() + duration

        def work(_, path=path, end=end, times=times, errors=errors):
            while time.monotonic() < end:
                began = time.perf_counter()
                try:
                    with urllib.request.urlopen(url + path, timeout=60) as r:
                        json.load(r)
                    times.append(time.perf_counter() - began)
                except Exception as e:
                    errors.append(f"{type(e).__name__}: {e}")

        result = measured(work, concurrency, concurrency, times, errors)
        result["total_requests"] = len(times) + len(errors)
        results[f"integrated_{name}"] = result
    return results


def main():
    p = argparse.ArgumentParser()
    for flag in ("quick", "isolated", "payload-tests", "config-sweep",
                 "integrated"):
        p.add_argument("--" + flag, action="store_true")
    p.add_argument("--workers", type=int, default=2)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--duration", type=float, default=10)
    p.add_argument("--concurrency", type=int, default=10)
    p.add_argument("--requests", type=int, default=1000)
    p.add_argument("--url", default="http://127.0.0.1:8000")
    p.add_argument("--output", "-o")
    p.add_argument("--verbose", "-v", action="store_true")
    p.add_argument("--part", type=float, default=1)
    args = p.parse_args()
    log, results = Log(args.verbose), {}

    def note(name, result):
        results[name] = result
        print(f"{name}: {result['requests_per_sec']} calls/s, "
              f"{result['failed_requests']} failed, "
              f"{result['latency_ms']}", flush=True)

    def part(requests, concurrency):
        return max(concurrency, int(requests * args.part))

    if args.integrated:
        for name, result in integrated(args.url, args.duration,
                                       args.concurrency).items():
            note(name, result)
    if args.quick or args.isolated or args.payload_tests:
        with Isolated(args.workers, args.threads, log) as run:
            if args.quick:
                note("quick", run("sleep_task", [10], part(100, 10), 10))
            for name, (action, given, n, c) in SCENARIOS.items():
                if args.isolated:
                    note(name, run(action, given, part(n, c), c))
            for name, size in SIZES.items():
                n, c = size // 1024 + 1, max(5, 100 // (size // 1024 + 1))
                if args.payload_tests:
                    note(f"payload_{name}", run(
                        "payload_task", [size], part(max(100, 1000 // n), c),
                        c))
    for workers, threads in SWEEP if args.config_sweep else ():
        with Isolated(workers, threads, log) as run:
            note(f"sweep_{workers}w_{threads}t", run(
                "mixed_task", [20, 20], part(args.requests, 50), 50))
    if args.output:
        with open(args.output, "w") as f:
            json.dump(results, f, indent=1)
    return any(r["failed_requests"] for r in results.values())


if __name__ == "__main__":
    sys.exit(main())
