"""The configuration file of Gunicorn's dirty benchmark, by its description."""

workers = 4
worker_class = "gthread"
threads = 4
worker_connections = 1000
dirty_apps = ["benchmarks.dirty_bench_app:BenchmarkApp"]
dirty_workers = 4
dirty_threads = 1
dirty_timeout = 300
dirty_graceful_timeout = 30
accesslog = errorlog = "-"
loglevel = "info"
timeout = 120
graceful_timeout = 30
keepalive = 2


def on_dirty_starting(arbiter):
    print(f"starting {arbiter.pid}", flush=True)


def dirty_post_fork(arbiter, worker):
    print(f"forked {worker.pid}", flush=True)


def dirty_worker_init(worker):
    print(f"initialised {worker.pid} {list(worker.apps.keys())}", flush=True)


def dirty_worker_exit(arbiter, worker):
    print(f"exited {worker.pid}", flush=True)
