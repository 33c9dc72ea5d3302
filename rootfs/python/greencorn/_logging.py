"""The loggers gunicorn.error and gunicorn.access lead to the server's log.

logging is expensive to import and many applications do without it, so the
loggers are set up at the moment when somebody else imports it.
"""

import sys

NAMES = ("gunicorn.error", "gunicorn.access")


def start(write, level):
    """write(levelno, text) is the server's; level as logging numbers it."""
    if "logging" in sys.modules:
        connect(sys.modules["logging"], write, level)
    else:
        sys.meta_path.insert(0, Finder(write, level))


class Finder:
    """Lets the other finders find logging, and connects it once it has run."""

    def __init__(self, write, level):
        self.write = write
        self.level = level

    def find_spec(self, name, path=None, target=None):
        if name != "logging":
            return None
        sys.meta_path.remove(self)
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                spec.loader = Loader(spec, self)
                return spec
        return None


class Loader:
    def __init__(self, spec, finder):
        self.spec = spec
        self.inner = spec.loader
        self.finder = finder

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def create_module(self, spec):
        return self.inner.create_module(spec)

    def exec_module(self, module):
        # Nobody shall see us afterwards.
        module.__loader__ = self.spec.loader = self.inner
        self.inner.exec_module(module)
        connect(module, self.finder.write, self.finder.level)


def connect(logging, write, level):
    class ServerLog(logging.Handler):
        """A handler whose lines become the server's."""

        def emit(self, record):
            try:
                write(record.levelno, self.format(record))
            except Exception:
                self.handleError(record)

    handler = ServerLog()
    for name in NAMES:
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.setLevel(level)
        logger.addHandler(handler)
