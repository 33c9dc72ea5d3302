"""A process's link to the dirty arbiter of its server: many calls on it, by
id, from threads, greenlets and asyncio tasks at once.

Of the threads that wait one reads, the leader, and passes on what is not for
itself; when it has its own another one leads. A loop of asyncio watches the
link, and reads while no thread leads. Nothing here blocks but poll(), which
gevent replaces; whoever cannot send at once leaves the rest in a queue that
the next one goes on with. A link that has ended is forgotten, and the next
call makes a new one: after a fork, too.
"""

import _socket
import itertools
import os
import select
import struct
import sys
import threading
import time
import weakref
from collections import deque

import _greencorn_dirty

# As in src/dirty/dirty_frame.h and dirty_state.h.
REQUEST, RESPONSE, ERROR, CHUNK, END = 1, 2, 3, 4, 5
STASH = 0x10
(HELLO, READY, LEAVING, DONE, CANCEL, CREDIT, STOP, MAKING,
 REFUSED) = range(0x20, 0x29)
GONE = -1  # the link has ended; never on it
LINKED = 2
ENVELOPE = struct.Struct("=IBBHQ")
WINDOW = 256 << 10  # bytes that a stream may have under way

PAUSE = 0.01  # before the next attempt, where too many knock
POLL_MAX = 1e6  # seconds; poll takes no more than 24 days

pack = _greencorn_dirty.pack
send = _greencorn_dirty.send


def _rest(parts, sent):
    """What of parts is left when so many bytes have been sent."""
    left = []
    for part in parts:
        view = memoryview(part).cast("B")
        if sent < len(view):
            left.append(view[sent:] if sent else part)
        sent = max(0, sent - len(view))
    return left


class Wire:
    """Messages over a descriptor, which becomes its own. Any thread may
    write; one at a time may read."""

    def __init__(self, fd):
        self.fd = fd
        self.sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM, 0, fd)
        self.reader = _greencorn_dirty.Reader(fd)
        self.out = deque()  # (parts, call or None)
        self.last = None    # the call whose request was sent last, if nothing
                            # has been sent since
        self.writing = threading.Lock()
        self.polls = select.poll()
        self.blocked = self.watches_out = False
        self.polls.register(fd, select.POLLIN)

    def pump(self):
        """Sends what there is. False: the rest must wait. May be called
        anywhere, by a finalizer, too: it waits for no lock."""
        while self.out:
            if not self.writing.acquire(False):
                return True  # whoever sends looks again
            try:
                while self.out:
                    parts, call = self.out[0]
                    n = send(self.fd, parts)
                    self.blocked = False
                    self.last = call
                    if len(parts) > 1 or n < len(parts[0]):
                        parts = _rest(parts, n)
                        if parts:
                            self.out[0] = parts, call
                            continue
                    self.out.popleft()
            except BlockingIOError:
                self.blocked = True
                return False
            except OSError:
                self.cannot_send()
            finally:
                self.writing.release()
        return True

    def cannot_send(self):
        self.out.clear()

    def drain(self, deadline=None):
        """Waits until all is sent."""
        while not self.pump():
            poll = select.poll()
            poll.register(self.fd, select.POLLOUT)
            poll.poll(_ms(deadline))

    def wait_io(self, deadline=None):
        """For something to read, sending meanwhile; the reader's alone."""
        wants_out = self.blocked and bool(self.out)
        if wants_out != self.watches_out:
            self.watches_out = wants_out
            self.polls.modify(self.fd, select.POLLIN
                              | (select.POLLOUT if wants_out else 0))
        if not self.polls.poll(None if deadline is None else _ms(deadline)):
            _ms(deadline)
        if wants_out:
            self.pump()


def _ms(deadline):
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return int(min(left, POLL_MAX) * 1000) + 1


