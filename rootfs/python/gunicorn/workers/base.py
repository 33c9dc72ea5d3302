"""What hooks see of a worker.

The worker's own work is done in C; a class that inherits from this one is a
name, whose methods the server does not call.
"""

import os


class Tmp:
    """Where Gunicorn keeps a worker's heartbeat; ours is in shared memory."""

    def __init__(self):
        self.fd = -1

    def notify(self):
        pass

    def last_update(self):
        import time

        return time.monotonic()

    def fileno(self):
        if self.fd < 0:
            self.fd = os.memfd_create("heartbeat")
        return self.fd

    def close(self):
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


class Worker:
    SIGNALS = []
    PIPE = []

    def __init__(self, age, ppid, sockets, app, timeout, cfg, log):
        self.age = age
        self._pid = "[booting]"  # Gunicorn's word for one not yet forked
        self.ppid = ppid
        self.sockets = sockets
        self.app = app
        self.timeout = timeout
        self.cfg = cfg
        self._log = log
        self.booted = False
        self.aborted = False
        self.reloader = None
        self.wsgi = None
        self.tmp = Tmp()
        self._alive = True
        self._calls = {}
        self._seen = 0

    def __str__(self):
        return f"<Worker {self._pid}>"

    @property
    def pid(self):
        return self._pid

    @property
    def log(self):
        return self._log() if callable(self._log) else self._log

    @property
    def nr(self):
        """Requests that it has had, this one too."""
        requests = self._calls.get("requests")
        return max(requests() if requests else 0, self._seen)

    @property
    def max_requests(self):
        return self.cfg.max_requests

    @property
    def alive(self):
        return self._alive

    @alive.setter
    def alive(self, alive):
        was, self._alive = self._alive, alive
        if was and not alive and self._pid == os.getpid():
            os.kill(self._pid, 15)  # finish what runs, then leave

    def notify(self):
        self.tmp.notify()

    # For classes that call these of their parent.

    def setup(self):
        pass

    def init_process(self):
        pass

    def init_signals(self):
        pass

    def load_wsgi(self):
        self.wsgi = self.app.wsgi()

    def run(self):
        raise NotImplementedError("the server's own workers run in C")

    def handle_exit(self, sig, frame):
        self.alive = False

    def handle_quit(self, sig, frame):
        self.alive = False

    @classmethod
    def check_config(cls, cfg, log):
        pass
