"""Applications that are made by a call, and those that cannot be had."""


def create_app(name, *, times=1):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [name.encode() * times]
    return app


class Site:
    app = staticmethod(create_app("of the class"))

    @staticmethod
    def create():
        return create_app("made by the class")


number = 5


def broken():
    raise RuntimeError("the factory is broken")
