"""The logger of server.log and worker.log, and of each request where a class
of its own (logger_class) or logconfig* asks for that.

Its loggers are gunicorn.error and gunicorn.access, whose handlers, unless
somebody replaces them, write to the server's logs.
"""

import base64
import binascii
import copy
import json
import logging
import logging.config
import os
import sys
import threading
import time
import traceback

from greencorn import _logging

FORMATTER = {
    "format": "%(asctime)s [%(process)d] [%(levelname)s] %(message)s",
    "datefmt": "[%Y-%m-%d %H:%M:%S %z]",
    "class": "logging.Formatter",
}


def _console(stream):
    return {"class": "logging.StreamHandler", "formatter": "generic",
            "stream": f"ext://sys.{stream}"}


def _logger(handler, name):
    return {"level": "INFO", "handlers": [handler], "propagate": True,
            "qualname": name}


# What a dictionary of logconfig_dict or logconfig_json may refer to, and what
# stands where it has no key of its own.
CONFIG_DEFAULTS = {
    "version": 1,
    "disable_existing_loggers": False,
    "root": {"level": "INFO", "handlers": ["console"]},
    "loggers": {
        "gunicorn.error": _logger("error_console", "gunicorn.error"),
        "gunicorn.access": _logger("console", "gunicorn.access"),
    },
    "handlers": {"console": _console("stdout"),
                 "error_console": _console("stderr")},
    "formatters": {"generic": FORMATTER},
}


class SafeAtoms(dict):
    """The values of an access log's format: a dash for what is not there,
    {name}i, {name}o and {name}e by name in any case, quotes escaped."""

    def __init__(self, atoms):
        super().__init__((key, value.replace('"', '\\"')
                          if isinstance(value, str) else value)
                         for key, value in atoms.items())

    def __getitem__(self, key):
        return self.get(key.lower() if key.startswith("{") else key, "-")


