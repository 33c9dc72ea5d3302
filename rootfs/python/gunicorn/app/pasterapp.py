"""Applications that a PasteDeploy file describes (the setting paste)."""

import os


def get_wsgi_app(config_uri, name=None, defaults=None):
    """config_uri: the file's path, or path#section, or what loadapp takes."""
    try:
        from paste.deploy import loadapp
    except ImportError as e:
        raise ImportError("the setting paste needs the package PasteDeploy: "
                          f"{e}", name=e.name) from None
    if ":" not in config_uri:
        config_uri = f"config:{config_uri}"
    return loadapp(config_uri, name=name, relative_to=os.getcwd(),
                   global_conf=defaults)


def has_logging_config(config_file):
    from configparser import ConfigParser

    parser = ConfigParser(interpolation=None)
    parser.read([config_file])
    return parser.has_section("loggers")


def load():
    """The application of this server's settings."""
    from gunicorn.config import Config

    cfg = Config._of_server()
    return get_wsgi_app(cfg.paste, defaults=cfg.paste_global_conf)
