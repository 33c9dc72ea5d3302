import hashlib

import bottle
from _both import both, closed, pieces
from bottle import request, response

application = bottle.Bottle()


@application.get("/")
def hello():
    response.content_type = "text/plain"
    return "hello from bottle"


@application.get("/stream/<n:int>")
def stream(n):
    return pieces(n)


@application.get("/broken/<n:int>")
def broken(n):
    return pieces(n, fail=True)


@application.get("/closed")
def tell_closed():
    return {"closed": closed}


@application.get("/file")
def file():
    return bottle.static_file("data.bin", "/app")


@application.get("/redirect")
def redirect():
    bottle.redirect("/")


@application.get("/url")
def url():
    return {"url": request.urlparts._replace(path="/").geturl(),
            "secure": request.urlparts.scheme == "https"}


@application.get("/cookie")
def cookie():
    response.set_cookie("a", "1", httponly=True)
    response.set_cookie("b", "two words")
    return dict(request.cookies)


@application.post("/form")
def form():
    forms = request.forms.decode()
    return {k: forms.getall(k) for k in forms}


@application.post("/upload")
def upload():
    f = request.files["f"]
    data = f.file.read()
    return {"name": f.raw_filename, "size": len(data),
            "sha": hashlib.sha256(data).hexdigest()}


@application.post("/body")
def body():
    n, sha = 0, hashlib.sha256()
    source = request.body  # each look at it begins at the front
    while data := source.read(10_000):
        n += len(data)
        sha.update(data)
    return {"size": n, "sha": sha.hexdigest()}


@application.post("/json")
def echo():
    return {"got": request.json}


@application.get("/text/<word>")
def text(word):
    return {"word": word, "q": request.query.getunicode("q")}


@application.get("/nothing")
def nothing():
    response.status = 204


@application.get("/error")
def error():
    raise RuntimeError("this is a secret")


app = both(application)
