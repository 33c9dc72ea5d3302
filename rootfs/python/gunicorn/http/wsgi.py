"""An answer, as hooks and loggers see it once it is complete."""



class Response:
    headers_sent = True
    upgrade = False

    def __init__(self, req, status, headers, sent):
        self.req = req
        self.status = status  # "200 OK"
        self.headers = headers
        self.sent = sent  # bytes of its body
        self.version = getattr(req, "version", (1, 1))

    @property
    def status_code(self):
        return int(self.status.split()[0])

    @property
    def response_length(self):
        for name, value in self.headers:
            if name.lower() == "content-length":
                return int(value)
        return None
