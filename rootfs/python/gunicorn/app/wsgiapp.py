"""The server's own command line, as a program."""

from gunicorn.app.base import Application


class WSGIApplication(Application):
    app_uri = None

    def init(self, parser, opts, args):
        if args:
            self.app_uri = args[0]
        self.cfg.set("default_proc_name", self.app_uri or "gunicorn")

    def load_config(self):
        super().load_config()
        if self.app_uri is None:
            self.app_uri = self.cfg.wsgi_app
        if self.app_uri is None:
            from gunicorn.errors import ConfigError

            raise ConfigError("No application module specified.")

    def load_wsgiapp(self):
        from gunicorn import util

        return util.import_app(self.app_uri)

    def load(self):
        return self.load_wsgiapp()


def run(prog=None):
    """The process becomes the server, which reads sys.argv by itself."""
    from greencorn import _program

    _program.become(["gunicorn" if prog == "gunicorn" else "greencorn"])


if __name__ == "__main__":
    run()
