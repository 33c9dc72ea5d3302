"""A model in sqlite, a query, a template and a view through the client."""
import django
from django.conf import settings

settings.configure(
    SECRET_KEY="not secret", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__,
    USE_TZ=True, TIME_ZONE="Europe/Berlin",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3",
                           "NAME": ":memory:"}},
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}])
django.setup()

from django.db import connection, models  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.template import engines  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import path  # noqa: E402


class Cob(models.Model):
    grains = models.IntegerField()

    class Meta:
        app_label = "field"


def show(request, least):
    template = engines["django"].from_string(
        "{% for c in cobs %}{{ c.grains }};{% endfor %}")
    cobs = Cob.objects.filter(grains__gte=least).order_by("-grains")
    return HttpResponse(template.render({"cobs": cobs}))


urlpatterns = [path("cobs/<int:least>", show)]

with connection.schema_editor() as editor:
    editor.create_model(Cob)
Cob.objects.bulk_create(Cob(grains=n) for n in (300, 500, 400))
assert Cob.objects.aggregate(s=models.Sum("grains"))["s"] == 1200
answer = Client().get("/cobs/400")
assert answer.content == b"500;400;", answer.content
