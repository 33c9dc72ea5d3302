"""Python's requests."""

import hashlib
import os

import pytest
import requests


@pytest.fixture
def session():
    with requests.Session() as s:
        s.trust_env = False
        yield s


def test_a_session(server, session):
    url = server().url
    ports = {session.get(f"{url}/x", timeout=10).json()["REMOTE_PORT"]
             for _ in range(30)}
    assert len(ports) == 1
    for method in "HEAD", "OPTIONS", "DELETE", "PATCH", "PUT", "POST":
        r = session.request(method, f"{url}/x", timeout=10)
        assert r.status_code == 200
        assert method == "HEAD" or r.json()["REQUEST_METHOD"] == method


def test_uploads(server, session, tmp_path):
    url, data = server().url, os.urandom(2_000_000)
    sha = hashlib.sha256(data).hexdigest()
    r = session.post(f"{url}/x", data=data, timeout=30)
    assert r.json()["sha"] == sha
    pieces = (data[i:i + 1000] for i in range(0, len(data), 1000))
    r = session.post(f"{url}/x", data=pieces, timeout=30)
    assert r.json()["sha"] == sha
    assert r.json()["HTTP_TRANSFER_ENCODING"] == "chunked"
    r = session.post(f"{url}/x", files={"f": ("n", data)}, timeout=30)
    assert r.json()["length"] > len(data)


def test_downloads(server, session):
    url = server().url
    with session.get(f"{url}/stream?100", stream=True, timeout=30) as r:
        assert r.headers["Transfer-Encoding"] == "chunked"
        assert sum(map(len, r.iter_content(1000))) == 100 * 16384
    assert len(session.get(f"{url}/big?5000000", timeout=30).content) == \
        5_000_000


def test_redirects_cookies_and_nothing(server, session):
    url = server().url
    assert session.get(f"{url}/redirect", timeout=10).text == "hello\n"
    session.get(f"{url}/cookie", timeout=10)
    assert sorted(session.get(f"{url}/cookie", timeout=10).text
                  .split("; ")) == ["a=1", "b=2"]
    assert session.get(f"{url}/nothing", timeout=10).status_code == 204
    r = session.get(f"{url}/etag", headers={"If-None-Match": '"x"'},
                    timeout=10)
    assert (r.status_code, r.content) == (304, b"")


def test_text_that_is_not_ascii(server, session):
    r = session.get(f"{server().url}/ä/ö?ü=ß", timeout=10).json()
    assert r["PATH_INFO"].encode("latin-1").decode() == "/ä/ö"
    assert r["QUERY_STRING"] == "%C3%BC=%C3%9F"
