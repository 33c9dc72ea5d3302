"""The dirty arbiter, as hooks see it, and one that a program starts itself.
What it does is done in C."""

# What a program's cfg may say of it, by the names of settings.
_SETTINGS = ("dirty_apps", "dirty_workers", "dirty_threads", "dirty_timeout",
             "dirty_graceful_timeout", "dirty_max_queue", "dirty_stash_size",
             "dirty_preload", "loglevel", "errorlog", "proc_name", "config")


class DirtyArbiter:
    """In hooks: what it shows is true; setting it changes nothing. A program
    may make one, and run() it in a process for that: cfg has the settings (a
    Config, or any object with such attributes; functions, as hooks are, do
    not cross), socket_path says where it listens."""

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

    def run(self):
        """This process becomes the dirty arbiter, until it gets TERM; its
        parent's end ends it, too. Does not return."""
        import os
        import sys

        from greencorn import _program

        from .errors import DirtyError

        if not self.socket_path:
            raise DirtyError("A dirty arbiter needs a socket_path")
        if len(os.fsencode(self.socket_path)) >= 100:
            raise DirtyError(f"Too long a socket_path: {self.socket_path}")
        _program.become(["greencorn", "dirty-arbiter", self.socket_path,
                         *self._options(sys.path)], [])

    def _options(self, path):
        table = {row[0]: row[4] for row in _table()}
        options = []
        for name in _SETTINGS:
            value = getattr(self.cfg, name, None)
            if value is None or value == "" or name not in table:
                continue
            flag = table[name].split()[-1]
            for item in value if isinstance(value, (list, tuple)) else [value]:
                options.append(f"{flag}={_text(item)}")
        if not getattr(self.cfg, "config", None):
            options.append("--config=/dev/null")
        folders = [p for p in path if isinstance(p, str) and "," not in p]
        if folders:  # the last one is put first
            options.append("--pythonpath=" + ",".join(
                p or "." for p in reversed(folders)))
        return options

    def __repr__(self):
        return f"<DirtyArbiter {self.pid}>"


def _table():
    import _greencorn_settings

    return _greencorn_settings.table()


def _text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
