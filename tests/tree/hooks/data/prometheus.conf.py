# prometheus_client in multi-process mode: each worker writes files, the master
# serves their sum on a port of its own and forgets workers that are gone.
import glob
import os

from prometheus_client import CollectorRegistry, multiprocess
from prometheus_client import start_http_server

workers = 2
metrics_dir = os.environ["PROMETHEUS_MULTIPROC_DIR"]


def on_starting(server):
    os.makedirs(metrics_dir, exist_ok=True)
    for left in glob.glob(os.path.join(metrics_dir, "*.db")):
        os.unlink(left)


def when_ready(server):
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
    port = int(os.environ["METRICS_PORT"])
    start_http_server(port, addr="127.0.0.1", registry=registry)
    server.log.info("metrics at port %d", port)


def child_exit(server, worker):
    multiprocess.mark_process_dead(worker.pid)
    server.log.info("forgot %d", worker.pid)
