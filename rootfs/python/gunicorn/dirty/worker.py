"""A dirty worker, as hooks see it."""


class DirtyWorker:
    """What it shows is true; setting it changes nothing."""

    def __init__(self, age, ppid, app_paths, cfg, log, socket_path=None):
        self.age = age
        self.ppid = ppid
        self.pid = "[booting]"
        self.app_paths = app_paths
        self.apps = {}  # path -> object, once they are loaded
        self.cfg = cfg
        self._log = log
        self.socket_path = socket_path
        self.booted = False
        self.aborted = False
        self.alive = True

    @property
    def log(self):
        arbiter = getattr(self, "_arbiter", None)
        return self._log if arbiter is None else arbiter.log

    def __str__(self):
        return f"<DirtyWorker {self.pid}>"
