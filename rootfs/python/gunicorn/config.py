"""Settings as Python sees them, made from the server's own table.

Config() has every setting at its default; what a program sets in it is handed
over to the server. The cfg of hooks and loggers is one that holds what the
server runs with.
"""

import os
import sys

import _greencorn_settings

from gunicorn.errors import ConfigError

CONFIG_FILE = "./gunicorn.conf.py"
DEFAULT_CONFIG_FILE = "gunicorn.conf.py"

LISTS = {"LIST", "BINDS", "PAIRS", "WORDS", "NETS", "APPS"}
SIZES = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def split(text):
    return [part.strip() for part in text.split(",") if part.strip()]


def to_bool(value):
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in ("true", "yes", "on", "1", "y"):
        return True
    if text in ("false", "no", "off", "0", "n"):
        return False
    raise ValueError(f"Invalid boolean: {value!r}")


def to_number(value):
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        text = str(value).strip().lower()
        if text[-1:] in SIZES:
            return int(text[:-1]) * SIZES[text[-1]]
        octal = len(text) > 1 and text[0] == "0" and text.isdigit()
        value = float(text) if "." in text else int(text, 8 if octal else 0)
    if value < 0:
        raise ValueError(f"Value must be positive: {value}")
    return value


def to_list(kind, value):
    if value is None:
        return []
    if isinstance(value, str):
        return split(value) if kind in ("WORDS", "NETS") else [value]
    return list(value)


def to_mapping(value):
    if not value:
        return {}
    if isinstance(value, str):
        import json

        value = json.loads(value)
    if not isinstance(value, dict):
        raise TypeError(f"Value is not a dictionary: {value!r}")
    return value


def no_hook(*args, **kwargs):
    """What a hook is that nobody has set."""


def to_python(kind, value):
    """A setting's value, whatever it was written as."""
    if kind == "BOOL":
        return to_bool(value)
    if kind in ("UINT", "MODE", "MS", "SIZE"):
        return to_number(value)
    if kind in LISTS:
        return to_list(kind, value)
    if kind in ("MAP", "JSON"):
        return to_mapping(value)
    if kind == "HOOK":
        return value or no_hook
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    return value if isinstance(value, (type, int)) else str(value)


class Setting:
    """One setting: its row of the table, and a value."""

    def __init__(self, name, kind, default, choices, flags, origin, section,
                 desc):
        self.name, self.kind, self.section = name, kind, section
        self.choices = choices.replace("|", "").split()
        self.cli = [flag.lstrip("!") for flag in flags.split()] or None
        self.short = self.desc = desc
        self.default = to_python(kind, default if default or
                                 kind in ("TEXT", "CHOICE") else None)
        self.value = self.default
        self.is_set = False

    def get(self):
        return self.value

    def set(self, value):
        if self.kind == "HOOK" and not callable(value) and \
                not isinstance(value, str):
            raise TypeError(f"Value is not callable: {value!r}")
        self.value = to_python(self.kind, value)
        self.is_set = True

    def __lt__(self, other):
        return (self.section, self.name) < (other.section, other.name)

    def __repr__(self):
        return f"<Setting {self.name}: {self.value!r}>"


def make_settings(ignore=None):
    rows = _greencorn_settings.table()
    return {row[0]: Setting(*row) for row in rows
            if row[0] not in (ignore or ())}


def __getattr__(name):
    if name == "KNOWN_SETTINGS":
        return list(make_settings().values())
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def get_default_config_file():
    path = os.path.join(os.path.abspath(os.getcwd()), DEFAULT_CONFIG_FILE)
    return path if os.path.exists(path) else None


def parser_of(cfg):
    """An argparse parser of the settings' flags; its result has None for what
    is not given."""
    import argparse

    parser = argparse.ArgumentParser(usage=cfg.usage, prog=cfg.prog)
    parser.add_argument("args", nargs="*")
    for name, setting in cfg.settings.items():
        if not setting.cli:
            continue
        kind = {"dest": name, "default": None,
                "help": setting.desc.replace("%", "%%")}
        if setting.kind == "BOOL":
            kind.update(action="store_const", const=not setting.default)
        elif setting.kind in LISTS - {"WORDS", "NETS"}:
            kind.update(action="append")
        flags = [flag.partition("=")[0] for flag in setting.cli]
        parser.add_argument(*flags, **kind)
    return parser


def resolve(name):
    """The object of module.name or module:name."""
    module, _, path = name.partition(":")
    if not path:
        module, _, path = name.rpartition(".")
    try:
        found = __import__(module, fromlist=["_"])
        for part in path.split("."):
            found = getattr(found, part)
    except AttributeError as e:  # which __getattr__ would hide
        raise ConfigError(f"{name!r} cannot be found: {e}") from None
    return found


