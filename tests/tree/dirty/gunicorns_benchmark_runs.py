"""Gunicorn's dirty benchmark (application, configuration file and WSGI
application, written anew from their description) runs unchanged: its
integrated part over HTTP; its isolated part with a dirty arbiter of its own,
and its streams, through DirtyClient alone, on Gunicorn as well. Shortened."""

import json
import os
import pathlib
import subprocess

import pytest

BINARY = os.path.abspath(os.environ.get("GREENCORN", "build/out/greencorn"))
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


def benchmark(python, tmp_path, *args, program="dirty_benchmark.py"):
    """What it measured, by name; python may be words."""
    folder = tmp_path / "benchmarks"
    folder.mkdir(exist_ok=True)
    for source in DATA.glob("dirty_*.py"):
        (folder / source.name).write_text(source.read_text())
    out = tmp_path / "results.json"
    done = subprocess.run(
        [*python, f"benchmarks/{program}", f"--output={out}", *args],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(out.read_text())


@pytest.fixture(params=["greencorn", "25.0.0", None],
                ids=["greencorn", "Gunicorn 25.0.0", "newest Gunicorn"])
def python(request, gunicorn):
    if request.param == "greencorn":
        return [BINARY, "python"]
    return [gunicorn(request.param)]


def test_isolated(python, tmp_path):
    results = benchmark(python, tmp_path, "--isolated", "--payload-tests",
                        "--quick", "--workers=4", "--part=0.06")
    assert list(results) == [
        "quick", "baseline_10ms", "throughput_10ms", "cpu_bound_100ms",
        "io_bound_500ms", "mixed_50_50", "overload_10ms", "payload_100B",
        "payload_1KB", "payload_10KB", "payload_100KB", "payload_1MB"]
    for name, result in results.items():
        assert result["failed_requests"] == 0, (name, result)
        print(name, result["requests_per_sec"], result["latency_ms"])
    # The ideal is 400; other things run on this machine, too.
    assert results["throughput_10ms"]["requests_per_sec"] > 100


def test_sweep(tmp_path):
    results = benchmark([BINARY, "python"], tmp_path, "--config-sweep",
                        "--part=0.05")
    assert len(results) == 6
    # Threads are concurrent: their sleeps overlap.
    assert results["sweep_2w_4t"]["duration"] < \
        results["sweep_2w_1t"]["duration"]


def test_integrated_benchmark(serve, tmp_path):
    s = start(serve, tmp_path)
    results = benchmark([BINARY, "python"], tmp_path, "--integrated",
                        "--duration=1", f"--url=http://127.0.0.1:{s.port}")
    assert list(results) == ["integrated_sleep", "integrated_cpu",
                             "integrated_mixed"]
    for result in results.values():
        assert result["failed_requests"] == 0 < result["successful_requests"]


def test_streaming(serve, tmp_path, gunicorn):
    """The same program on Gunicorn's client and on ours."""
    folder = tmp_path / "benchmarks"
    folder.mkdir()
    program = DATA / "dirty_streaming.py"
    (folder / program.name).write_text(program.read_text())
    s = serve("--dirty-app=benchmarks.dirty_streaming:StreamApp",
              "--dirty-workers=2", "app:app")
    path = f"/tmp/gunicorn_dirty_{s.pid}.sock"
    for python in ([BINARY, "python"], [gunicorn("25.0.0")],
                   [gunicorn(None)]):
        results = benchmark(python, tmp_path, "--quick", path,
                            program=program.name)
        assert len(results) == 13
        assert results["memory"]["growth_kib"] < 4096
        print(json.dumps(results))
