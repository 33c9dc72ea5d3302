"""The logger of servers with statsd_host. What requests and the server itself
have to tell is sent by C; here is what applications and hooks send:

    worker.log.info("", extra={"metric": "queue", "value": 5, "mtype": "gauge"})

Address, prefix and tags are those of the settings.
"""

import logging

from greencorn import _logging
from gunicorn.glogging import Logger

METRIC_VAR = "metric"
VALUE_VAR = "value"
MTYPE_VAR = "mtype"
GAUGE_TYPE = "gauge"
COUNTER_TYPE = "counter"
HISTOGRAM_TYPE = "histogram"
TIMER_TYPE = "timer"


class Statsd(Logger):
    def critical(self, msg, *args, **kwargs):
        super().critical(msg, *args, **kwargs)
        self.increment("gunicorn.log.critical", 1)

    def error(self, msg, *args, **kwargs):
        super().error(msg, *args, **kwargs)
        self.increment("gunicorn.log.error", 1)

    def warning(self, msg, *args, **kwargs):
        super().warning(msg, *args, **kwargs)
        self.increment("gunicorn.log.warning", 1)

    def exception(self, msg, *args, **kwargs):
        super().exception(msg, *args, **kwargs)
        self.increment("gunicorn.log.exception", 1)

    def info(self, msg, *args, **kwargs):
        self.log(logging.INFO, msg, *args, **kwargs)

    def debug(self, msg, *args, **kwargs):
        self.log(logging.DEBUG, msg, *args, **kwargs)

    def log(self, lvl, msg, *args, **kwargs):
        """Sends what extra says, and logs msg if there is one."""
        extra = kwargs.get("extra") or {}
        name, value = extra.get(METRIC_VAR), extra.get(VALUE_VAR)
        send = {GAUGE_TYPE: self.gauge, COUNTER_TYPE: self.increment,
                HISTOGRAM_TYPE: self.histogram,
                TIMER_TYPE: self.timer}.get(extra.get(MTYPE_VAR))
        if send and name and value is not None:
            send(name, value)
        if msg:
            super().log(lvl, msg, *args, **kwargs)

    def gauge(self, name, value):
        _logging.metric(str(name), str(value), "g")

    def increment(self, name, value, sampling_rate=1.0):
        _logging.metric(str(name), str(value), f"c|@{sampling_rate}")

    def decrement(self, name, value, sampling_rate=1.0):
        _logging.metric(str(name), f"-{value}", f"c|@{sampling_rate}")

    def timer(self, name, value):
        _logging.metric(str(name), str(value), "ms")

    def histogram(self, name, value):
        _logging.metric(str(name), str(value), "h")
