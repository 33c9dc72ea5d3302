"""The hooks of a configuration file, and the server and worker they see.

Imported by a template when a hook is set; its workers have it by the fork. C
(src/python/python_hooks.c) calls the function of a hook's name.
"""

import os
import sys
import time
from _queue import SimpleQueue

from gunicorn.arbiter import Arbiter
from gunicorn.config import Config, ConfigError
from gunicorn.workers.base import Worker

HANGS = 1.0  # seconds that a fork waits for a hook that runs

_hooks = {}  # name -> callable
_calls = {}  # begins, ends, requests: C's
server = worker = None


# --- the start

def start(texts, names, arguments, pid, listeners, calls, has_logger):
    """texts: {name: "MODULE:FUNCTION"}; names: the configuration file's;
    arguments: {name: "server, worker"} of every hook; has_logger: loggers are
    to be as the settings say, at once."""
    global server
    _calls.update(calls)
    for name, text in texts.items():
        _hooks[name] = checked(name, find(name, text, names),
                               arguments[name].split(", "))
    server = Arbiter._of_server(Config._of_server(_hooks, names), pid, listeners)
    if has_logger:
        try:
            server.log
        except (ImportError, ConfigError, RuntimeError, OSError) as e:
            raise ValueError(str(e).removeprefix("Error: ")) from e


def find(name, text, names):
    module, _, path = text.partition(":")
    if not path:
        module, _, path = text.rpartition(".")
    try:
        if module == "__config__" and names is not None:
            found = names
            for i, part in enumerate(path.split(".")):
                found = getattr(found, part) if i else found[part]
        else:
            found = __import__(module, fromlist=["_"])
            for part in path.split("."):
                found = getattr(found, part)
    except (ImportError, AttributeError, KeyError) as e:
        raise ValueError(f"Invalid value for {name}: {text} cannot be "
                         f"found: {type(e).__name__}: {e}") from None
    if not callable(found):
        raise ValueError(f"Invalid value for {name}: {text} is not callable")
    return found


def checked(name, hook, arguments):
    """hook, or for post_request what takes all four arguments."""
    least = 2 if name == "post_request" else len(arguments)
    for n in range(len(arguments), least - 1, -1):
        if takes(hook, n):
            return hook if n == len(arguments) else fewer(hook, n)
    raise ValueError(f"Invalid value for {name}: "
                     f"{getattr(hook, '__qualname__', hook)!s} must take "
                     f"{len(arguments)} argument"
                     f"{'s' if len(arguments) > 1 else ''}: "
                     f"{', '.join(arguments)}")


def fewer(hook, n):
    def call(*args):
        return hook(*args[:n])
    return call


def takes(hook, n):
    code = getattr(hook, "__code__", None)
    if code is None or hasattr(hook, "__wrapped__"):
        return takes_by_signature(hook, n)
    least = code.co_argcount - len(hook.__defaults__ or ())
    bound = 0 if getattr(hook, "__self__", None) is None else 1
    named = code.co_kwonlyargcount - len(hook.__kwdefaults__ or ())
    most = sys.maxsize if code.co_flags & 4 else code.co_argcount  # *args
    return least <= n + bound <= most and named == 0


def takes_by_signature(hook, n):
    import inspect

    try:
        inspect.signature(hook).bind(*range(n))
    except TypeError:
        return False
    except ValueError:  # a function of C that does not say
        return True
    return True


# --- the template

def nworkers_changed(new, old):
    resized(new)
    _hooks["nworkers_changed"](server, new, old)


def on_starting():
    _hooks["on_starting"](server)


def on_reload():
    _hooks["on_reload"](server)


def when_ready():
    _hooks["when_ready"](server)


def pre_exec():
    _hooks["pre_exec"](server)


def on_exit():
    _hooks["on_exit"](server)


def new_worker(age):
    global worker
    worker = Worker(age, server.pid, server.LISTENERS, server.app,
                    server.cfg.timeout, server.cfg, server._log)
    server.worker_age = age


def pre_fork():
    _hooks["pre_fork"](server, worker)


def forked(age, pid):
    """In the parent; pid is 0 when there was no fork."""
    global worker
    if pid > 0:
        worker._pid = pid
        server.WORKERS[pid] = worker
    worker = None


def gone(age, pid):
    """A worker has ended; what it was, for child_exit."""
    gone = server.WORKERS.pop(pid, None)
    if gone is None:  # of a template before this one
        gone = Worker(age, server.pid, server.LISTENERS, server.app,
                      server.cfg.timeout, server.cfg, server._log)
        gone._pid = pid
    gone._alive = False
    return gone


def resized(n):
    server._num_workers = n


def child_exit(age, pid):
    _hooks["child_exit"](server, gone(age, pid))


