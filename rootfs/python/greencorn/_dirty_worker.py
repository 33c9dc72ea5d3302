"""What a dirty worker does: its applications, their calls, its link.

The main thread reads the link; each call runs in one of the threads, which
write their answers themselves. A stream may have WINDOW bytes under way; it
waits for credit beyond that, and so for whoever reads it.
"""

import os
import select
import signal
import socket
import struct
import threading
import traceback
from queue import SimpleQueue

from gunicorn.dirty import protocol
from gunicorn.dirty.app import load_dirty_app_class
from gunicorn.dirty.errors import (DirtyAppError, DirtyAppNotFoundError,
                                   DirtyProtocolError)

# As in src/dirty/dirty_frame.h and dirty_state.h.
REQUEST, RESPONSE, ERROR, CHUNK, END = 1, 2, 3, 4, 5
HELLO, READY, LEAVING, DONE, CANCEL, CREDIT, STOP, MAKING = range(0x20, 0x28)
JSON, BINARY = 0, 1
ENVELOPE = struct.Struct("=IBBHQ")
NUMBERS = {"response": RESPONSE, "error": ERROR, "chunk": CHUNK, "end": END}
READ_SIZE = 1 << 16
TEXT_MAX = 1 << 16  # of an exception, or of its traceback

_link = None       # socket
_writing = threading.Lock()
_paths = []
_apps = {}         # path -> object
_threads = 1
_window = 0
_queue = SimpleQueue()
_calls = {}        # id -> Call
_woken = -1        # readable when a signal has come
_leaving = False


# --- C's side calls these, in this order

def begin(fd, paths, threads, window):
    global _link, _threads, _window, _woken
    _link = socket.socket(fileno=fd)
    _link.setblocking(True)
    _paths[:] = paths.split()
    _threads, _window = threads, window
    _woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGTERM, _on_term)


def load():
    """{path: object}, all of them initialised."""
    kinds, lines = {}, []
    for path in _paths:
        _send(MAKING, BINARY, 0, [path.encode()])
        kinds[path] = kind = load_dirty_app_class(path)
        limit = getattr(kind, "workers", None)
        if limit is not None and (type(limit) is not int or limit < 1):
            raise DirtyAppError(f"{path}.workers is {limit!r}: it must be "
                                "None or a whole number, at least 1",
                                app_path=path)
        lines.append(f"{path}\t{limit or 0}\n")
    _send(HELLO, BINARY, 0, ["".join(lines).encode()])
    for path, kind in kinds.items():
        _send(MAKING, BINARY, 0, [path.encode()])
        _apps[path] = kind()
        _apps[path].init()
    _send(MAKING, BINARY, 0, [])
    return _apps


def run():
    """Until it is time to go; then the applications are closed."""
    for n in range(_threads):
        threading.Thread(target=_serve, name=f"dirty-{n}",
                         daemon=True).start()
    _send(READY, BINARY, 0, [])
    try:
        _read()
    finally:
        signal.set_wakeup_fd(-1)
        for path, app in _apps.items():
            try:
                app.close()
            except BaseException:
                _log(f"Exception in close of {path}")


# --- the link

def _send(kind, form, call_id, parts):
    size = sum(map(len, parts))
    pieces = protocol._joined(
        [ENVELOPE.pack(size, kind, form, 0, call_id), *parts])
    with _writing:
        for piece in pieces:
            _link.sendall(piece)


def _on_term(*_):
    global _leaving
    _leaving = True


def _read():
    """Hands out what comes, until the dirty arbiter says stop and nothing
    runs, or is gone."""
    poll = select.poll()
    poll.register(_link, select.POLLIN)
    poll.register(_woken, select.POLLIN)
    inbox = Inbox()
    told = stopping = False
    while True:
        if _leaving and not told:
            told = True  # the answer is STOP, behind which no call comes
            _send(LEAVING, BINARY, 0, [])
        if stopping and not _calls:
            return
        for fd, _ in poll.poll(20 if stopping else None):
            if fd == _woken:
                os.read(_woken, 4096)
                continue
            if not inbox.receive():
                return
            for message in inbox.complete():
                stopping = _act_on(*message) or stopping


