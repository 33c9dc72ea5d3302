"""What hooks see of the server, under the name that they know."""

import os
import signal


class Listener:
    """A listening socket: what a hook looks at, or serves by itself."""

    def __init__(self, fd):
        self.fd = fd
        self._sock = None

    @property
    def sock(self):
        if self._sock is None:
            import socket

            self._sock = socket.socket(fileno=os.dup(self.fd))
        return self._sock

    def fileno(self):
        return self.fd

    def getsockname(self):
        return self.sock.getsockname()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.sock, name)

    def __str__(self):
        name = self.getsockname()
        if isinstance(name, tuple):
            host = f"[{name[0]}]" if ":" in name[0] else name[0]
            return f"http://{host}:{name[1]}"
        return f"unix:{os.fsdecode(name)}"


class Arbiter:
    """Made by a program, it becomes the server when it runs. In hooks it
    stands for the server: what it shows is true, setting it changes
    nothing."""

    WORKER_BOOT_ERROR = 3
    APP_LOAD_ERROR = 4
    START_CTX = {}

    def __init__(self, app):
        self.app = app
        self.cfg = app.cfg
        self.pid = None
        self.WORKERS = {}
        self.LISTENERS = []
        self._num_workers = None
        self._log = Later(lambda: make_logger(self.cfg))
        self._settle()

    @classmethod
    def _of_server(cls, cfg, pid, listeners):
        from gunicorn.app.base import Loaded

        self = cls(Loaded(cfg))
        self.pid = self.master_pid = pid
        self.LISTENERS = [Listener(fd) for fd in listeners]
        self._num_workers = cfg.workers
        return self

    def _settle(self):
        self.worker_age = 0
        self.master_pid = 0
        self.reexec_pid = 0
        self.master_name = "Master"
        self.systemd = False
        self.pidfile = None

    def run(self):
        self.app.run()

    # What hooks do with the server, by the signals that mean it.

    def halt(self, reason=None, exit_status=0):
        os.kill(self.pid, signal.SIGTERM)

    def stop(self, graceful=True):
        os.kill(self.pid, signal.SIGTERM if graceful else signal.SIGQUIT)

    def reload(self):
        os.kill(self.pid, signal.SIGHUP)

    def reexec(self):
        os.kill(self.pid, signal.SIGUSR2)

    def kill_worker(self, pid, sig):
        os.kill(pid, sig)

    def kill_workers(self, sig):
        for pid in list(self.WORKERS):
            self.kill_worker(pid, sig)

    @property
    def log(self):
        return self._log()

    @property
    def num_workers(self):
        return self._num_workers

    @property
    def worker_class(self):
        return self.cfg.worker_class

    @property
    def address(self):
        return self.cfg.address

    @property
    def timeout(self):
        return self.cfg.timeout

    @property
    def proc_name(self):
        return self.cfg.proc_name


class Later:
    """A value that is made when it is first asked for."""

    def __init__(self, make):
        self.make, self.made, self.value = make, False, None

    def __call__(self):
        if not self.made:
            self.value = self.make()
            self.made = True
        return self.value


def make_logger(cfg):
    from gunicorn import glogging

    return glogging.of_server(cfg)