class Call:
    """One call. next() and next_async() give what comes, as (type, value);
    after anything but CHUNK it is over."""

    __slots__ = ("link", "id", "inbox", "lock", "future", "unpaid")

    def __init__(self, link, call_id):
        self.link = link
        self.id = call_id
        self.inbox = deque()
        self.lock = None    # held; released to wake its thread
        self.future = None  # (loop, future) of the task that waits
        self.unpaid = 0     # bytes read that the worker does not know of

    def _taken(self):
        if not self.link.is_ours:
            return GONE, None
        kind, size, value = self.inbox.popleft()
        if kind == CHUNK:
            self.unpaid += size
            if self.unpaid >= WINDOW // 2:
                self.link.write([ENVELOPE.pack(8, CREDIT, 1, 0, self.id)
                                 + self.unpaid.to_bytes(8, sys.byteorder)])
                self.unpaid = 0
        return kind, value

    def next(self, deadline=None):
        if not self.inbox and self.link.is_ours:
            self.link.wait(self, deadline)
        return self._taken()

    async def next_async(self, timeout=None):
        if not self.inbox and self.link.is_ours:
            await self.link.wait_async(self, timeout)
        return self._taken()

    def cancel(self):
        """Nobody waits for it any more; nothing happens once it is over."""
        self.link.cancel(self)


class Link(Wire):
    def __init__(self):
        super().__init__(_greencorn_dirty.knock())
        self.ids = itertools.count(1)
        self.open = self.is_ours = True
        self.calls = {}     # id -> Call
        # Of the two below and of inboxes. A finalizer may come in between,
        # and end a call of its own.
        self.mutex = threading.RLock()
        self.leader = None  # the thread that reads
        self.sleepers = {}  # id -> Call whose thread waits for its lock
        self.loops = weakref.WeakSet()  # that watch it

    # --- sending

    def begin(self, kind, value):
        """A new call; drain() must follow where pump() has not sent all."""
        call = Call(self, next(self.ids))
        parts = pack(LINKED, kind, call.id, value)
        self.calls[call.id] = call
        self.out.append((parts, call))
        self.pump()
        if not self.open:
            self.refuse(call)
        return call

    def write(self, parts):
        if self.open:
            self.out.append((parts, None))
            self.pump()

    def cannot_send(self):
        """The other side takes no more: what is here was not begun. Answers
        may still come."""
        _forget(self)
        while self.out:
            _, call = self.out.popleft()
            if call is not None:
                self.refuse(call)

    def refuse(self, call):
        if self.calls.pop(call.id, None) is not None:
            self.deliver(call, REFUSED, 0, None)

    def cancel(self, call):
        if self.calls.pop(call.id, None) is not None:
            self.write([ENVELOPE.pack(0, CANCEL, 1, 0, call.id)])

    # --- receiving

    def read(self):
        """Passes on what there is; by who leads."""
        try:
            messages = self.reader.read()
        except ConnectionResetError:
            # It was closed before all had been read: the last was not begun.
            if self.last is not None:
                self.refuse(self.last)
            self.end()
            return
        except Exception:
            self.end()
            return
        calls = self.calls
        for kind, _, call_id, size, value in messages:
            if kind == CHUNK:
                call = calls.get(call_id)
            else:
                call = calls.pop(call_id, None)
                if kind == LEAVING:
                    _forget(self)
            if call is not None:
                if call is self.last:
                    self.last = None  # it has been read
                self.deliver(call, kind, size, value)

    def deliver(self, call, kind, size, value):
        with self.mutex:
            call.inbox.append((kind, size, value))
            woken = self.sleepers.pop(call.id, None)
            future, call.future = call.future, None
        if woken is not None:
            woken.lock.release()
        if future is not None:
            self.wake(*future)

    def wake(self, loop, future):
        if sys.modules["asyncio"]._get_running_loop() is loop:
            _resolve(future)
            return
        try:
            loop.call_soon_threadsafe(_resolve, future)
        except RuntimeError:  # it has been closed
            pass

    def end(self):
        """Nothing more comes: every call is told."""
        self.open = False
        _forget(self)
        while self.calls:
            try:
                _, call = self.calls.popitem()
            except KeyError:
                break
            self.deliver(call, GONE, 0, None)

    def step_down(self):
        """Who led does not any more; one of the others does."""
        with self.mutex:
            self.leader = None
            try:
                _, call = self.sleepers.popitem()
            except KeyError:
                return
        call.lock.release()

    # --- threads

    def wait(self, call, deadline):
        """Until call.inbox has something. TimeoutError."""
        me = threading.get_ident()
        while not call.inbox:
            with self.mutex:
                if call.inbox:
                    return
                before = self.leader
                if before is None or before == me:
                    self.leader = me
                else:
                    if call.lock is None:
                        call.lock = threading.Lock()
                        call.lock.acquire()
                    self.sleepers[call.id] = call
            if before is None:
                try:
                    self.lead(call, deadline)
                finally:
                    self.step_down()
            elif before == me:  # in a signal's handler, while it waited
                self.lead(call, deadline)
            else:
                self.follow(call, deadline)

    def lead(self, call, deadline):
        while not call.inbox:
            self.wait_io(deadline)
            self.read()

    def follow(self, call, deadline):
        woken = False
        try:
            woken = call.lock.acquire(
                timeout=-1 if deadline is None
                else max(0, deadline - time.monotonic()))
        finally:
            if not woken:
                with self.mutex:
                    late = self.sleepers.pop(call.id, None) is None
                    lost = late and self.leader is None
                if late:
                    call.lock.acquire()  # it is being released
                if lost:
                    self.step_down()  # another one must lead instead
        if not woken and not call.inbox:
            raise TimeoutError

    # --- asyncio

    async def wait_async(self, call, timeout):
        import asyncio

        loop = asyncio.get_running_loop()
        if loop not in self.loops:
            self.loops.add(loop)
            loop.add_reader(self.fd, self.on_readable, loop)
        if self.out and not self.pump():
            loop.add_writer(self.fd, self.on_writable, loop)
        future = loop.create_future()
        with self.mutex:
            if call.inbox:
                return
            call.future = loop, future
        timer = None
        if timeout is not None:
            timer = loop.call_later(timeout, _time_out, future)
        try:
            await future
        finally:
            call.future = None
            if timer is not None:
                timer.cancel()

    def on_readable(self, loop):
        if not self.open:
            self.loops.discard(loop)
            loop.remove_reader(self.fd)
            return
        with self.mutex:
            leads = self.leader is None
            if leads:
                self.leader = threading.get_ident()
        if leads:  # else a thread reads
            try:
                self.read()
            finally:
                self.step_down()

    def on_writable(self, loop):
        if self.pump():
            loop.remove_writer(self.fd)


