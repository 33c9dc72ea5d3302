# JSON lines by python-json-logger, for everything.
accesslog = "-"
access_log_format = "%(m)s %(U)s %(s)s"
loglevel = "info"

logconfig_dict = {
    "version": 1,
    "formatters": {
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "fmt": "%(asctime)s %(name)s %(levelname)s %(process)d "
                   "%(message)s",
            "rename_fields": {"levelname": "severity"},
            "static_fields": {"service": "shop"},
        },
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "json",
                    "stream": "ext://sys.stdout"},
    },
    "root": {"level": "INFO", "handlers": ["console"]},
    "loggers": {
        "gunicorn.error": {"level": "INFO", "handlers": ["console"],
                           "propagate": False},
        "gunicorn.access": {"level": "INFO", "handlers": ["console"],
                            "propagate": False},
    },
}
