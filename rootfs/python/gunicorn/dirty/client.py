"""Calls to dirty workers, from threads, greenlets and asyncio tasks.

A connection carries one call at a time, and goes back to its client's pool
only when that call's answer has been read to its end; whatever else happens,
it is closed, which also tells the dirty arbiter that nobody waits any more.
So no call can ever read what was meant for another one. A client may be used
by any number of threads and tasks at once, and after a fork.
"""

import itertools
import os
import socket
import time

from . import protocol
from .errors import (DirtyConnectionError, DirtyError, DirtyProtocolError,
                     DirtyTimeoutError)

IDLE_MAX = 32  # connections that a client keeps
FALLBACK_TIMEOUT = 300.0  # as the setting dirty_timeout's default
CONNECT_PAUSE = 0.01

_ids = itertools.count(int.from_bytes(os.urandom(7), "big"))


def _server_timeout():
    """How long to wait where the caller does not say: longer than the dirty
    arbiter lets a call wait and run, so that its answer comes first."""
    seconds = FALLBACK_TIMEOUT
    try:
        import _greencorn_settings

        seconds = float(_greencorn_settings.values()["dirty_timeout"])
    except (ImportError, AttributeError, KeyError, TypeError, ValueError,
            RuntimeError):
        pass
    return 2 * seconds + 5 if seconds else None


def _address(path):
    return "\0" + path[1:] if path.startswith("@") else path


def _request(app_path, action, args, kwargs):
    return _encoded(protocol.make_request(
        next(_ids), app_path, action, args, kwargs))


def _encoded(message):
    """(its id on the wire, its pieces)"""
    parts = protocol._joined(protocol.encode_parts(message))
    return protocol.number_of_id(message["id"]), list(parts)


def _checked(message, request_id):
    if message["id"] != request_id:
        raise DirtyProtocolError(
            f"Answer to another call: {message['id']} instead of {request_id}")
    return message


def _error_of(message):
    error = message.get("error")
    if not isinstance(error, dict):
        error = {"message": str(error)}
    return DirtyError.from_dict(error)


def _result_of(message):
    kind = message["type"]
    if kind == "response":
        return message.get("result")
    if kind == "error":
        raise _error_of(message)
    if kind in ("chunk", "end"):
        raise DirtyError("The action streams: call it with stream() or "
                         "stream_async()")
    raise DirtyError(f"Unknown response type: {kind}")


