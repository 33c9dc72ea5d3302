"""What a dirty worker does: its applications, their calls, its link.

Calls run in threads, which write their answers themselves. Of those that have
nothing to do one reads the link, so that a call runs where it was read; while
all of them are busy the main thread does, a little later, since a call may
be cancelled and a stream wants credit. A stream may have WINDOW bytes under
way; it waits beyond that, and so for whoever reads it.
"""

import os
import select
import signal
import sys
import threading
import time
import traceback
from collections import deque

from gunicorn.dirty import protocol
from gunicorn.dirty.app import load_dirty_app_class, parse_dirty_app_spec
from gunicorn.dirty.errors import (DirtyAppError, DirtyAppNotFoundError,
                                   DirtyProtocolError)
from greencorn._dirty_link import (CANCEL, CHUNK, CREDIT, DONE, END, ENVELOPE,
                                   ERROR, HELLO, LEAVING, LINKED, MAKING,
                                   READY, REQUEST, RESPONSE, STOP, WINDOW,
                                   Wire, pack)

JSON, BINARY = 0, 1
NAMES = {RESPONSE: "response", ERROR: "error", CHUNK: "chunk", END: "end"}

TEXT_MAX = 1 << 16  # of an exception, or of its traceback
WAITS, READS = 1, 2
LOOK = 0.02    # the main thread looks this often whether somebody reads,
LINGER = 1.0   # until it has been so for that long

_wire = None
_paths = []
_apps = {}         # path -> object
_preloaded = set()  # paths
_threads = 1
_calls = {}        # id -> Call
_woken = -1        # readable when the main thread is to look
_bell = -1         # its other end
_leaving = False
_stop = False      # said by the dirty arbiter
_over = False      # the dirty arbiter is gone

# Of what follows, and of what calls have. Nothing is called under it.
_mutex = threading.Lock()
_reads = False     # somebody reads the link
_main_reads = None  # it is the main thread, which WAITS or READS just now
_queue = deque()   # calls that nobody runs yet
_idle = []         # locks of threads that wait; who is woken reads
_n_taken = 0       # calls, ever
_asleep = False    # the main thread, until it is woken


# --- C's side calls these, in this order

def preload(specs):
    """In the template, where the setting dirty_preload asks for it."""
    for spec in specs:
        path, _ = parse_dirty_app_spec(spec)
        try:
            _preload(path, load_dirty_app_class(path))
        except Exception:  # its worker tries again, and says so
            _log(f"Exception in preload of {path}")


def _preload(path, kind):
    """Once for each class, here or in the process of which this is a fork."""
    found = next((base.__dict__["preload"] for base in kind.__mro__
                  if "preload" in base.__dict__), None)
    # Where it needs an object it is an action of that name.
    if isinstance(found, (classmethod, staticmethod)) and \
            path not in _preloaded:
        kind.preload()
        _preloaded.add(path)


def begin(fd, paths, threads):
    global _wire, _threads, _woken, _bell
    _wire = Wire(fd)
    _paths[:] = paths.split()
    _threads = threads
    _woken, _bell = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(_bell, warn_on_full_buffer=False)
    signal.signal(signal.SIGTERM, _on_term)


def load():
    """{path: object}, all of them initialised."""
    kinds, lines = {}, []
    for path in _paths:
        _say(MAKING, BINARY, 0, path.encode())
        kinds[path] = kind = load_dirty_app_class(path)
        limit = getattr(kind, "workers", None)
        if limit is not None and (type(limit) is not int or limit < 1):
            raise DirtyAppError(f"{path}.workers is {limit!r}: it must be "
                                "None or a whole number, at least 1",
                                app_path=path)
        lines.append(f"{path}\t{limit or 0}\n")
    _say(HELLO, BINARY, 0, "".join(lines).encode())
    for path, kind in kinds.items():
        _say(MAKING, BINARY, 0, path.encode())
        _preload(path, kind)
        _apps[path] = kind()
        _apps[path].init()
    _say(MAKING, BINARY, 0)
    return _apps


def run():
    """Until it is time to go; then the applications are closed."""
    for n in range(_threads):
        threading.Thread(target=_serve, name=f"dirty-{n}",
                         daemon=True).start()
    _say(READY, BINARY, 0)
    try:
        _attend()
    finally:
        signal.set_wakeup_fd(-1)
        for path, app in _apps.items():
            try:
                app.close()
            except BaseException:
                _log(f"Exception in close of {path}")


# --- the link

def _say(kind, form, call_id, payload=b""):
    _send([ENVELOPE.pack(len(payload), kind, form, 0, call_id), payload])


def _send(parts):
    if _over:
        raise ConnectionError("the dirty arbiter is gone")
    _wire.out.append((parts, None))
    _wire.drain()


def _on_term(*_):
    global _leaving
    _leaving = True


