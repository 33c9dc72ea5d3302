"""A call's turn: the request, then what comes back. Over the process's link
to its server's dirty arbiter, or over a connection to an address.

A connection carries one call at a time, and goes back to its pool only when
that call's answer has been read to its end; whatever else happens, it is
closed, which also tells the dirty arbiter that nobody waits any more. On a
link each call has an id that is never used again. Either way no call can read
what was meant for another one.

A turn has next(), which gives messages as dicts, and close(), which cancels
what is not over. TimeoutError and OSError are for who waits to translate.
"""

import itertools
import os
import socket
import time

from . import protocol
from .errors import DirtyConnectionError, DirtyProtocolError

try:
    from greencorn import _dirty_link as link
except ImportError:  # a Python that is not of a server
    link = None

IDLE_MAX = 32  # connections that a pool keeps
CONNECT_PAUSE = 0.01
SECONDS_MAX = 1e6  # of one wait; sockets take no more than 24 days
OVER = frozenset(("response", "error", "end"))

ids = itertools.count(int.from_bytes(os.urandom(7), "big"))


def deadline_of(timeout):
    return None if timeout is None else time.monotonic() + timeout


def left(deadline):
    """Seconds; None: no limit. TimeoutError."""
    if deadline is None:
        return None
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return min(seconds, SECONDS_MAX)


# --- over the link

if link is not None:
    KINDS = {"request": link.REQUEST, "stash": link.STASH}
    NAMES = {link.RESPONSE: "response", link.ERROR: "error",
             link.CHUNK: "chunk", link.END: "end"}


def _message(kind, value, path):
    if kind in (link.GONE, link.REFUSED):
        raise DirtyConnectionError(
            "Communication error: the dirty arbiter has ended", path)
    if isinstance(value, Exception):
        raise value
    if value is None:
        value = {}
    value["type"] = NAMES[kind]
    return value


class LinkTurn:
    """ConnectionError: there is no way through the door."""

    def __init__(self, kind, value, path, deadline):
        self.request = KINDS[kind], value
        self.path = path
        self.call = link.begin(*self.request, deadline)

    def next(self, deadline):
        kind, value = self.call.next(deadline)
        # Once some of its answer is there it cannot begin again.
        while kind == link.REFUSED and self.request is not None:
            left(deadline)
            self.call = link.begin(*self.request, deadline)
            kind, value = self.call.next(deadline)
        self.request = None
        return _message(kind, value, self.path)

    def close(self):
        self.call.cancel()


class AsyncLinkTurn:
    def __init__(self, kind, value, path):
        self.request = KINDS[kind], value
        self.path = path
        self.call = None

    async def begin(self):
        self.call = await link.begin_async(*self.request)

    async def next(self, timeout):
        deadline = deadline_of(timeout)
        kind, value = await self.call.next_async(timeout)
        while kind == link.REFUSED and self.request is not None:
            await self.begin()
            kind, value = await self.call.next_async(left(deadline))
        self.request = None
        return _message(kind, value, self.path)

    def close(self):
        if self.call is not None:
            self.call.cancel()


# --- over connections

def _address(path):
    return "\0" + path[1:] if path.startswith("@") else path


def _unreachable(e, path):
    return DirtyConnectionError(f"Failed to connect to dirty arbiter: {e}",
                                path)


def _lost(e, path):
    """A connection that ended is one that failed."""
    if e.message.startswith(("Connection closed", "Incomplete")):
        return DirtyConnectionError(f"Communication error: {e.message}", path)
    return e


def _is_quiet(sock):
    """Still open, and nothing has come that nobody asked for."""
    try:
        sock.settimeout(0)
        sock.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False


def _wire_message(kind, value):
    """(its id on the wire, its pieces)"""
    message = {"type": kind, "id": next(ids), **value}
    parts = protocol._joined(protocol.encode_parts(message))
    return protocol.number_of_id(message["id"]), list(parts)


def _checked(message, request_id):
    if message["id"] != request_id:
        raise DirtyProtocolError(
            f"Answer to another call: {message['id']} instead of {request_id}")
    return message


