"""A request, as hooks see it."""


class Message:
    """The head of a request; what it had, not what it is read with."""


class Request(Message):
    fragment = ""
    trailers = ()
    proxy_protocol_info = None

    def __init__(self, method, uri, path, query, headers, version, scheme,
                 peer):
        self.method, self.uri = method, uri
        self.path, self.query = path, query
        self.headers = headers  # [(NAME, value)], names in upper case
        self.version = version
        self.scheme = scheme
        self.peer_addr = self.remote_addr = peer

    @property
    def should_close(self):
        tokens = [value.lower().strip() for name, value in self.headers
                  if name == "CONNECTION"]
        if "close" in tokens:
            return lambda: True
        return lambda: self.version <= (1, 0) and "keep-alive" not in tokens

    def __repr__(self):
        return f"<Request {self.method} {self.uri}>"
