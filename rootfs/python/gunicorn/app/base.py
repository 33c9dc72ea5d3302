"""Programs that become the server: a class with load_config() and load(),
and run(), which does not return."""

import os
import sys

from gunicorn.config import Config, get_default_config_file, parser_of


class Loaded:
    """What server.app is in hooks: the application, once it is loaded."""

    def __init__(self, cfg):
        self.cfg = cfg
        self.callable = None
        self.logger = None

    def wsgi(self):
        return self.callable


class BaseApplication:
    """load_config() sets self.cfg; load(), called in the workers, returns the
    application."""

    def __init__(self, usage=None, prog=None):
        self.usage = usage
        self.prog = prog
        self.cfg = None
        self.callable = None
        self.logger = None
        self.do_load_config()

    def do_load_config(self):
        self.load_default_config()
        try:
            self.load_config()
        except Exception as e:
            print(f"\nError: {e}", file=sys.stderr, flush=True)
            sys.exit(1)

    def load_default_config(self):
        self.cfg = Config(self.usage, prog=self.prog)

    def init(self, parser, opts, args):
        raise NotImplementedError

    def load(self):
        raise NotImplementedError

    def load_config(self):
        raise NotImplementedError

    def reload(self):
        self.do_load_config()

    def wsgi(self):
        if self.callable is None:
            self.callable = self.load()
        return self.callable

    def run(self):
        from greencorn import _program

        _program.serve(self)


class Application(BaseApplication):
    """One that is configured as the server is: by a file, by
    GUNICORN_CMD_ARGS and by the command line."""

    def chdir(self):
        os.chdir(self.cfg.chdir)
        if self.cfg.chdir not in sys.path:
            sys.path.insert(0, self.cfg.chdir)

    def get_config_from_filename(self, filename):
        from greencorn import _program

        return _program.names_of(filename)

    def get_config_from_module_name(self, module_name):
        return vars(__import__(module_name, fromlist=["_"]))

    def load_config_from_module_name_or_filename(self, location):
        if location.startswith("python:"):
            names = self.get_config_from_module_name(location[7:])
        else:
            names = self.get_config_from_filename(
                location.removeprefix("file:"))
        for name, value in names.items():
            if name in self.cfg.settings and value is not None:
                self.cfg.set(name, value)
        return names

    def load_config_from_file(self, filename):
        return self.load_config_from_module_name_or_filename(filename)

    def load_config(self):
        parser = parser_of(self.cfg)
        args = parser.parse_args()
        env_args = parser.parse_args(self.cfg.get_cmd_args_from_env())
        settings = self.init(parser, args, args.args) or {}
        for name, value in settings.items():
            self.cfg.set(name.lower(), value)
        file = args.config or env_args.config or get_default_config_file()
        if file:
            self.load_config_from_file(file)
        for given in (env_args, args):
            for name, value in vars(given).items():
                if value is not None and name not in ("args", "config"):
                    self.cfg.set(name, value)
        self.chdir()