class Pool:
    """The connections of a client: of threads, and of each event loop."""

    def __init__(self, path):
        self.path = path
        self._idle = []
        self._pid = os.getpid()
        self._loops = None  # event loop -> its idle connections

    def idle(self):
        if self._pid != os.getpid():  # after a fork they are the parent's
            for sock in self._idle:
                sock.close()
            self._idle = []
            self._loops = None
            self._pid = os.getpid()
        return self._idle

    def open(self, deadline):
        while True:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                sock.settimeout(left(deadline))
                sock.connect(_address(self.path))
                return sock
            except BlockingIOError:  # its backlog is full just now
                sock.close()
                left(deadline)
                time.sleep(CONNECT_PAUSE)
            except TimeoutError:
                sock.close()
                raise
            except OSError as e:
                sock.close()
                raise _unreachable(e, self.path) from e
            except BaseException:
                sock.close()
                raise

    def take(self, deadline):
        """(connection, whether it has been used before)"""
        idle = self.idle()
        while idle:
            try:
                sock = idle.pop()
            except IndexError:
                break
            if _is_quiet(sock):
                return sock, True
            sock.close()
        return self.open(deadline), False

    def give(self, sock):
        if self._pid == os.getpid() and len(self._idle) < IDLE_MAX:
            self._idle.append(sock)
        else:
            sock.close()

    def close(self):
        idle = self.idle()
        while idle:
            idle.pop().close()

    # --- of the running loop

    def idle_async(self):
        import asyncio
        import weakref

        self.idle()
        if self._loops is None:
            self._loops = weakref.WeakKeyDictionary()
        return self._loops.setdefault(asyncio.get_running_loop(), [])

    async def open_async(self):
        import asyncio

        while True:
            try:
                return await asyncio.open_unix_connection(
                    _address(self.path))
            except BlockingIOError:
                await asyncio.sleep(CONNECT_PAUSE)
            except OSError as e:
                raise _unreachable(e, self.path) from e

    async def take_async(self):
        idle = self.idle_async()
        while idle:
            reader, writer = idle.pop()
            if not reader.at_eof() and not writer.is_closing():
                return reader, writer
            writer.close()
        return await self.open_async()

    def give_async(self, pair):
        idle = self.idle_async()
        if len(idle) < IDLE_MAX:
            idle.append(pair)
        else:
            pair[1].close()


class NamedTurn:
    def __init__(self, pool, kind, value, deadline):
        self.pool = pool
        self.request_id, self.parts = _wire_message(kind, value)
        self.sock = None
        self._begin(deadline)

    def _begin(self, deadline):
        self.sock, used = self.pool.take(deadline)
        try:
            try:
                self._send(deadline)
            except (BrokenPipeError, ConnectionResetError):
                # It was closed meanwhile: nobody has read the request.
                self.sock.close()
                if not used:
                    raise
                self.sock = self.pool.open(deadline)
                self._send(deadline)
        except BaseException:
            self.close()
            raise

    def _send(self, deadline):
        self.sock.settimeout(left(deadline))
        for part in self.parts:
            self.sock.sendall(part)

    def _receive(self, deadline):
        self.sock.settimeout(left(deadline))
        return protocol.BinaryProtocol.read_message(self.sock)

    def next(self, deadline):
        try:
            try:
                message = self._receive(deadline)
            except ConnectionResetError:
                # The other side closed without having read it all.
                if self.parts is None:
                    raise
                self.sock.close()
                self._begin(deadline)
                message = self._receive(deadline)
            self.parts = None
            _checked(message, self.request_id)
        except DirtyProtocolError as e:
            raise _lost(e, self.pool.path) from e
        if message["type"] in OVER:
            sock, self.sock = self.sock, None
            self.pool.give(sock)
        return message

    def close(self):
        sock, self.sock = self.sock, None
        if sock is not None:
            sock.close()


class AsyncNamedTurn:
    def __init__(self, pool, kind, value):
        self.pool = pool
        self.request_id, self.parts = _wire_message(kind, value)
        self.pair = None

    async def begin(self):
        self.pair = await self.pool.take_async()
        writer = self.pair[1]
        for part in self.parts:
            writer.write(part)
        await writer.drain()

    def _receive(self):
        return protocol.BinaryProtocol.read_message_async(self.pair[0])

    async def _next(self):
        try:
            message = await self._receive()
        except ConnectionResetError:
            if self.parts is None:
                raise
            self.pair[1].close()
            await self.begin()
            message = await self._receive()
        self.parts = None
        return _checked(message, self.request_id)

    async def next(self, timeout):
        import asyncio

        try:
            message = await asyncio.wait_for(self._next(), timeout)
        except DirtyProtocolError as e:
            raise _lost(e, self.pool.path) from e
        except EOFError as e:
            raise ConnectionError(e) from e
        if message["type"] in OVER:
            pair, self.pair = self.pair, None
            self.pool.give_async(pair)
        return message

    def close(self):
        pair, self.pair = self.pair, None
        if pair is not None:
            try:
                pair[1].close()
            except RuntimeError:  # its loop is closed
                pass