def reopen():
    if "logging" in sys.modules:
        server.log.reopen_files()


# --- the thread for hooks that nobody waits for

_queue = SimpleQueue()
_thread = None
_queued = _done = 0  # the first is the main thread's, the second its own
_hangs = False


def aside(name, args):
    global _thread, _queued
    if _thread is None:
        import threading

        _thread = threading.Thread(target=_run, name="greencorn hooks",
                                   daemon=True)
        _thread.start()
    _queued += 1
    _queue.put((name, args))


def _run():
    global _done, _hangs
    while True:
        name, args = _queue.get()
        _calls["begins"](name)
        try:
            globals()[name](*args)
        except BaseException:
            _calls["raised"](name)
        try:
            sys.stdout.flush()
        except (AttributeError, OSError, ValueError):
            pass
        _calls["ends"](name)
        _done += 1
        _hangs = False


def settle(seconds=HANGS):
    """Returns when no hook runs, or one of them takes too long."""
    global _hangs
    until = time.monotonic() + seconds
    while _queued > _done and not _hangs:
        time.sleep(0.002)
        _hangs = time.monotonic() > until


# --- the worker

def worker_begins(age):
    global _thread, _queued
    _thread, _queued = None, _done
    if worker is None:
        new_worker(age)
    worker._pid = os.getpid()
    worker._calls = _calls


def worker_loaded(app):
    worker.wsgi = worker.callable = app
    server.app.callable = app
    worker.booted = True


def worker_leaves():
    worker._alive = False


def post_fork():
    _hooks["post_fork"](server, worker)


def post_worker_init():
    _hooks["post_worker_init"](worker)


def worker_int():
    _hooks["worker_int"](worker)


def worker_abort():
    worker.aborted = True
    _hooks["worker_abort"](worker)


def worker_exit():
    _hooks["worker_exit"](server, worker)


# --- dirty workers

_dirty = None         # the dirty arbiter, as hooks see it
_dirty_worker = None  # in a dirty worker: itself


def dirty_arbiter():
    global _dirty
    if _dirty is None:
        from gunicorn.dirty.arbiter import DirtyArbiter

        _dirty = DirtyArbiter._of_server(server)
    return _dirty


def on_dirty_starting():
    _hooks["on_dirty_starting"](dirty_arbiter())


def dirty_forked(age, pid, apps):
    """In the parent; pid is 0 when there was no fork."""
    if pid > 0:
        arbiter = dirty_arbiter()
        arbiter.worker_age = age
        arbiter.workers[pid] = arbiter._worker(age, apps.split(), pid)


def dirty_worker_exit(age, pid):
    arbiter = dirty_arbiter()
    gone = arbiter.workers.pop(pid, None)
    if gone is None:  # of a template before this one
        gone = arbiter._worker(age, [], pid)
    gone.alive = False
    _hooks["dirty_worker_exit"](arbiter, gone)


def dirty_worker_begins(age, apps):
    global _dirty_worker, _thread, _queued
    _thread, _queued = None, _done
    _dirty_worker = dirty_arbiter()._worker(age, apps.split(), os.getpid())


def dirty_worker_loaded(apps):
    _dirty_worker.apps = apps
    _dirty_worker.booted = True


def dirty_post_fork():
    _hooks["dirty_post_fork"](dirty_arbiter(), _dirty_worker)


def dirty_worker_init():
    _hooks["dirty_worker_init"](_dirty_worker)


# --- requests

_access = None


def logs_access():
    """Is the access log Python's to write? Asked once, when the application
    is loaded."""
    global _access
    from greencorn import _logging

    if worker is None:
        worker_begins(0)
    cfg = server.cfg
    own = cfg.logger_class
    custom = own.__module__ not in ("gunicorn.glogging",
                                    "gunicorn.instrument.statsd")
    if custom or cfg.logconfig or cfg.logconfig_dict or cfg.logconfig_json \
            or (cfg.accesslog and _logging.is_altered()):
        _access = server.log.access
    return _access is not None


def request(*args):
    from gunicorn.http.message import Request

    req = Request(*args)
    worker._seen += 1
    if "pre_request" in _hooks:
        try:
            _hooks["pre_request"](worker, req)
        except Exception:
            _calls["raised"]("pre_request")
    return req


def answered(req, environ, status, headers, sent, micros):
    from gunicorn.http.wsgi import Response

    resp = Response(req, status, headers, sent)
    if _access is not None:
        from datetime import timedelta

        try:
            _access(resp, req, environ, timedelta(microseconds=micros))
        except Exception:
            _calls["raised"]("access")
    if "post_request" in _hooks:
        try:
            _hooks["post_request"](worker, req, environ, resp)
        except Exception:
            _calls["raised"]("post_request")