def _resolve(future):
    if not future.done():
        future.set_result(None)


def _time_out(future):
    if not future.done():
        future.set_exception(TimeoutError())


# --- the process's link

_link = None
_making = threading.Lock()


def _forget(link):
    """It takes no more calls."""
    global _link
    if _link is link:
        _link = None


def _after_fork():
    """What was begun before is the parent's."""
    global _link, _making
    link, _link, _making = _link, None, threading.Lock()
    if link is None:
        return
    link.open, link.is_ours = False, False
    link.calls = {}
    link.sock.close()


os.register_at_fork(after_in_child=_after_fork)


def serves(path):
    """Is that address the one of this server's own dirty arbiter?"""
    return path is not None and path == _greencorn_dirty.address()


def _current():
    global _link
    link = _link
    if link is None:
        with _making:
            link = _link
            if link is None:
                link = _link = Link()
    return link


def begin(kind, value, deadline=None):
    """A call that has been sent. BlockingIOError never; TimeoutError;
    ConnectionError: there is no way through the door; DirtyProtocolError."""
    while True:
        try:
            link = _current()
        except BlockingIOError:
            _ms(deadline)
            time.sleep(PAUSE)
            continue
        call = link.begin(kind, value)
        if link.out:
            try:
                link.drain(deadline)
            except BaseException:
                call.cancel()
                raise
        return call


async def begin_async(kind, value):
    """The same; what cannot be sent at once goes while next_async waits."""
    import asyncio

    while True:
        try:
            return _current().begin(kind, value)
        except BlockingIOError:
            await asyncio.sleep(PAUSE)
