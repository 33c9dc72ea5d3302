import hashlib

from _both import both, closed, pieces
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPFound, HTTPNoContent
from pyramid.response import FileResponse, Response


def hello(request):
    return Response("hello from pyramid", content_type="text/plain")


def stream(request):
    return Response(app_iter=pieces(int(request.matchdict["n"])))


def broken(request):
    return Response(app_iter=pieces(int(request.matchdict["n"]), fail=True))


def tell_closed(request):
    return Response(json={"closed": closed})


def file(request):
    return FileResponse("/app/data.bin", request=request)


def redirect(request):
    return HTTPFound(request.route_url("hello"))


def url(request):
    return Response(json={"url": request.route_url("hello"),
                          "secure": request.scheme == "https"})


def cookie(request):
    response = Response(json=dict(request.cookies))
    response.set_cookie("a", "1", httponly=True)
    response.set_cookie("b", "two words")
    return response


def form(request):
    return Response(json={k: request.POST.getall(k) for k in request.POST})


def upload(request):
    f = request.POST["f"]
    data = f.file.read()
    return Response(json={"name": f.filename, "size": len(data),
                          "sha": hashlib.sha256(data).hexdigest()})


def body(request):
    n, sha = 0, hashlib.sha256()
    while data := request.environ["wsgi.input"].read(10_000):
        n += len(data)
        sha.update(data)
    return Response(json={"size": n, "sha": sha.hexdigest()})


def echo(request):
    return Response(json={"got": request.json_body})


def text(request):
    return Response(json={"word": request.matchdict["word"],
                          "q": request.GET.get("q")})


def nothing(request):
    return HTTPNoContent()


def error(request):
    raise RuntimeError("this is a secret")


with Configurator() as config:
    for name, path, view in [
            ("hello", "/", hello), ("stream", "/stream/{n}", stream),
            ("broken", "/broken/{n}", broken),
            ("closed", "/closed", tell_closed), ("file", "/file", file),
            ("redirect", "/redirect", redirect), ("url", "/url", url),
            ("cookie", "/cookie", cookie), ("form", "/form", form),
            ("upload", "/upload", upload), ("body", "/body", body),
            ("json", "/json", echo), ("text", "/text/{word}", text),
            ("nothing", "/nothing", nothing), ("error", "/error", error)]:
        config.add_route(name, path)
        config.add_view(view, route_name=name)
    application = config.make_wsgi_app()
app = both(application)
