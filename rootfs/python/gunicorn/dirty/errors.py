"""What can go wrong with a dirty call."""


class DirtyError(Exception):
    """Anything; message says what, details is a dict."""

    def __init__(self, message, details=None):
        self.message = message
        self.details = details or {}
        super().__init__(message)

    def __str__(self):
        return f"{self.message}: {self.details}" if self.details \
            else self.message

    def __reduce__(self):
        return _restored, (self.to_dict(),)

    def to_dict(self):
        return {"error_type": type(self).__name__, "message": self.message,
                "details": self.details}

    @classmethod
    def from_dict(cls, data):
        """The error of the class that data names, or a DirtyError."""
        kind = _BY_NAME.get(data.get("error_type"), DirtyError)
        details = data.get("details")
        error = kind.__new__(kind)
        DirtyError.__init__(error, data.get("message", "Unknown error"),
                            details if isinstance(details, dict) else {})
        for name in kind._fields:
            setattr(error, name, error.details.get(name))
        return error

    _fields = ()


class DirtyTimeoutError(DirtyError):
    """It took too long."""

    _fields = ("timeout",)

    def __init__(self, message="Operation timed out", timeout=None):
        super().__init__(message, {"timeout": timeout} if timeout else None)
        self.timeout = timeout


class DirtyConnectionError(DirtyError):
    """The dirty arbiter cannot be reached, or has gone."""

    _fields = ("socket_path",)

    def __init__(self, message="Connection failed", socket_path=None):
        super().__init__(
            message, {"socket_path": socket_path} if socket_path else None)
        self.socket_path = socket_path


class DirtyWorkerError(DirtyError):
    """The worker that ran the call is no more."""

    _fields = ("worker_id", "traceback")

    def __init__(self, message, worker_id=None, traceback=None):
        details = {}
        if worker_id is not None:
            details["worker_id"] = worker_id
        if traceback:
            details["traceback"] = traceback
        super().__init__(message, details)
        self.worker_id = worker_id
        self.traceback = traceback


class DirtyAppError(DirtyError):
    """The application raised; traceback is the worker's."""

    _fields = ("app_path", "action", "traceback")

    def __init__(self, message, app_path=None, action=None, traceback=None):
        details = {}
        if app_path:
            details["app_path"] = app_path
        if action:
            details["action"] = action
        if traceback:
            details["traceback"] = traceback
        super().__init__(message, details)
        self.app_path = app_path
        self.action = action
        self.traceback = traceback


class DirtyAppNotFoundError(DirtyAppError):
    """There is no such application."""

    def __init__(self, app_path):
        super().__init__(f"Dirty app not found: {app_path}",
                         app_path=app_path)


class DirtyNoWorkersAvailableError(DirtyError):
    """No worker has that application."""

    _fields = ("app_path",)

    def __init__(self, app_path, message=None):
        super().__init__(
            message or f"No workers available for app: {app_path}",
            {"app_path": app_path})
        self.app_path = app_path


class DirtyProtocolError(DirtyError):
    """What was said is not understood, or cannot be said."""

    def __init__(self, message="Protocol error", raw_data=None):
        details = {}
        if raw_data is not None:
            if isinstance(raw_data, (bytes, bytearray, memoryview)):
                raw_data = bytes(raw_data[:100]).hex()
            details["raw_data"] = str(raw_data)[:200]
        super().__init__(message, details)


_BY_NAME = {kind.__name__: kind for kind in (
    DirtyError, DirtyTimeoutError, DirtyConnectionError, DirtyWorkerError,
    DirtyAppError, DirtyAppNotFoundError, DirtyNoWorkersAvailableError,
    DirtyProtocolError)}


def _restored(data):
    return DirtyError.from_dict(data)
