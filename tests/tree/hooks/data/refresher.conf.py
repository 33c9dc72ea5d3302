# A thread in each worker keeps something fresh; a worker that has grown, here
# one that has served enough, leaves after its request.
import threading

workers = 1
timeout = 30
graceful_timeout = 5


class Refresher(threading.Thread):
    def __init__(self, worker):
        super().__init__(daemon=True, name="refresher")
        self.worker = worker
        self.stopping = threading.Event()

    def run(self):
        import refresher_app

        while not self.stopping.wait(0.05):
            refresher_app.FRESH += 1


def post_worker_init(worker):
    worker.refresher = Refresher(worker)
    worker.refresher.start()


def post_request(worker, req, environ, resp):
    if worker.nr >= 3 and worker.alive:
        worker.log.info("Worker %s has served enough", worker.pid)
        worker.alive = False


def worker_exit(server, worker):
    worker.refresher.stopping.set()
    worker.refresher.join(1)
    server.log.info("refresher of %s ended: %s", worker.pid,
                    not worker.refresher.is_alive())