def _read():
    """Acts on what has come; whoever reads."""
    global _stop, _over
    try:
        messages = _wire.reader.read()
    except Exception:
        _over = True
        for call in list(_calls.values()):
            call.cancel()
        _rouse()
        return
    for kind, form, call_id, _, value in messages:
        if kind == REQUEST:
            _calls[call_id] = call = Call(call_id, form, value)
            _queue.append(call)
        elif kind == STOP:
            _stop = True
            _rouse()
        else:
            call = _calls.get(call_id)  # it may end at any time
            if kind == CREDIT and call is not None:
                call.credit(int.from_bytes(value, sys.byteorder))
            elif kind == CANCEL and call is not None:
                call.cancel()


def _rouse():
    """The main thread looks now."""
    try:
        os.write(_bell, b"\0")
    except BlockingIOError:
        pass


def _pass_on():
    """Under _mutex: who reads does not any more. The lock of the one who
    does now, or None; then True: the main thread must be woken for it."""
    global _reads
    if _idle:
        return _idle.pop(), False
    _reads = False
    return None, _asleep


def _wake(lock, rouse):
    if lock is not None:
        lock.release()
    elif rouse:
        _rouse()


def _next_call(lock):
    """For the thread whose own lock that is, which it holds."""
    global _reads, _n_taken, _main_reads
    reads = False
    while True:
        with _mutex:
            if _queue:
                call = _queue.popleft()
                _n_taken += 1
                successor = _pass_on() if reads else (None, False)
                break
            if not reads and _main_reads == WAITS:  # here it goes on quicker
                _main_reads, reads = None, True
            elif not reads:
                reads, _reads = not _reads, True
                if not reads:
                    _idle.append(lock)
        if not reads:
            lock.acquire()
            reads = True
        elif _over:
            return None
        else:
            _wire.wait_io()
            _read()
    _wake(*successor)
    return call


def _attend():
    """The main thread: signals, and the link while all others are busy."""
    global _reads, _main_reads, _asleep
    signals, both = select.poll(), select.poll()
    signals.register(_woken, select.POLLIN)
    both.register(_woken, select.POLLIN)
    both.register(_wire.fd, select.POLLIN)
    told, seen, quiet = False, -1, 0.0
    while not _over:
        if _leaving and not told:
            told = True  # the answer is STOP, behind which no call comes
            _say(LEAVING, BINARY, 0)
        if _stop and not _calls:
            return
        now = time.monotonic()
        successor = None, False
        with _mutex:
            if _main_reads and _idle:
                _main_reads = None
                successor = _pass_on()
            elif not _reads and _n_taken == seen:  # busy since the last look
                _reads, _main_reads = True, WAITS
            if _n_taken != seen or not _reads:
                seen, quiet = _n_taken, now + LINGER
            _asleep = now > quiet
            reads, sleeps = _main_reads, _asleep or _main_reads is not None
        _wake(*successor)
        if _stop or not sleeps:
            timeout = LOOK
        else:
            timeout = None
        for fd, _ in (both if reads else signals).poll(
                timeout and timeout * 1000):
            if fd == _woken:
                os.read(_woken, 4096)
            else:
                _read_as_main()
        _asleep = False


def _read_as_main():
    """Unless it has been taken over."""
    global _main_reads
    with _mutex:
        if _main_reads is None:
            return
        _main_reads = READS
    _read()
    with _mutex:
        _main_reads = WAITS


# --- calls

class Cancelled(BaseException):
    """Nobody waits for this call any more."""


class Told(Exception):
    """What the caller is told as it is."""

    def __init__(self, error):
        self.error = error


class Call:
    __slots__ = ("call_id", "form", "request", "request_id", "app_path",
                 "action", "cancelled", "room", "waiter", "task")

    def __init__(self, call_id, form, request):
        self.call_id = call_id
        self.form = form
        self.request = request
        self.request_id = None
        self.app_path = self.action = None
        self.cancelled = False
        self.room = WINDOW
        self.waiter = None  # held by its thread; released when there is news
        self.task = None    # (loop, task) while something of asyncio runs

    def news(self):
        with _mutex:
            waiter, self.waiter = self.waiter, None
        if waiter is not None:
            waiter.release()

    def credit(self, size):
        with _mutex:
            self.room += size
        self.news()

    def cancel(self):
        with _mutex:
            self.cancelled = True
            task = self.task
        self.news()
        if task is not None:
            try:
                task[0].call_soon_threadsafe(task[1].cancel)
            except RuntimeError:  # its loop has just ended
                pass

    def check(self):
        if self.cancelled:
            raise Cancelled

    def wait_for_room(self):
        """Reads the link itself while nobody else does."""
        global _reads
        while self.room <= 0 and not self.cancelled:
            with _mutex:
                if self.room > 0 or self.cancelled:
                    break
                reads, _reads = not _reads, True
                if not reads:
                    lock = self.waiter = threading.Lock()
                    lock.acquire()
            if not reads:
                lock.acquire()
                continue
            try:
                _wire.wait_io()
                _read()
            finally:
                with _mutex:
                    successor = _pass_on()
                _wake(*successor)
        self.check()

    def read(self):
        """The request's args and kwargs."""
        message, self.request = self.request, None
        if self.form == JSON:
            message = protocol.decode_json(message)
        elif isinstance(message, DirtyProtocolError):
            raise message
        if type(message) is not dict:
            raise DirtyProtocolError("A message is not a dict")
        self.request_id = message.get("id")
        self.app_path = message.get("app_path")
        self.action = message.get("action")
        args, kwargs = message.get("args"), message.get("kwargs")
        args = [] if args is None else args
        kwargs = {} if kwargs is None else kwargs
        if type(args) is not list or type(kwargs) is not dict or \
                type(self.action) is not str:
            raise DirtyProtocolError("A request has no action, or args is no "
                                     "list or kwargs no dict")
        return args, kwargs

    def say(self, kind, name, value):
        """Sends a message of the caller's format; the call is over with it,
        unless it is a chunk."""
        if self.form == JSON:
            message = {"type": NAMES[kind], "id": self.request_id}
            if name is not None:
                message[name] = value
            payload = protocol.encode_json(message)
            parts = [ENVELOPE.pack(len(payload), kind, JSON, 0, self.call_id),
                     payload]
        elif name is None:
            parts = pack(LINKED, kind, self.call_id)
        else:
            parts = pack(LINKED, kind, self.call_id, {name: value})
        if kind == CHUNK:
            size = sum(map(len, parts)) - ENVELOPE.size
            with _mutex:
                self.room -= size
        _send(parts)


