"""Tables that all callers and dirty workers share, held by the dirty arbiter
and gone with it.

    from gunicorn.dirty import stash

    stash.put("sessions", "a", {"name": "Alice"})
    stash.get("sessions", "b", default=None)
    stash.table("sessions")["a"]
"""

from . import client
from .errors import DirtyError
from .protocol import (STASH_OP_CLEAR, STASH_OP_DELETE, STASH_OP_DELETE_TABLE,
                       STASH_OP_ENSURE, STASH_OP_EXISTS, STASH_OP_GET,
                       STASH_OP_INFO, STASH_OP_KEYS, STASH_OP_PUT,
                       STASH_OP_TABLES)


class StashError(DirtyError):
    """The stash could not do it."""


class StashTableNotFoundError(StashError):
    def __init__(self, table_name):
        super().__init__(f"Stash table not found: {table_name}")
        self.table_name = table_name


class StashKeyNotFoundError(StashError):
    def __init__(self, table_name, key):
        super().__init__(f"Key not found in {table_name}: {key}")
        self.table_name = table_name
        self.key = key


class StashClient:
    """The stash of the dirty arbiter at socket_path; for any number of
    threads."""

    def __init__(self, socket_path, timeout=30.0):
        self.socket_path = socket_path
        self.timeout = timeout
        self._client = client.DirtyClient(socket_path, timeout)

    def _execute(self, op, table, key=None, value=None, pattern=None):
        request = {"op": op, "table": table}
        for name, given in (("key", key), ("value", value),
                            ("pattern", pattern)):
            if given is not None:
                request[name] = given
        try:
            answer = self._client._exchange("stash", request)
        except DirtyError as e:
            raise StashError(e.message, e.details) from e
        if answer["type"] == "response":
            return answer.get("result")
        error = answer.get("error") or {}
        if error.get("error_type") == "StashTableNotFoundError":
            raise StashTableNotFoundError(table)
        if error.get("error_type") == "StashKeyNotFoundError":
            raise StashKeyNotFoundError(table, key)
        raise StashError(error.get("message", "Unknown error"))

    def put(self, table, key, value):
        """Stores value; makes the table where there is none."""
        return self._execute(STASH_OP_PUT, table, key, value)

    def get(self, table, key, default=None):
        try:
            return self._execute(STASH_OP_GET, table, key)
        except StashKeyNotFoundError:
            return default

    def _get(self, table, key):
        return self._execute(STASH_OP_GET, table, key)

    def delete(self, table, key):
        """Whether it was there."""
        return self._execute(STASH_OP_DELETE, table, key)

    def keys(self, table, pattern=None):
        """All, or those that match a pattern such as "user:*"."""
        return self._execute(STASH_OP_KEYS, table, pattern=pattern)

    def clear(self, table):
        return self._execute(STASH_OP_CLEAR, table)

    def info(self, table):
        """{"table": its name, "size": how many keys it has}"""
        return self._execute(STASH_OP_INFO, table)

    def ensure(self, table):
        """There is such a table afterwards."""
        return self._execute(STASH_OP_ENSURE, table)

    def exists(self, table, key=None):
        """Is there such a key or, without one, such a table?"""
        return self._execute(STASH_OP_EXISTS, table, key)

    def delete_table(self, table):
        """Whether it was there."""
        return self._execute(STASH_OP_DELETE_TABLE, table)

    def tables(self):
        return self._execute(STASH_OP_TABLES, "")

    def table(self, name):
        return StashTable(self, name)

    def close(self):
        self._client.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


class StashTable:
    """A table that looks like a dict."""

    def __init__(self, stash, name):
        self._stash = stash
        self._name = name

    @property
    def name(self):
        return self._name

    def __getitem__(self, key):
        try:
            return self._stash._get(self._name, key)
        except StashKeyNotFoundError:
            raise KeyError(key) from None

    def __setitem__(self, key, value):
        self._stash.put(self._name, key, value)

    def __delitem__(self, key):
        if not self._stash.delete(self._name, key):
            raise KeyError(key)

    def __contains__(self, key):
        return self._stash.exists(self._name, key)

    def __iter__(self):
        return iter(self.keys())

    def __len__(self):
        try:
            return self._stash.info(self._name)["size"]
        except StashTableNotFoundError:
            return 0

    def get(self, key, default=None):
        return self._stash.get(self._name, key, default)

    def keys(self, pattern=None):
        return self._stash.keys(self._name, pattern)

    def clear(self):
        self._stash.clear(self._name)

    def items(self):
        """Pairs; what is deleted meanwhile is left out."""
        for key in self.keys():
            try:
                yield key, self[key]
            except KeyError:
                pass

    def values(self):
        for _, value in self.items():
            yield value


_socket_path = None
_clients = {}


def set_stash_socket_path(path):
    global _socket_path
    _socket_path = path


def get_stash_socket_path():
    if _socket_path:
        return _socket_path
    try:
        return client.get_dirty_socket_path()
    except DirtyError as e:
        raise StashError(e.message.replace("Dirty", "Stash", 1)) from None


def _get_client():
    path = get_stash_socket_path()
    return _clients.setdefault(path, StashClient(path))


def put(table, key, value):
    return _get_client().put(table, key, value)


def get(table, key, default=None):
    return _get_client().get(table, key, default)


def delete(table, key):
    return _get_client().delete(table, key)


def keys(table, pattern=None):
    return _get_client().keys(table, pattern)


def clear(table):
    return _get_client().clear(table)


def info(table):
    return _get_client().info(table)


def ensure(table):
    return _get_client().ensure(table)


def exists(table, key=None):
    return _get_client().exists(table, key)


def delete_table(table):
    return _get_client().delete_table(table)


def tables():
    return _get_client().tables()


def table(name):
    return _get_client().table(name)
