import hashlib

import flask
from _both import both, closed, pieces

application = flask.Flask(__name__)
request = flask.request


@application.get("/")
def hello():
    return flask.Response("hello from flask", mimetype="text/plain")


@application.get("/stream/<int:n>")
def stream(n):
    return flask.Response(pieces(n))


@application.get("/broken/<int:n>")
def broken(n):
    return flask.Response(pieces(n, fail=True))


@application.get("/closed")
def tell_closed():
    return {"closed": closed}


@application.get("/file")
def file():
    return flask.send_file("/app/data.bin")


@application.get("/redirect")
def redirect():
    return flask.redirect(flask.url_for("hello"))


@application.get("/url")
def url():
    return {"url": flask.url_for("hello", _external=True),
            "secure": request.is_secure}


@application.get("/cookie")
def cookie():
    answer = flask.jsonify(dict(request.cookies))
    answer.set_cookie("a", "1", httponly=True)
    answer.set_cookie("b", "two words")
    return answer


@application.post("/form")
def form():
    return {k: request.form.getlist(k) for k in request.form}


@application.post("/upload")
def upload():
    f = request.files["f"]
    data = f.read()
    return {"name": f.filename, "size": len(data),
            "sha": hashlib.sha256(data).hexdigest()}


@application.post("/body")
def body():
    n, sha = 0, hashlib.sha256()
    while data := request.stream.read(10_000):
        n += len(data)
        sha.update(data)
    return {"size": n, "sha": sha.hexdigest()}


@application.post("/json")
def echo():
    return {"got": request.get_json()}


@application.get("/text/<word>")
def text(word):
    return {"word": word, "q": request.args.get("q")}


@application.get("/nothing")
def nothing():
    answer = flask.Response(status=204)
    del answer.headers["Content-Type"]  # the validator wants none
    return answer


@application.get("/error")
def error():
    raise RuntimeError("this is a secret")


app = both(application)
