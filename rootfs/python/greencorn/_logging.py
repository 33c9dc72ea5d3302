"""The loggers gunicorn.error and gunicorn.access lead to the server's logs.

logging is expensive to import and many applications do without it, so the
loggers are set up at the moment when somebody else imports it.
"""

import sys

ERROR, ACCESS = NAMES = ("gunicorn.error", "gunicorn.access")

_write = _level = metric = None
_connected = False
_class = None


def start(write, level, send_metric):
    """write(levelno, text, is_access) is the server's, level as logging
    numbers it; a levelno of 0 asks for the text as it is.
    send_metric(name, value, type) goes to statsd. Called again when the configuration says another level."""
    global _write, _level, metric
    first = _write is None
    _write, _level, metric = write, level, send_metric
    if "logging" in sys.modules:
        connect(sys.modules["logging"])
    elif first:
        sys.meta_path.insert(0, Finder())


def connect(logging):
    global _connected, _class
    logging.getLogger(ERROR).setLevel(_level)
    logging.getLogger(ACCESS).setLevel(logging.INFO)
    if _connected:
        return
    _connected = True

    class ServerLog(logging.Handler):
        """A handler whose lines become the server's; as they are, when it
        was given a formatter."""

        _gunicorn = True

        def __init__(self, is_access):
            super().__init__()
            self.is_access = is_access

        def emit(self, record):
            try:
                level = record.levelno if self.formatter is None else 0
                _write(level, self.format(record), self.is_access)
            except Exception:
                self.handleError(record)

    _class = ServerLog
    for name in NAMES:
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.addHandler(ServerLog(name == ACCESS))


def read(take):
    """A thread gives the lines of C to gunicorn.error. take() is (levelno,
    text), or None when there will be no more."""
    import _thread
    import logging

    log = logging.getLogger(ERROR)

    def give():
        while (line := take()) is not None:
            level, text = line
            if log.isEnabledFor(level):
                log.handle(log.makeRecord(ERROR, level, "", 0, text, (),
                                          None))

    _thread.start_new_thread(give, ())


def line(level, pid, text):
    """A line of the process pid, which has no Python."""
    import logging

    log = logging.getLogger(ERROR)
    if log.isEnabledFor(level):
        record = log.makeRecord(ERROR, level, "", 0, text, (), None)
        record.process = pid
        log.handle(record)


def stream(fd):
    """What applications write of errors to: as sys.stderr, but that no
    trouble of the log is theirs. fd stays open; -1: there is no log."""
    import io
    import posix

    class Log(io.RawIOBase):
        def writable(self):
            return True

        def fileno(self):
            return fd

        def write(self, data):
            try:
                return posix.write(fd, data)
            except OSError:  # a full disk, or nobody who reads
                return len(data)

    return io.TextIOWrapper(io.BufferedWriter(Log()), "utf-8",
                            "backslashreplace", line_buffering=True)


def server_log():
    """The class of the server's own handlers; logging is imported by then."""
    return _class


def is_altered():
    """Has somebody given gunicorn.access what C does not know of?"""
    if not _connected:
        return False
    log = sys.modules["logging"].getLogger(ACCESS)
    handlers = log.handlers
    return bool(log.filters or log.propagate or log.disabled or
                log.level > 20 or len(handlers) != 1 or
                type(handlers[0]) is not _class or handlers[0].formatter or
                handlers[0].filters)


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
