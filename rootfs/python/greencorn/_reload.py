"""--reload: a thread that asks for a reload when a file has changed.

The files are those of the modules that its worker has imported, and
reload_extra_files. Of the workers that see a change one asks. The reload is the arbiter's, as on HUP: new code by a new template, and what is
broken changes nothing. inotify only says sooner what a look would have found.
"""

import ctypes
import errno
import glob
import hashlib
import logging
import os
import select
import signal
import socket
import sys
import threading
import time

LOOK = 1.0  # seconds between two looks at modules and, without inotify, files
SETTLE = 0.05  # editors write in several steps

_CLOEXEC, _NONBLOCK = 0o2000000, 0o4000
# A file was written, put there, taken away; or its times were changed.
_EVENTS = 0x8 | 0x80 | 0x100 | 0x200 | 0x40 | 0x4

_log = logging.getLogger("gunicorn.error")


def start(engine, extra, arbiter, generation):
    threading.Thread(target=_run, args=(engine, extra, arbiter, generation),
                     name="greencorn-reload", daemon=True).start()


def _run(engine, extra, arbiter, generation):
    files = Files(extra)
    wait = _waiter(engine)
    asked = []  # for which changes; held until the end
    while True:
        try:
            wait(files.known)
        except OSError as e:  # no more watches to be had
            _log.warning("inotify: %s: files are polled", e)
            wait = _poll
        changed = files.look()
        if changed is None:
            continue
        time.sleep(SETTLE)
        files.look()
        lock = _lock(f"{arbiter}-{generation}-{changed}"
                     f"-{files.known[changed]}")
        if lock is None:
            continue
        asked.append(lock)
        _log.info("Worker reloading: %s modified", changed)
        try:
            os.kill(os.getppid(), signal.SIGHUP)
        except PermissionError:
            _log.warning("No reload: the server is another user's (--user)")


def _lock(what):
    """None: another worker of the generation has asked because of the same."""
    try:
        namespace = os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        namespace = 0
    digest = hashlib.sha256(f"{namespace}-{what}".encode()).hexdigest()
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        s.bind(f"\0greencorn-reload-{digest}")
    except OSError as e:
        if e.errno == errno.EADDRINUSE:
            s.close()
            return None  # else better twice than not at all
    return s


class Files:
    """What is watched, as it was when last looked at."""

    def __init__(self, extra):
        self.extra = extra
        self.known = {}
        self.look()

    def look(self):
        """The path of a file that is not as it was, or None."""
        changed = None
        for path in _modules() | _expanded(self.extra):
            state = _state(path)
            if state is None:
                continue  # on its way, or no file
            if self.known.setdefault(path, state) != state:
                self.known[path] = state
                changed = path
        return changed


def _modules():
    found = set()
    for module in list(sys.modules.values()):
        # Not by getattr: some modules import others when asked.
        path = getattr(module, "__dict__", {}).get("__file__")
        if isinstance(path, str) and not path.startswith(sys._stdlib_dir):
            found.add(path[:-1] if path.endswith(".pyc") else path)
    return found


def _expanded(patterns):
    found = set()
    for pattern in patterns:
        found.update(glob.glob(pattern, recursive=True))
    return found


def _state(path):
    try:
        s = os.stat(path)
    except (OSError, ValueError):
        return None
    return s.st_mtime_ns, s.st_size, s.st_ino


def _poll(known):
    time.sleep(LOOK)


class Inotify:
    """The folders of all files, so that a file may be replaced."""

    def __init__(self):
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd = self._libc.inotify_init1(_CLOEXEC | _NONBLOCK)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "inotify_init1")
        self._folders = set()

    def wait(self, known):
        for path in known:
            # A link is watched where it lies and where it leads.
            for p in {path, os.path.realpath(path)}:
                self._watch(os.path.dirname(p) or ".")
        if select.select([self._fd], [], [], LOOK)[0]:
            os.read(self._fd, 65536)

    def _watch(self, folder):
        if folder in self._folders:
            return
        if self._libc.inotify_add_watch(
                self._fd, os.fsencode(folder), _EVENTS) < 0:
            raise OSError(ctypes.get_errno(), "inotify_add_watch", folder)
        self._folders.add(folder)


def _waiter(engine):
    if engine == "poll":
        return _poll
    try:
        return Inotify().wait
    except (OSError, AttributeError) as e:
        if engine == "inotify":
            _log.warning("No inotify (%s): files are polled", e)
        return _poll
