"""Long work in processes of its own, called from where requests are served."""

from . import stash
from .app import DirtyApp
from .arbiter import DirtyArbiter
from .client import (DirtyClient, close_dirty_client, close_dirty_client_async,
                     get_dirty_client, get_dirty_client_async,
                     set_dirty_socket_path)
from .errors import (DirtyAppError, DirtyAppNotFoundError,
                     DirtyConnectionError, DirtyError,
                     DirtyNoWorkersAvailableError, DirtyProtocolError,
                     DirtyTimeoutError, DirtyWorkerError)
from .stash import (StashClient, StashError, StashKeyNotFoundError, StashTable,
                    StashTableNotFoundError)

__all__ = [
    "DirtyApp", "DirtyAppError", "DirtyAppNotFoundError",
    "DirtyArbiter", "DirtyClient",
    "DirtyConnectionError", "DirtyError", "DirtyNoWorkersAvailableError",
    "DirtyProtocolError", "DirtyTimeoutError", "DirtyWorkerError",
    "StashClient", "StashError", "StashKeyNotFoundError", "StashTable",
    "StashTableNotFoundError",
    "close_dirty_client", "close_dirty_client_async", "get_dirty_client",
    "get_dirty_client_async", "set_dirty_socket_path", "stash",
]