def address_of(bind):
    """What socket.bind would be given."""
    if bind.startswith("unix:"):
        return bind[5:].removeprefix("//")
    if bind.startswith("fd://"):
        return int(bind[5:])
    bind = bind.removeprefix("tcp://")
    host, port = bind, "8000"
    if bind.startswith("["):
        host, _, rest = bind[1:].partition("]")
        port = rest.removeprefix(":") or port
    elif ":" in bind:
        host, _, port = bind.rpartition(":")
    return (host.lower() or "0.0.0.0", int(port))


class Config:
    def __init__(self, usage=None, prog=None):
        self.settings = make_settings()
        self.usage = usage
        self.prog = prog or os.path.basename(sys.argv[0] if sys.argv else "")
        self.env_orig = os.environ.copy()

    @classmethod
    def _of_server(cls, hooks=None, names=None):
        """What this server runs with. hooks: {name: callable}; names: the
        configuration file's, whose objects may hold what no text can."""
        self = cls()
        for name, value in (_greencorn_settings.values() or {}).items():
            setting = self.settings[name]
            if setting.kind == "HOOK":
                value = (hooks or {}).get(name)
            original = (names or {}).get(name)
            if setting.kind == "JSON" and isinstance(original, dict) and \
                    _greencorn_settings.json(original) == value:
                value = original
            setting.value = to_python(setting.kind, value)
        return self

    def __getattr__(self, name):
        settings = self.__dict__.get("settings", {})
        if name not in settings:
            raise AttributeError(f"No configuration setting for: {name}")
        return settings[name].get()

    def __setattr__(self, name, value):
        if name != "settings" and name in self.__dict__.get("settings", {}):
            raise AttributeError("Invalid access!")
        super().__setattr__(name, value)

    def __str__(self):
        width = max(map(len, self.settings))
        return "\n".join(f"{name:{width}} = {setting.value}"
                         for name, setting in sorted(self.settings.items()))

    def set(self, name, value):
        if name not in self.settings:
            raise AttributeError(f"No configuration setting for: {name}")
        self.settings[name].set(value)

    def get_cmd_args_from_env(self):
        import shlex

        return shlex.split(os.environ.get("GUNICORN_CMD_ARGS", ""))

    @property
    def worker_class_str(self):
        name = self.settings["worker_class"].get()
        if isinstance(name, type):
            return name.__name__
        if name == "sync" and self.threads > 1:
            return "gthread"
        return name

    @property
    def worker_class(self):
        from gunicorn.workers import SUPPORTED_WORKERS

        chosen = self.settings["worker_class"].get()
        if isinstance(chosen, type):
            return chosen
        name = self.worker_class_str
        return resolve(SUPPORTED_WORKERS.get(name, name))

    @property
    def logger_class(self):
        chosen = self.settings["logger_class"].get()
        if isinstance(chosen, type):
            return chosen
        if chosen in (None, "simple"):
            chosen = "gunicorn.glogging.Logger"
        # Where there is statsd, the plain one also sends metrics.
        if chosen == "gunicorn.glogging.Logger" and \
                self.settings["statsd_host"].get():
            chosen = "gunicorn.instrument.statsd.Statsd"
        return resolve(chosen)

    @property
    def address(self):
        return [address_of(bind) for bind in self.settings["bind"].get()]

    @property
    def uid(self):
        """What workers become; who started the server unless user says."""
        user = self.settings["user"].get()
        if user is None:
            return os.geteuid()
        if str(user).isdigit():
            return int(user)
        import pwd

        return pwd.getpwnam(user).pw_uid

    @property
    def gid(self):
        group = self.settings["group"].get()
        if group is None:
            return os.getegid()
        if str(group).isdigit():
            return int(group)
        import grp

        return grp.getgrnam(group).gr_gid

    user, group = uid, gid

    @property
    def proc_name(self):
        return self.settings["proc_name"].get() or self.default_proc_name

    @property
    def is_ssl(self):
        return bool(self.certfile or self.keyfile)

    @property
    def ssl_options(self):
        return {name: self.settings[name].get() for name in (
            "certfile", "keyfile", "ca_certs", "cert_reqs", "ciphers",
            "ssl_version", "suppress_ragged_eofs", "do_handshake_on_connect")}

    @property
    def env(self):
        pairs = {}
        for item in self.settings["raw_env"].get():
            key, equals, value = item.partition("=")
            if not equals:
                raise RuntimeError(f"environment setting {item!r} invalid")
            pairs[key] = value
        return pairs

    @property
    def chdir(self):
        return self.settings["chdir"].get() or os.getcwd()

    @property
    def reuse_port(self):
        return self.settings["reuse_port"].get()

    @property
    def paste_global_conf(self):
        pairs = self.settings["raw_paste_global_conf"].get()
        return dict(item.split("=", 1) for item in pairs) or None

    def is_check(self):
        return self.check_config or self.print_config


__all__ = ["Config", "ConfigError", "Setting", "get_default_config_file",
           "make_settings"]