class Logger:
    LOG_LEVELS = {
        "critical": logging.CRITICAL,
        "error": logging.ERROR,
        "warning": logging.WARNING,
        "info": logging.INFO,
        "debug": logging.DEBUG,
    }
    loglevel = logging.INFO

    error_fmt = FORMATTER["format"]
    datefmt = FORMATTER["datefmt"]
    access_fmt = "%(message)s"
    syslog_fmt = "[%(process)d] %(message)s"

    atoms_wrapper_class = SafeAtoms

    def __init__(self, cfg):
        self.error_log = logging.getLogger(_logging.ERROR)
        self.error_log.propagate = False
        self.access_log = logging.getLogger(_logging.ACCESS)
        self.access_log.propagate = False
        self.error_handlers = []
        self.access_handlers = []
        self.logfile = None
        self.lock = threading.Lock()
        self.cfg = cfg
        self.setup(cfg)

    def setup(self, cfg):
        self.loglevel = self.LOG_LEVELS.get((cfg.loglevel or "").lower(),
                                            logging.INFO)
        self.error_log.setLevel(self.loglevel)
        self.access_log.setLevel(logging.INFO)
        if cfg.logconfig_dict:
            configure(cfg.logconfig_dict)
        elif cfg.logconfig_json:
            with open(cfg.logconfig_json) as f:
                configure(json.load(f))
        elif cfg.logconfig:
            if not os.path.exists(cfg.logconfig):
                raise RuntimeError(f"Error: log config {cfg.logconfig!r} "
                                   "not found")
            defaults = dict(CONFIG_DEFAULTS, __file__=cfg.logconfig,
                            here=os.path.dirname(cfg.logconfig))
            logging.config.fileConfig(cfg.logconfig, defaults=defaults,
                                      disable_existing_loggers=False)

    def critical(self, msg, *args, **kwargs):
        self.error_log.critical(msg, *args, **kwargs)

    def error(self, msg, *args, **kwargs):
        self.error_log.error(msg, *args, **kwargs)

    def warning(self, msg, *args, **kwargs):
        self.error_log.warning(msg, *args, **kwargs)

    def info(self, msg, *args, **kwargs):
        self.error_log.info(msg, *args, **kwargs)

    def debug(self, msg, *args, **kwargs):
        self.error_log.debug(msg, *args, **kwargs)

    def exception(self, msg, *args, **kwargs):
        self.error_log.exception(msg, *args, **kwargs)

    def log(self, lvl, msg, *args, **kwargs):
        if isinstance(lvl, str):
            lvl = self.LOG_LEVELS.get(lvl.lower(), logging.INFO)
        self.error_log.log(lvl, msg, *args, **kwargs)

    def atoms(self, resp, req, environ, request_time):
        """{atom: value} of one request; request_time is a timedelta."""
        status = resp.status
        if isinstance(status, bytes):
            status = status.decode()
        seconds, micros = request_time.seconds, request_time.microseconds
        query = environ.get("QUERY_STRING")
        sent = getattr(resp, "sent", None)
        atoms = {
            "h": environ.get("REMOTE_ADDR", "-"),
            "l": "-",
            "u": self._get_user(environ) or "-",
            "t": self.now(),
            "r": "{} {} {}".format(environ.get("REQUEST_METHOD"),
                                   environ.get("RAW_URI"),
                                   environ.get("SERVER_PROTOCOL")),
            "s": str(status).split(None, 1)[0],
            "m": environ.get("REQUEST_METHOD"),
            "U": environ.get("PATH_INFO"),
            "q": query,
            "H": environ.get("SERVER_PROTOCOL"),
            "B": sent,
            "b": "-" if sent is None else str(sent),
            "f": environ.get("HTTP_REFERER", "-"),
            "a": environ.get("HTTP_USER_AGENT", "-"),
            "T": seconds,
            "M": seconds * 1000 + micros // 1000,
            "D": seconds * 1000000 + micros,
            "L": f"{seconds}.{micros:06d}",
            "p": f"<{os.getpid()}>",
        }
        for letter, items in (("i", getattr(req, "headers", req)),
                              ("o", resp.headers), ("e", environ)):
            items = items.items() if hasattr(items, "items") else items
            atoms.update((f"{{{name.lower()}}}{letter}", value)
                         for name, value in items)
        return atoms

    @property
    def access_log_enabled(self):
        cfg = self.cfg
        return bool(cfg.accesslog or cfg.logconfig or cfg.logconfig_dict or
                    cfg.logconfig_json)

    def access(self, resp, req, environ, request_time):
        """One request is answered."""
        if not self.access_log_enabled:
            return
        atoms = self.atoms_wrapper_class(
            self.atoms(resp, req, environ, request_time))
        try:
            self.access_log.info(self.cfg.access_log_format, atoms)
        except Exception:
            self.error(traceback.format_exc())

    def now(self):
        return time.strftime("[%d/%b/%Y:%H:%M:%S %z]")

    def reopen_files(self):
        """All handlers that write to files open them anew."""
        for ref in list(logging._handlerList):
            handler = ref()
            if isinstance(handler, logging.FileHandler):
                with handler.lock:
                    if handler.stream is not None:
                        handler.stream.close()
                        handler.stream = handler._open()

    def close_on_exec(self):
        """Files of Python close on exec by themselves."""

    def _get_gunicorn_handler(self, log):
        for handler in log.handlers:
            if getattr(handler, "_gunicorn", False):
                return handler
        return None

    def _set_handler(self, log, output, fmt, stream=None):
        """log's own handler writes to output, in the form fmt."""
        before = self._get_gunicorn_handler(log)
        is_access = log.name == _logging.ACCESS
        if output is not None and isinstance(before, _logging.server_log()) \
                and output == (self.cfg.accesslog if is_access
                               else self.cfg.errorlog):
            before.setFormatter(fmt)
            return
        if before is not None:
            log.removeHandler(before)
        if output is None:
            return
        if output == "-":
            handler = logging.StreamHandler(
                stream or (sys.stdout if is_access else sys.stderr))
        else:
            handler = logging.FileHandler(output)
        handler.setFormatter(fmt)
        handler._gunicorn = True
        log.addHandler(handler)

    def _get_user(self, environ):
        scheme, _, text = environ.get("HTTP_AUTHORIZATION",
                                      "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            return base64.b64decode(text.strip()).decode().split(":", 1)[0]
        except (binascii.Error, UnicodeDecodeError):
            return None


def configure(dictionary):
    config = copy.copy(CONFIG_DEFAULTS)
    config.update(dictionary)
    logging.config.dictConfig(config)


def of_server(cfg):
    return cfg.logger_class(cfg)
