"""The logger class of servers that send metrics: the server itself does."""

from gunicorn.glogging import Logger


class Statsd(Logger):
    pass
