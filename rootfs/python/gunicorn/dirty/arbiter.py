"""The dirty arbiter, as hooks see it. What it does is done in C."""


class DirtyArbiter:
    """What it shows is true; setting it changes nothing."""

    def __init__(self, cfg, log, socket_path=None, pidfile=None):
        self.cfg = cfg
        self._log = log
        self.socket_path = socket_path
        self.pidfile = pidfile
        self.pid = None
        self.ppid = None
        self.alive = True
        self.worker_age = 0
        self.workers = {}  # pid -> DirtyWorker

    @classmethod
    def _of_server(cls, server):
        import os

        self = cls(server.cfg, server._log,
                   os.environ.get("GUNICORN_DIRTY_SOCKET"))
        self.pid = server.pid
        self._server = server
        return self

    @property
    def log(self):
        server = getattr(self, "_server", None)
        return self._log if server is None else server.log

    @property
    def num_workers(self):
        return self.cfg.dirty_workers

    def _worker(self, age, app_paths, pid):
        from .worker import DirtyWorker

        worker = DirtyWorker(age, self.pid, app_paths, self.cfg, self._log)
        worker.pid = pid
        worker._arbiter = self
        return worker

    def __repr__(self):
        return f"<DirtyArbiter {self.pid}>"