class Inbox:
    """What has come over the link. A large message is read into its place."""

    def __init__(self):
        self.data = bytearray()
        self.large = None  # (its type, format, call)
        self.payload, self.got = None, 0

    def receive(self):
        """Reads once. False: nothing will come any more."""
        try:
            if self.large is None:
                more = _link.recv(READ_SIZE)
                self.data += more
                return bool(more)
            with memoryview(self.payload) as view:
                n = _link.recv_into(view[self.got:])
        except OSError:
            return False
        self.got += n
        return n > 0

    def complete(self):
        """(type, format, call, payload) of each message that is whole."""
        if self.large is not None:
            if self.got < len(self.payload):
                return
            whole = *self.large, self.payload
            self.large = self.payload = None
            yield whole
            return
        at = 0
        while len(self.data) - at >= ENVELOPE.size:
            size, *head = ENVELOPE.unpack_from(self.data, at)
            end = at + ENVELOPE.size + size
            if end > len(self.data):
                if size > READ_SIZE:
                    self._expect(size, head, at + ENVELOPE.size)
                    return
                break
            payload = bytes(self.data[at + ENVELOPE.size:end])
            at = end
            yield head[0], head[1], head[3], payload
        del self.data[:at]

    def _expect(self, size, head, at):
        self.large = head[0], head[1], head[3]
        self.payload = bytearray(size)
        self.got = len(self.data) - at
        self.payload[:self.got] = self.data[at:]
        self.data = bytearray()


def _act_on(kind, form, call_id, payload):
    """True: it is to stop."""
    call = _calls.get(call_id)  # it may end at any time
    if kind == REQUEST:
        _calls[call_id] = call = Call(call_id, form, payload)
        _queue.put(call)
    elif kind == CREDIT and call is not None:
        call.credit(int.from_bytes(payload, "little"))
    elif kind == CANCEL and call is not None:
        call.cancel()
    return kind == STOP


# --- calls

class Cancelled(BaseException):
    """Nobody waits for this call any more."""


class Told(Exception):
    """What the caller is told as it is."""

    def __init__(self, error):
        self.error = error


class Call:
    def __init__(self, call_id, form, payload):
        self.call_id = call_id
        self.form = form
        self.payload = payload
        self.request_id = None
        self.app_path = self.action = None
        self.cancelled = False
        self.room = _window
        self.changed = threading.Condition()
        self.task = None  # (loop, task) while something of asyncio runs

    def credit(self, size):
        with self.changed:
            self.room += size
            self.changed.notify_all()

    def cancel(self):
        with self.changed:
            self.cancelled = True
            self.changed.notify_all()
            task = self.task
        if task is not None:
            try:
                task[0].call_soon_threadsafe(task[1].cancel)
            except RuntimeError:  # its loop has just ended
                pass

    def check(self):
        if self.cancelled:
            raise Cancelled

    def wait_for_room(self):
        with self.changed:
            while self.room <= 0 and not self.cancelled:
                self.changed.wait()
        self.check()

    def read(self):
        """The request's dict."""
        if self.form == JSON:
            message = protocol.decode_json(self.payload)
        else:
            message = protocol.decode_payload(REQUEST, 0, self.payload)
        self.payload = None
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

    def say(self, message):
        """Sends a message of the caller's format; its type is its end, but
        for chunks."""
        kind = NUMBERS[message["type"]]
        if self.form == JSON:
            message["id"] = self.request_id
            parts = [protocol.encode_json(message)]
        else:
            parts = protocol.encode_parts(message)[1:]
        if kind == CHUNK:
            with self.changed:
                self.room -= sum(map(len, parts))
        _send(kind, self.form, self.call_id, parts)


def _serve():
    """One thread: a call after the other."""
    runner = Runner()
    while True:
        call = _queue.get()
        try:
            _run_call(call, runner)
        except OSError:  # the dirty arbiter is gone
            pass
        except BaseException:
            _log("Exception in a dirty worker's thread")
        finally:
            _calls.pop(call.call_id, None)
        del call


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
            call.say({"type": "response", "id": 0, "result": result})
    except Cancelled:
        _send(DONE, BINARY, call.call_id, [])
    except OSError as e:
        if _link.fileno() < 0:
            raise
        _fail(call, e)
    except BaseException as e:
        if call.cancelled:
            _send(DONE, BINARY, call.call_id, [])
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
            call.say({"type": "chunk", "id": 0, "data": item})
    except BaseException:
        try:
            close()
        except Exception:
            _log("Exception while a stream was closed")
        raise
    call.say({"type": "end", "id": 0})


def _fail(call, e):
    """The caller gets what went wrong."""
    if isinstance(e, Told):
        error = e.error
    else:
        error = DirtyAppError(
            _tellable(_text_of(e)), call.app_path, call.action,
            _tellable("".join(traceback.format_exception(e))))
    call.say({"type": "error", "id": 0, "error": error.to_dict()})


def _text_of(e):
    try:
        text = str(e)
    except BaseException:
        text = ""
    return text or type(e).__name__


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
            with call.changed:
                call.task = self.loop, task
                if call.cancelled:
                    task.cancel()
        try:
            return self.loop.run_until_complete(task)
        finally:
            if call is not None:
                with call.changed:
                    call.task = None


def _log(text):
    import logging

    logging.getLogger("gunicorn.error").exception(text)
