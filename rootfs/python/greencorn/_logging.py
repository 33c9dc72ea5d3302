"""The loggers gunicorn.error and gunicorn.access lead to the server's logs.

logging is expensive to import and many applications do without it, so the
loggers are set up at the moment when somebody else imports it.
"""

import sys

ERROR, ACCESS = NAMES = ("gunicorn.error", "gunicorn.access")

_write = _level = None
_connected = False


def start(write, level):
    """write(levelno, text, is_access) is the server's; level as logging
    numbers it.
    Called again when the configuration says another level."""
    global _write, _level
    first = _write is None
    _write, _level = write, level
    if "logging" in sys.modules:
        connect(sys.modules["logging"])
    elif first:
        sys.meta_path.insert(0, Finder())


def connect(logging):
    global _connected
    logging.getLogger(ERROR).setLevel(_level)
    logging.getLogger(ACCESS).setLevel(logging.INFO)
    if _connected:
        return
    _connected = True

    class ServerLog(logging.Handler):
        """A handler whose lines become the server's."""

        def __init__(self, is_access):
            super().__init__()
            self.is_access = is_access

        def emit(self, record):
            try:
                _write(record.levelno, self.format(record), self.is_access)
            except Exception:
                self.handleError(record)

    for name in NAMES:
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.addHandler(ServerLog(name == ACCESS))


class Finder:
    """Lets the other finders find logging, and connects it once it has run."""

    def find_spec(self, name, path=None, target=None):
        if name != "logging":
            return None
        sys.meta_path.remove(self)
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                spec.loader = Loader(spec)
                return spec
        return None


class Loader:
    def __init__(self, spec):
        self.spec = spec
        self.inner = spec.loader

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def create_module(self, spec):
        return self.inner.create_module(spec)

    def exec_module(self, module):
        # Nobody shall see us afterwards.
        module.__loader__ = self.spec.loader = self.inner
        self.inner.exec_module(module)
        connect(module)
