import hashlib
import json

import cherrypy
from _both import both, closed, pieces
from cherrypy.lib import static

request, response = cherrypy.request, cherrypy.response


def as_json(value):
    response.headers["Content-Type"] = "application/json"
    return json.dumps(value).encode()


class Root:
    @cherrypy.expose
    def index(self):
        response.headers["Content-Type"] = "text/plain"
        return "hello from cherrypy"

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def stream(self, n):
        return pieces(int(n))

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def broken(self, n):
        return pieces(int(n), fail=True)

    @cherrypy.expose
    def closed(self):
        return as_json({"closed": closed})

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def file(self):
        return static.serve_file("/app/data.bin",
                                 "application/octet-stream")

    @cherrypy.expose
    def redirect(self):
        raise cherrypy.HTTPRedirect("/")

    @cherrypy.expose
    def url(self):
        return as_json({"url": cherrypy.url("/"),
                        "secure": request.scheme == "https"})

    @cherrypy.expose
    def cookie(self):
        seen = {k: v.value for k, v in request.cookie.items()}
        response.cookie["a"] = "1"
        response.cookie["a"]["httponly"] = True
        response.cookie["b"] = "two words"
        return as_json(seen)

    @cherrypy.expose
    def form(self, **fields):
        return as_json({k: v if isinstance(v, list) else [v]
                        for k, v in fields.items()})

    @cherrypy.expose
    def upload(self, f, other):
        data = f.file.read()
        return as_json({"name": f.filename, "size": len(data),
                        "sha": hashlib.sha256(data).hexdigest()})

    @cherrypy.expose
    @cherrypy.config(**{"request.process_request_body": False})
    def body(self):
        n, sha = 0, hashlib.sha256()
        # request.rfile, but as the server gives it: it may be chunked.
        source = request.wsgi_environ["wsgi.input"]
        while data := source.read(10_000):
            n += len(data)
            sha.update(data)
        return as_json({"size": n, "sha": sha.hexdigest()})

    @cherrypy.expose
    @cherrypy.tools.json_in()
    def json(self):
        return as_json({"got": request.json})

    @cherrypy.expose
    def text(self, word, q=None):
        return as_json({"word": word, "q": q})

    @cherrypy.expose
    def nothing(self):
        response.status = 204
        del response.headers["Content-Type"]  # the validator wants none

    @cherrypy.expose
    def error(self):
        raise RuntimeError("this is a secret")


cherrypy.config.update({"environment": "production",
                        "log.screen": False,
                        "engine.autoreload.on": False})
application = cherrypy.Application(Root(), config={
    "/": {"request.show_tracebacks": False}})
app = both(application)