def _serve():
    """One thread: a call after the other."""
    runner = Runner()
    lock = threading.Lock()
    lock.acquire()
    while (call := _next_call(lock)) is not None:
        try:
            _run_call(call, runner)
        except OSError:  # the dirty arbiter is gone
            pass
        except BaseException:
            _log("Exception in a dirty worker's thread")
            _excuse(call)
        finally:
            _calls.pop(call.call_id, None)
        del call


def _excuse(call):
    """Not even its error could be told; it has an end all the same."""
    try:
        call.say(ERROR, "error", {
            "error_type": "DirtyAppError", "details": {},
            "message": "What went wrong cannot be told; see the log"})
    except BaseException:
        pass


def _run_call(call, runner):
    try:
        call.check()
        result = _result(call, runner)
        if hasattr(result, "__next__") and hasattr(result, "close"):
            _stream(call, iter(result), next, result.close)
        elif hasattr(result, "__anext__"):
            _stream(call, result,
                    lambda it: runner.wait(call, it.__anext__()),
                    lambda: runner.wait(None, result.aclose()))
        else:
            call.say(RESPONSE, "result", result)
    except Cancelled:
        _say(DONE, BINARY, call.call_id)
    except BaseException as e:
        if call.cancelled:
            _say(DONE, BINARY, call.call_id)
        else:
            _fail(call, e)


def _result(call, runner):
    try:
        args, kwargs = call.read()
    except DirtyProtocolError as e:
        raise Told(e) from e
    app = _apps.get(call.app_path)
    if app is None:
        raise Told(DirtyAppNotFoundError(call.app_path))
    result = app(call.action, *args, **kwargs)
    if hasattr(result, "__await__"):
        result = runner.wait(call, result)
    return result


def _stream(call, iterator, step, close):
    try:
        while True:
            call.wait_for_room()
            try:
                item = step(iterator)
            except (StopIteration, StopAsyncIteration):
                break
            call.check()
            call.say(CHUNK, "data", item)
    except BaseException:
        try:
            close()
        except Exception:
            _log("Exception while a stream was closed")
        raise
    call.say(END, None, None)


def _fail(call, e):
    """The caller gets what went wrong."""
    if isinstance(e, Told):
        error = e.error
    else:
        error = DirtyAppError(
            _tellable(_text_of(e)), call.app_path, call.action,
            _tellable(_traceback_of(e)))
    call.say(ERROR, "error", error.to_dict())


def _text_of(e):
    try:
        text = str(e)
    except BaseException:
        text = ""
    return text or type(e).__name__


def _traceback_of(e):
    """Applications may have changed what reads their sources, too."""
    try:
        return "".join(traceback.format_exception(e))
    except BaseException as another:
        return f"{type(e).__name__} (its traceback: {type(another).__name__})"


def _tellable(text):
    """Of a length that can be sent, its end as it was; no lone surrogates."""
    if len(text) > TEXT_MAX:
        text = f"{text[:TEXT_MAX // 2]} ... {text[-TEXT_MAX // 2:]}"
    return text.encode(errors="backslashreplace").decode()


class Runner:
    """A thread's asyncio loop, made when something needs it."""

    def __init__(self):
        self.loop = None

    def wait(self, call, awaitable):
        import asyncio

        if self.loop is None:
            self.loop = asyncio.new_event_loop()

        async def go():
            return await awaitable

        task = self.loop.create_task(go())
        if call is not None:
            with _mutex:
                call.task = self.loop, task
            if call.cancelled:
                task.cancel()
        try:
            return self.loop.run_until_complete(task)
        finally:
            if call is not None:
                with _mutex:
                    call.task = None


def _log(text):
    """The exception that is handled now; whatever logging makes of it."""
    try:
        import logging

        logging.getLogger("gunicorn.error").exception(text)
    except BaseException:
        pass
