"""What can be wrong with a request. The server refuses such requests in C;
these are the names that applications and loggers catch or compare with."""


class ParseException(Exception):
    pass


class NoMoreData(IOError):
    def __init__(self, buf=None):
        self.buf = buf

    def __str__(self):
        return f"No more data after: {self.buf!r}"


class ConfigurationProblem(ParseException):
    code = 500

    def __init__(self, info):
        self.info = info


class _Invalid(ParseException):
    code = 400

    def __init__(self, what=None, size=None):
        self.what, self.size = what, size

    def __str__(self):
        kind = type(self).__name__
        return kind if self.what is None else f"{kind}: {self.what!r}"


class InvalidRequestLine(_Invalid):
    pass


class InvalidRequestMethod(_Invalid):
    pass


class InvalidHTTPVersion(_Invalid):
    pass


class InvalidHeader(_Invalid):
    pass


class ObsoleteFolding(_Invalid):
    pass


class InvalidHeaderName(_Invalid):
    pass


class UnsupportedTransferCoding(_Invalid):
    code = 501


class InvalidChunkSize(IOError):
    pass


class ChunkMissingTerminator(IOError):
    pass


class LimitRequestLine(_Invalid):
    code = 414


class LimitRequestHeaders(_Invalid):
    code = 431


class InvalidProxyLine(_Invalid):
    pass


class InvalidProxyHeader(_Invalid):
    pass


class ForbiddenProxyRequest(_Invalid):
    code = 403


class InvalidSchemeHeaders(_Invalid):
    pass


class ForbiddenUWSGIRequest(_Invalid):
    code = 403


class ExpectationFailed(_Invalid):
    code = 417
