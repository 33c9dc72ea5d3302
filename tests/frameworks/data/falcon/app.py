import hashlib

import falcon
from _both import both, closed, pieces


class Resource:
    """A function as a resource."""

    def __init__(self, function):
        self.function = function

    def on_get(self, req, resp, **words):
        self.function(req, resp, **words)

    on_post = on_get
    on_head = on_get


def hello(req, resp):
    resp.content_type = "text/plain"
    resp.text = "hello from falcon"


def stream(req, resp, n):
    resp.stream = pieces(n)


def broken(req, resp, n):
    resp.stream = pieces(n, fail=True)


def tell_closed(req, resp):
    resp.media = {"closed": closed}


def file(req, resp):
    f = open("/app/data.bin", "rb")
    resp.set_stream(f, f.seek(0, 2))
    f.seek(0)


def redirect(req, resp):
    raise falcon.HTTPFound("/")


def url(req, resp):
    resp.media = {"url": req.prefix + "/", "secure": req.scheme == "https"}


def cookie(req, resp):
    resp.set_cookie("a", "1", http_only=True, secure=False)
    resp.set_cookie("b", "two words", secure=False)
    resp.media = {k: v.strip('"') for k, v in req.cookies.items()}


def form(req, resp):
    media = req.get_media()
    resp.media = {k: v if isinstance(v, list) else [v]
                  for k, v in media.items()}


def upload(req, resp):
    for part in req.get_media():
        if part.name == "f":
            data = part.stream.read()
            resp.media = {"name": part.filename, "size": len(data),
                          "sha": hashlib.sha256(data).hexdigest()}


def body(req, resp):
    n, sha = 0, hashlib.sha256()
    # bounded_stream counts by Content-Length; chunked has none.
    source = req.stream if req.content_length is None else \
        req.bounded_stream
    while data := source.read(10_000):
        n += len(data)
        sha.update(data)
    resp.media = {"size": n, "sha": sha.hexdigest()}


def echo(req, resp):
    resp.media = {"got": req.get_media()}


def text(req, resp, word):
    resp.media = {"word": word, "q": req.get_param("q")}


def nothing(req, resp):
    resp.status = falcon.HTTP_204


def error(req, resp):
    raise RuntimeError("this is a secret")


application = falcon.App()
for path, function in {
        "/": hello, "/stream/{n:int}": stream, "/broken/{n:int}": broken,
        "/closed": tell_closed, "/file": file, "/redirect": redirect,
        "/url": url, "/cookie": cookie, "/form": form, "/upload": upload,
        "/body": body, "/json": echo, "/text/{word}": text,
        "/nothing": nothing, "/error": error}.items():
    application.add_route(path, Resource(function))
app = both(application)
