# A logger class: probes are not logged, each line has the request's id, and
# a slow request is a warning of its own.
import logging

from gunicorn import glogging


class NoProbes(logging.Filter):
    def filter(self, record):
        return "/healthz" not in record.getMessage()


class Logger(glogging.Logger):
    error_fmt = "%(asctime)s|%(levelname)s|%(message)s"

    def setup(self, cfg):
        super().setup(cfg)
        self.access_log.addFilter(NoProbes())
        for handler in self.error_log.handlers:
            handler.setFormatter(logging.Formatter(self.error_fmt, "%Y"))

    def atoms(self, resp, req, environ, request_time):
        atoms = super().atoms(resp, req, environ, request_time)
        atoms["id"] = environ.get("HTTP_X_REQUEST_ID", "none")
        return atoms

    def access(self, resp, req, environ, request_time):
        if request_time.total_seconds() > 0.2:
            self.warning("slow: %s", environ["PATH_INFO"])
        super().access(resp, req, environ, request_time)


accesslog = "access.log"
errorlog = "-"
access_log_format = '%(h)s %(id)s "%(r)s" %(s)s %(b)s'
logger_class = Logger
