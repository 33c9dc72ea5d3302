"""An application with wsgiref.validate before it; without it for requests
that have a field X-Plain, so that files go by wsgi.file_wrapper."""

import wsgiref.validate

closed = []


class Input(wsgiref.validate.InputWrapper):
    """PEP 3333: "A server should allow read() to be called without an
    argument", and applications do; the validator does not."""

    def read(self, size=-1):
        return super().read(size)


wsgiref.validate.InputWrapper = Input


def both(application):
    checked = wsgiref.validate.validator(application)

    def app(environ, start_response):
        if "HTTP_X_PLAIN" in environ:
            return application(environ, start_response)
        return checked(environ, start_response)
    return app


def pieces(n, fail=False):
    """n pieces of 10,000 bytes; close() is noted, however it ends."""
    try:
        for i in range(n):
            yield b"%d" % (i % 10) * 10_000
        if fail:
            raise RuntimeError("broken on purpose")
    finally:
        closed.append(n)
