import hashlib
import json

import django
from _both import both, closed, pieces
from django.conf import settings
from django.http import (FileResponse, HttpResponse, HttpResponseRedirect,
                         JsonResponse, StreamingHttpResponse)
from django.urls import path

settings.configure(
    ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="x",
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    FILE_UPLOAD_HANDLERS=[
        "django.core.files.uploadhandler.MemoryFileUploadHandler"],
    FILE_UPLOAD_MAX_MEMORY_SIZE=10_000_000,
    DATA_UPLOAD_MAX_MEMORY_SIZE=10_000_000, LOGGING_CONFIG=None)
django.setup()


def hello(request):
    return HttpResponse("hello from django", content_type="text/plain")


def stream(request, n):
    return StreamingHttpResponse(pieces(n))


def broken(request, n):
    return StreamingHttpResponse(pieces(n, fail=True))


def tell_closed(request):
    return JsonResponse({"closed": closed})


def file(request):
    return FileResponse(open("/app/data.bin", "rb"))


def redirect(request):
    return HttpResponseRedirect("/")


def url(request):
    return JsonResponse({"url": request.build_absolute_uri("/"),
                         "secure": request.is_secure()})


def cookie(request):
    response = JsonResponse(request.COOKIES)
    response.set_cookie("a", "1", httponly=True)
    response.set_cookie("b", "two words")
    return response


def form(request):
    return JsonResponse(dict(request.POST.lists()))


def upload(request):
    f = request.FILES["f"]
    data = f.read()
    return JsonResponse({"name": f.name, "size": len(data),
                         "sha": hashlib.sha256(data).hexdigest()})


def body(request):
    n, sha = 0, hashlib.sha256()
    # Django bounds what it gives by Content-Length; chunked has none.
    source = request.META["wsgi.input"] if \
        "CONTENT_LENGTH" not in request.META else request
    while data := source.read(10_000):
        n += len(data)
        sha.update(data)
    return JsonResponse({"size": n, "sha": sha.hexdigest()})


def echo(request):
    return JsonResponse({"got": json.loads(request.body)})


def text(request, word):
    return JsonResponse({"word": word, "q": request.GET.get("q")})


def nothing(request):
    response = HttpResponse(status=204)
    del response["Content-Type"]  # the validator wants none
    return response


def error(request):
    raise RuntimeError("this is a secret")


urlpatterns = [
    path("", hello), path("stream/<int:n>", stream),
    path("broken/<int:n>", broken), path("closed", tell_closed),
    path("file", file), path("redirect", redirect), path("url", url),
    path("cookie", cookie), path("form", form), path("upload", upload),
    path("body", body), path("json", echo), path("text/<str:word>", text),
    path("nothing", nothing), path("error", error)]

from django.core.wsgi import get_wsgi_application  # noqa: E402

app = both(get_wsgi_application())
