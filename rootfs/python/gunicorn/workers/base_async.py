"""Names of worker classes; the workers themselves are C."""

from gunicorn.workers import base

# An application that has answered by itself returns it.
ALREADY_HANDLED = object()


class AsyncWorker(base.Worker):
    pass
