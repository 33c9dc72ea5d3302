"""Programs that become the server."""


class Loaded:
    """What server.app is in hooks: the application, once it is loaded."""

    def __init__(self, cfg):
        self.cfg = cfg
        self.callable = None
        self.logger = None

    def wsgi(self):
        return self.callable
