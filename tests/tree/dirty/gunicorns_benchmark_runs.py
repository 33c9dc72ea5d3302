"""Gunicorn's dirty benchmark (application, configuration file and WSGI
application, written anew from their description) runs unchanged: its
integrated part over HTTP, its isolated part as callers of the dirty arbiter
alone, shortened."""

import json
import pathlib
import threading
import time

DATA = pathlib.Path(__file__).parent / "data"
NAME = "benchmarks.dirty_bench_app:BenchmarkApp"


def start(serve, tmp_path):
    folder = tmp_path / "benchmarks"
    folder.mkdir()
    for name in ("app", "gunicorn", "wsgi"):
        source = DATA / f"dirty_bench_{name}.py"
        (folder / source.name).write_text(source.read_text())
    return serve("-c", "benchmarks/dirty_bench_gunicorn.py",
                 "benchmarks.dirty_bench_wsgi:app")


def test_integrated(serve, tmp_path):
    s = start(serve, tmp_path)

    def ask(path, status=200):
        answer = s.get(path)
        assert answer.status == status, answer.body
        return json.loads(answer.body)

    assert ask("/health") == {"status": "ok"}
    assert ask("/sleep?duration=5") == {"slept_ms": 5}
    assert ask("/cpu?duration=5")["target_ms"] == 5
    assert ask("/mixed?sleep=5&cpu=5")["total_ms"] >= 9
    assert ask("/payload?size=100000")["size"] == 100000
    assert ask("/reset") == {"reset": True}
    assert "call_count" in ask("/stats")
    assert ask("/none", 404) == {"error": "Unknown path: /none"}
    failed = ask("/sleep?app=no:App", 500)
    assert failed["type"] == "DirtyNoWorkersAvailableError"
    log = s.wait_log("initialised ", count=4)
    assert f"['{NAME}']" in log
    assert log.count("forked ") == 4 and log.count("\nstarting ") == 1
    s.signal("TERM")
    assert s.wait() == 0
    assert s.log.count("exited ") == 4


def test_isolated(serve, tmp_path, dirty_package):
    s = start(serve, tmp_path)
    s.wait_log("initialised ", count=4)
    client = dirty_package.DirtyClient(f"/tmp/gunicorn_dirty_{s.pid}.sock",
                                       timeout=60)
    failed = []

    def scenario(action, args, requests, concurrency):
        """Calls per second."""
        def run():
            for _ in range(requests // concurrency):
                try:
                    client.execute(NAME, action, *args)
                except dirty_package.DirtyError as e:
                    failed.append(e)

        threads = [threading.Thread(target=run) for _ in range(concurrency)]
        began = time.monotonic()
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        return requests / (time.monotonic() - began)

    assert scenario("sleep_task", (10,), 50, 1) > 20
    throughput = scenario("sleep_task", (10,), 1000, 100)
    overload = scenario("sleep_task", (10,), 600, 200)
    print(f"calls/s of the ideal 400: {throughput:.0f}, {overload:.0f}")
    scenario("cpu_task", (20,), 40, 20)
    scenario("mixed_task", (10, 10), 60, 30)
    for size in (100, 10000, 1000000):
        scenario("payload_task", (size,), 20, 5)
    assert not failed
    assert throughput > 100  # other things run on this machine, too
