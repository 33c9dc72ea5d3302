"""Names of worker classes; the workers themselves are C."""

from gunicorn.workers import base


class GeventWorker(base.Worker):
    pass


class GeventPyWSGIWorker(base.Worker):
    pass
