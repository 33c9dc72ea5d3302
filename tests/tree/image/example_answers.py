"""docker/examples/hello in its image, configured by variables alone."""

import json
import urllib.error
import urllib.parse
import urllib.request

import pytest


@pytest.fixture
def hello(container, hello_image):
    c = container(hello_image, ports=[8080, 9000], env={
        "GREENCORN_WSGI_APP": "hello:app",
        "PORT": "8080",
        "WEB_CONCURRENCY": "2",
    }, options=["--memory=256m"])
    c.wait_log("Ready:")
    return c


def ask(url, data=None, kind="application/json"):
    request = urllib.request.Request(url, data, {"Content-Type": kind}
                                     if data else {})
    try:
        with urllib.request.urlopen(request, timeout=10) as r:
            return r.status, r.headers, r.read().decode()
    except urllib.error.HTTPError as e:
        return e.code, e.headers, e.read().decode()


def test_page(hello):
    status, headers, page = ask(hello.url(8080))
    assert status == 200 and "Hello from greencorn" in page
    assert headers["Content-Type"] == "text/html; charset=utf-8"


def test_style(hello):
    status, headers, css = ask(hello.url(8080, "/static/page.css"))
    assert status == 200 and "--corn" in css
    assert headers["Content-Type"].startswith("text/css")


def test_form(hello):
    form = urllib.parse.urlencode({"numbers": "3, 1 4;1.5"}).encode()
    kind = "application/x-www-form-urlencoded"
    status, _, page = ask(hello.url(8080), form, kind)
    assert status == 200 and "<dt>sum</dt><dd>9.5</dd>" in page


def test_form_with_nonsense(hello):
    form = urllib.parse.urlencode({"numbers": "3, <b>"}).encode()
    kind = "application/x-www-form-urlencoded"
    status, _, page = ask(hello.url(8080), form, kind)
    assert status == 422 and "numbers.1" in page and "<b>" not in page


def test_json(hello):
    body = json.dumps({"numbers": list(range(1000))}).encode()
    status, _, text = ask(hello.url(8080, "/api/stats"), body)
    answer = json.loads(text)
    assert status == 200 and answer["mean"] == 499.5
    assert sum(b["count"] for b in answer["histogram"]) == 1000


def test_json_that_is_refused(hello):
    status, _, text = ask(hello.url(8080, "/api/stats"), b'{"numbers": ["x"]}')
    assert status == 422
    assert json.loads(text)["problems"][0]["where"] == "numbers.0"


def test_where_it_runs(hello):
    about = json.loads(ask(hello.url(8080, "/api/about"))[2])
    assert about["read_only"] is True and about["uid"] == 65532
    assert about["pid"] != 1 and about["python"].startswith("3.13")


def test_half_a_thousand_requests(hello):
    workers = {json.loads(ask(hello.url(8080, "/api/about"))[2])["pid"]
               for _ in range(500)}
    assert workers <= set(hello.processes())


def test_health(hello, wait_until):
    assert ask(hello.url(9000, "/livez"))[0] == 200
    assert ask(hello.url(9000, "/readyz"))[0] == 200
    assert hello.exec("/greencorn", "health").returncode == 0


def test_stops_with_status_0(hello):
    hello.kill("TERM")
    assert hello.wait() == 0
