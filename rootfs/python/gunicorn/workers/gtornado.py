"""Names of worker classes; the workers themselves are C."""

from gunicorn.workers import base


class TornadoWorker(base.Worker):
    pass