class DirtyClient:
    """Calls applications of the dirty arbiter at socket_path."""

    def __init__(self, socket_path, timeout=None):
        self.socket_path = socket_path
        self._given_timeout = timeout
        self._idle = []
        self._pid = os.getpid()
        self._loops = None  # event loop -> its idle connections

    @property
    def timeout(self):
        if self._given_timeout is not None:
            return self._given_timeout
        return _server_timeout()

    @timeout.setter
    def timeout(self, seconds):
        self._given_timeout = seconds

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *exc):
        await self.close_async()

    # --- connections of threads

    def _pool(self):
        if self._pid != os.getpid():  # after a fork they are the parent's
            for sock in self._idle:
                sock.close()
            self._idle = []
            self._loops = None
            self._pid = os.getpid()
        return self._idle

    def _open(self, deadline):
        while True:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                sock.settimeout(_left(deadline))
                sock.connect(_address(self.socket_path))
                return sock
            except BlockingIOError:  # its backlog is full just now
                sock.close()
                _left(deadline)
                time.sleep(CONNECT_PAUSE)
            except OSError as e:
                sock.close()
                raise self._unreachable(e) from e
            except BaseException:
                sock.close()
                raise

    def _unreachable(self, e):
        return DirtyConnectionError(
            f"Failed to connect to dirty arbiter: {e}", self.socket_path)

    def _take(self, deadline):
        """(connection, whether it has been used before)"""
        pool = self._pool()
        while pool:
            try:
                sock = pool.pop()
            except IndexError:
                break
            if _is_quiet(sock):
                return sock, True
            sock.close()
        return self._open(deadline), False

    def _give(self, sock):
        if self._pid == os.getpid() and len(self._idle) < IDLE_MAX:
            self._idle.append(sock)
        else:
            sock.close()

    def _begin(self, parts, deadline):
        """A connection on which the request has been sent."""
        sock, used = self._take(deadline)
        try:
            try:
                return self._send(sock, parts, deadline)
            except (BrokenPipeError, ConnectionResetError):
                # It was closed meanwhile: nobody has read the request.
                sock.close()
                if not used:
                    raise
                sock = self._open(deadline)
                return self._send(sock, parts, deadline)
        except BaseException:
            sock.close()
            raise

    @staticmethod
    def _send(sock, parts, deadline):
        sock.settimeout(_left(deadline))
        for part in parts:
            sock.sendall(part)
        return sock

    @staticmethod
    def _receive(sock, deadline):
        sock.settimeout(_left(deadline))
        return protocol.BinaryProtocol.read_message(sock)

    def connect(self):
        """Opens a connection now, so that its failure shows now."""
        self._give(self._open(_deadline(self.timeout)))

    def close(self):
        pool = self._pool()
        while pool:
            pool.pop().close()

    # --- calls of threads

    def _exchange(self, message):
        """The answer to a message that has one."""
        timeout = self.timeout
        request_id, parts = _encoded(message)
        deadline = _deadline(timeout)
        sock = None
        try:
            for again in (True, False):
                sock = self._begin(parts, deadline)
                try:
                    answer = self._receive(sock, deadline)
                    break
                except ConnectionResetError:
                    # The other side closed without having read it all.
                    if not again:
                        raise
                    sock.close()
            _checked(answer, request_id)
        except TimeoutError as e:
            _close(sock)
            raise DirtyTimeoutError("Timeout waiting for dirty app response",
                                    timeout) from e
        except DirtyProtocolError as e:
            _close(sock)
            raise _lost(e, self.socket_path) from e
        except OSError as e:
            _close(sock)
            raise DirtyConnectionError(
                f"Communication error: {e}", self.socket_path) from e
        except BaseException:
            _close(sock)
            raise
        if answer["type"] in ("response", "error"):
            self._give(sock)
        else:
            sock.close()
        return answer

    def execute(self, app_path, action, *args, **kwargs):
        """What the action returns; raises a DirtyError."""
        return _result_of(self._exchange(protocol.make_request(
            next(_ids), app_path, action, args, kwargs)))

    def stream(self, app_path, action, *args, **kwargs):
        """An iterator over what the action yields. The call begins with the
        first item that is asked for; close() ends it early."""
        return DirtyStreamIterator(self, app_path, action, args, kwargs)

    # --- connections of tasks

    def _loop_pool(self):
        import asyncio
        import weakref

        self._pool()
        if self._loops is None:
            self._loops = weakref.WeakKeyDictionary()
        return self._loops.setdefault(asyncio.get_running_loop(), [])

    async def _open_async(self):
        import asyncio

        while True:
            try:
                return await asyncio.open_unix_connection(
                    _address(self.socket_path))
            except BlockingIOError:
                await asyncio.sleep(CONNECT_PAUSE)
            except OSError as e:
                raise self._unreachable(e) from e

    async def _begin_async(self, parts):
        pool = self._loop_pool()
        while pool:
            reader, writer = pool.pop()
            if not reader.at_eof() and not writer.is_closing():
                break
            writer.close()
        else:
            reader, writer = await self._open_async()
        try:
            for part in parts:
                writer.write(part)
            await writer.drain()
        except BaseException:
            writer.close()
            raise
        return reader, writer

    def _give_async(self, pair):
        pool = self._loop_pool()
        if len(pool) < IDLE_MAX:
            pool.append(pair)
        else:
            pair[1].close()

    async def connect_async(self):
        self._give_async(await self._open_async())

    async def close_async(self):
        self.close()
        pool = self._loop_pool()
        while pool:
            pool.pop()[1].close()

    # --- calls of tasks

    async def _converse(self, parts, request_id):
        for again in (True, False):
            pair = await self._begin_async(parts)
            try:
                message = await protocol.BinaryProtocol.read_message_async(
                    pair[0])
                return pair, _checked(message, request_id)
            except ConnectionResetError:
                pair[1].close()
                if not again:
                    raise
            except BaseException:
                pair[1].close()
                raise

    async def execute_async(self, app_path, action, *args, **kwargs):
        """As execute. A task that is cancelled cancels its call."""
        import asyncio

        timeout = self.timeout
        request_id, parts = _request(app_path, action, args, kwargs)
        try:
            pair, message = await asyncio.wait_for(
                self._converse(parts, request_id), timeout)
        except TimeoutError as e:
            raise DirtyTimeoutError("Timeout waiting for dirty app response",
                                    timeout) from e
        except DirtyProtocolError as e:
            raise _lost(e, self.socket_path) from e
        except (OSError, EOFError) as e:
            raise DirtyConnectionError(
                f"Communication error: {e}", self.socket_path) from e
        if message["type"] in ("response", "error"):
            self._give_async(pair)
        else:
            pair[1].close()
        return _result_of(message)

    def stream_async(self, app_path, action, *args, **kwargs):
        """As stream, for `async for`; aclose() ends it early."""
        return DirtyAsyncStreamIterator(self, app_path, action, args, kwargs)


