"""Calls to dirty workers, from threads, greenlets and asyncio tasks.

A client may be used by any number of threads and tasks at once, and after a
fork. Where its address is the one of this server's own dirty arbiter all the
calls of the process go over one link; else over connections to that address,
one call at a time on each, in Gunicorn's own frames.
"""

import os

from . import _turns
from ._turns import deadline_of
from .errors import DirtyConnectionError, DirtyError, DirtyTimeoutError

FALLBACK_TIMEOUT = 300.0  # as the setting dirty_timeout's default

_settings_timeout = None


def _server_timeout():
    """How long to wait where the caller does not say: longer than the dirty
    arbiter lets a call wait and run, so that its answer comes first."""
    global _settings_timeout
    if _settings_timeout is None:
        try:
            import _greencorn_settings

            _settings_timeout = float(
                _greencorn_settings.values()["dirty_timeout"])
        except (ImportError, AttributeError, KeyError, TypeError, ValueError,
                RuntimeError):
            return 2 * FALLBACK_TIMEOUT + 5
    return 2 * _settings_timeout + 5 if _settings_timeout else None


def _request(app_path, action, args, kwargs):
    return {"app_path": app_path, "action": action, "args": args,
            "kwargs": kwargs}


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
    """Calls applications of the dirty arbiter at socket_path. timeout: how
    long a call, or the next item of a stream, may take, in seconds; None:
    somewhat longer than the setting dirty_timeout lets it."""

    def __init__(self, socket_path, timeout=None):
        self.socket_path = socket_path
        self._given_timeout = timeout
        self._linked = _turns.link is not None and \
            _turns.link.serves(socket_path)
        self._pool = _turns.Pool(socket_path)

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

    def _broken(self, e):
        return DirtyConnectionError(f"Communication error: {e}",
                                    self.socket_path)

    # --- threads

    def _begin(self, kind, value, deadline):
        if self._linked:
            try:
                return _turns.LinkTurn(kind, value, self.socket_path,
                                       deadline)
            except ConnectionError:  # no arbiter behind the door (any more)
                pass
        return _turns.NamedTurn(self._pool, kind, value, deadline)

    def _exchange(self, kind, value):
        """The answer to a message that has one."""
        timeout = self.timeout
        deadline = deadline_of(timeout)
        turn = None
        try:
            turn = self._begin(kind, value, deadline)
            return turn.next(deadline)
        except TimeoutError as e:
            raise DirtyTimeoutError("Timeout waiting for dirty app response",
                                    timeout) from e
        except OSError as e:
            raise self._broken(e) from e
        finally:
            if turn is not None:
                turn.close()

    def execute(self, app_path, action, *args, **kwargs):
        """What the action returns; raises a DirtyError."""
        return _result_of(self._exchange(
            "request", _request(app_path, action, args, kwargs)))

    def stream(self, app_path, action, *args, **kwargs):
        """An iterator over what the action yields. The call begins with the
        first item that is asked for; close() ends it early."""
        return DirtyStreamIterator(self, app_path, action, args, kwargs)

    def connect(self):
        """Opens a connection now, so that its failure shows now."""
        if not self._linked:
            self._pool.give(self._pool.open(deadline_of(self.timeout)))

    def close(self):
        """Connections are closed; calls make new ones."""
        self._pool.close()

    # --- tasks

    async def _begin_async(self, kind, value):
        if self._linked:
            turn = _turns.AsyncLinkTurn(kind, value, self.socket_path)
            try:
                await turn.begin()
                return turn
            except ConnectionError:
                pass
        turn = _turns.AsyncNamedTurn(self._pool, kind, value)
        try:
            await turn.begin()
        except BaseException:
            turn.close()
            raise
        return turn

    async def execute_async(self, app_path, action, *args, **kwargs):
        """As execute. A task that is cancelled cancels its call."""
        timeout = self.timeout
        turn = None
        try:
            turn = await self._begin_async(
                "request", _request(app_path, action, args, kwargs))
            message = await turn.next(timeout)
        except TimeoutError as e:
            raise DirtyTimeoutError("Timeout waiting for dirty app response",
                                    timeout) from e
        except OSError as e:
            raise self._broken(e) from e
        finally:
            if turn is not None:
                turn.close()
        return _result_of(message)

    def stream_async(self, app_path, action, *args, **kwargs):
        """As stream, for `async for`; aclose() ends it early."""
        return DirtyAsyncStreamIterator(self, app_path, action, args, kwargs)

    async def connect_async(self):
        if not self._linked:
            self._pool.give_async(await self._pool.open_async())

    async def close_async(self):
        self.close()
        idle = self._pool.idle_async()
        while idle:
            idle.pop()[1].close()


class _Stream:
    """What both kinds of iterators share."""

    _turn = None

    def __init__(self, client, app_path, action, args, kwargs):
        self.client = client
        self._request = _request(app_path, action, args, kwargs)
        self._exhausted = False

    def _close(self):
        self._exhausted = True
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.close()

    def __del__(self):
        self._close()

    def _timed_out(self):
        return DirtyTimeoutError("Timeout waiting for next chunk",
                                 self.client.timeout)

    def _item(self, message, stop):
        kind = message["type"]
        if kind == "chunk":
            return message.get("data")
        self._close()
        if kind == "end":
            raise stop
        return _result_of(message)  # it does not stream: one item


class DirtyStreamIterator(_Stream):
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
        deadline = deadline_of(client.timeout)
        try:
            if self._turn is None:
                self._turn = client._begin("request", self._request, deadline)
                self._request = None
            message = self._turn.next(deadline)
        except TimeoutError as e:
            self._close()
            raise self._timed_out() from e
        except OSError as e:
            self._close()
            raise client._broken(e) from e
        except BaseException:
            self._close()
            raise
        return self._item(message, StopIteration)

    def close(self):
        """Nothing more is wanted: the generator in the worker is closed."""
        self._close()


class DirtyAsyncStreamIterator(_Stream):
    def __aiter__(self):
        return self

    async def __aenter__(self):
        return self

    async def __aexit__(self, *exc):
        await self.aclose()

    async def __anext__(self):
        if self._exhausted:
            raise StopAsyncIteration
        client = self.client
        try:
            if self._turn is None:
                self._turn = await client._begin_async(
                    "request", self._request)
                self._request = None
            message = await self._turn.next(client.timeout)
        except TimeoutError as e:
            self._close()
            raise self._timed_out() from e
        except OSError as e:
            self._close()
            raise client._broken(e) from e
        except BaseException:
            self._close()
            raise
        return self._item(message, StopAsyncIteration)

    async def aclose(self):
        """Nothing more is wanted: the generator in the worker is closed."""
        self._close()


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
    client = _clients.get((path, timeout))
    if client is None:
        client = _clients.setdefault((path, timeout),
                                     DirtyClient(path, timeout))
    return client


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
