"""The callers of the dirty bench: a WSGI application, so that calls are made
from where users make them. The query says what is called, how often and by
how many threads; the answer is JSON."""

import json
import threading
import time
from urllib.parse import parse_qsl

from gunicorn.dirty import get_dirty_client

APP = "dirty_app:App"
TIMEOUT = 120


def _call(client, action, args):
    """How many bytes or chunks went over; raises when the answer is wrong."""
    if action == "chunks":
        n, size = args
        got = [len(c) for c in client.stream(APP, action, n, size)]
        if got != [size] * n:
            raise ValueError("not these chunks")
        return n
    if action == "size":
        data = b"x" * args[0]
        if client.execute(APP, action, data) != len(data):
            raise ValueError("not its size")
        return len(data)
    result = client.execute(APP, action, *args)
    if action == "blob":
        if len(result) != args[0]:
            raise ValueError("not this blob")
        return len(result)
    wanted = {"sleep_task": "slept_ms", "cpu_task": "target_ms",
              "mixed_task": "sleep_ms", "payload_task": "size"}
    if action in wanted and result[wanted[action]] != args[0]:
        raise ValueError("not this call's answer")
    return 1


def run(action, args, requests, concurrency):
    times, failures, units = [], [], [0] * concurrency
    lock = threading.Lock()
    left = iter(range(requests))
    ready = threading.Barrier(concurrency + 1)

    def work(me):
        client = get_dirty_client(TIMEOUT)
        mine, failed = [], []
        ready.wait()
        while True:
            with lock:
                if next(left, None) is None:
                    break
            began = time.perf_counter()
            try:
                units[me] += _call(client, action, args)
                mine.append(time.perf_counter() - began)
            except Exception as e:
                failed.append(f"{type(e).__name__}: {e}")
        with lock:
            times.extend(mine)
            failures.extend(failed)

    threads = [threading.Thread(target=work, args=(i,))
               for i in range(concurrency)]
    for t in threads:
        t.start()
    ready.wait()
    began = time.perf_counter()
    for t in threads:
        t.join()
    seconds = time.perf_counter() - began
    times.sort()

    def at(part):
        return times[int(part * (len(times) - 1))] if times else None

    return {"seconds": seconds, "calls": len(times), "units": sum(units),
            "p50": at(.5), "p99": at(.99), "failed": len(failures),
            "why": failures[0][:200] if failures else None}


def app(environ, start_response):
    query = dict(parse_qsl(environ["QUERY_STRING"]))
    body = json.dumps(run(
        query["action"], json.loads(query["args"]), int(query["requests"]),
        int(query["concurrency"])) if query else {}).encode()
    start_response("200 OK", [("Content-Type", "application/json"),
                              ("Content-Length", str(len(body)))])
    return [body]