class _Stream:
    """What both kinds of iterators share."""

    def __init__(self, client, app_path, action, args, kwargs):
        self.client = client
        self._request_id, self._parts = _request(
            app_path, action, args, kwargs)
        self._exhausted = False

    def _timed_out(self, e):
        return DirtyTimeoutError("Timeout waiting for next chunk",
                                 self.client.timeout)

    def _broken(self, e):
        return DirtyConnectionError(f"Communication error: {e}",
                                    self.client.socket_path)


class DirtyStreamIterator(_Stream):
    _sock = None

    def __iter__(self):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def __next__(self):
        if self._exhausted:
            raise StopIteration
        client = self.client
        deadline = _deadline(client.timeout)
        try:
            if self._sock is None:
                self._sock = client._begin(self._parts, deadline)
                self._parts = None
            message = _checked(
                client._receive(self._sock, deadline), self._request_id)
        except TimeoutError as e:
            self.close()
            raise self._timed_out(e) from e
        except DirtyProtocolError as e:
            self.close()
            raise _lost(e, client.socket_path) from e
        except OSError as e:
            self.close()
            raise self._broken(e) from e
        except BaseException:
            self.close()
            raise
        if message["type"] == "chunk":
            return message.get("data")
        self._exhausted = True
        sock, self._sock = self._sock, None
        client._give(sock)
        if message["type"] == "end":
            raise StopIteration
        return _result_of(message)

    def close(self):
        """Nothing more is wanted: the generator in the worker is closed."""
        self._exhausted = True
        sock, self._sock = self._sock, None
        _close(sock)

    def __del__(self):
        self.close()


class DirtyAsyncStreamIterator(_Stream):
    _pair = None

    def __aiter__(self):
        return self

    async def __aenter__(self):
        return self

    async def __aexit__(self, *exc):
        await self.aclose()

    async def _next_message(self):
        if self._pair is None:
            self._pair = await self.client._begin_async(self._parts)
            self._parts = None
        return _checked(
            await protocol.BinaryProtocol.read_message_async(self._pair[0]),
            self._request_id)

    async def __anext__(self):
        import asyncio

        if self._exhausted:
            raise StopAsyncIteration
        client = self.client
        try:
            message = await asyncio.wait_for(
                self._next_message(), client.timeout)
        except TimeoutError as e:
            self._drop()
            raise self._timed_out(e) from e
        except DirtyProtocolError as e:
            self._drop()
            raise _lost(e, client.socket_path) from e
        except (OSError, EOFError) as e:
            self._drop()
            raise self._broken(e) from e
        except BaseException:
            self._drop()
            raise
        if message["type"] == "chunk":
            return message.get("data")
        self._exhausted = True
        pair, self._pair = self._pair, None
        client._give_async(pair)
        if message["type"] == "end":
            raise StopAsyncIteration
        return _result_of(message)

    def _drop(self):
        self._exhausted = True
        pair, self._pair = self._pair, None
        if pair is not None:
            try:
                pair[1].close()
            except RuntimeError:  # its loop is closed
                pass

    async def aclose(self):
        """Nothing more is wanted: the generator in the worker is closed."""
        self._drop()

    def __del__(self):
        self._drop()


# --- time and sockets

def _deadline(timeout):
    return None if timeout is None else time.monotonic() + timeout


def _left(deadline):
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


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


def _close(sock):
    if sock is not None:
        sock.close()


def _lost(e, path):
    """A connection that ended is one that failed."""
    if e.message.startswith(("Connection closed", "Incomplete")):
        return DirtyConnectionError(f"Communication error: {e.message}", path)
    return e


# --- the process's own clients

_socket_path = None
_clients = {}


def set_dirty_socket_path(path):
    """Which dirty arbiter get_dirty_client's clients talk to."""
    global _socket_path
    _socket_path = path


def get_dirty_socket_path():
    path = _socket_path or os.environ.get("GUNICORN_DIRTY_SOCKET")
    if not path:
        raise DirtyError(
            "Dirty socket path not configured. Make sure dirty_workers > 0 "
            "and dirty_apps are configured.")
    return path


def get_dirty_client(timeout=None):
    """The client of this process for that timeout; without one it waits for
    as long as the setting dirty_timeout lets a call take."""
    path = get_dirty_socket_path()
    return _clients.setdefault((path, timeout), DirtyClient(path, timeout))


async def get_dirty_client_async(timeout=None):
    return get_dirty_client(timeout)


def close_dirty_client():
    while _clients:
        try:
            _clients.popitem()[1].close()
        except KeyError:
            break


async def close_dirty_client_async():
    while _clients:
        try:
            await _clients.popitem()[1].close_async()
        except KeyError:
            break
