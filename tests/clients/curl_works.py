"""curl, with what people do with it."""

import json
import os

CURL = ["curl", "--silent", "--show-error", "--max-time", "30"]


def curl(server, *args, data=None):
    return server.run(*CURL, *args, data=data)


def test_get(server):
    s = server()
    assert curl(s, f"{s.url}/hello") == b"hello\n"


def test_one_connection_for_many(server):
    s = server()
    out = curl(s, "-w", "%{num_connects} ", "-o", "/dev/null",
               *[f"{s.url}/hello?{i}" for i in range(20)])
    # Without -o for each the others come on standard output.
    assert out.replace(b"hello\n", b"").split() == [b"1"] + [b"0"] * 19


def test_head(server):
    s = server()
    out = curl(s, "--head", f"{s.url}/hello", f"{s.url}/hello")
    assert out.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert out.count(b"Content-Length: 6\r\n") == 2


def test_http_1_0(server):
    s = server()
    assert curl(s, "--http1.0", f"{s.url}/stream?3") == \
        bytes(range(256)) * 64 * 3


def test_http_2_is_not_spoken_and_not_needed(server):
    s = server()
    out = curl(s, "--http2", "-w", " %{http_version}", f"{s.url}/hello")
    assert out == b"hello\n 1.1"


def test_upload_with_a_length(server, tmp_path):
    s = server()
    file = tmp_path / "file"
    file.write_bytes(os.urandom(5_000_000))
    out = curl(s, "-T", file, f"{s.url}/echo")
    assert out == file.read_bytes()


def test_upload_in_chunks_with_expect(server):
    s = server()
    data = os.urandom(3_000_000)
    assert curl(s, "-T", "-", "-H", "Expect: 100-continue",
                f"{s.url}/echo", data=data) == data


def test_expect_is_answered_at_once(server):
    s = server()
    out = curl(s, "--data-binary", "@-", "-H", "Expect: 100-continue",
               "--expect100-timeout", "20", "-w", "%{time_total}", "-o",
               "/dev/null", f"{s.url}/count", data=b"x" * 2_000_000)
    assert float(out) < 5


def test_form(server):
    s = server()
    seen = json.loads(curl(s, "-F", "a=b", "-F", "f=@-;filename=x",
                           f"{s.url}/x", data=b"data"))
    assert seen["CONTENT_TYPE"].startswith("multipart/form-data; boundary=")
    assert seen["length"] == int(seen["CONTENT_LENGTH"])


def test_redirect_and_cookies(server, tmp_path):
    s = server()
    assert curl(s, "--location", f"{s.url}/redirect") == b"hello\n"
    jar = tmp_path / "jar"
    curl(s, "-c", jar, f"{s.url}/cookie")
    out = curl(s, "-b", jar, f"{s.url}/cookie")
    assert sorted(out.split(b"; ")) == [b"a=1", b"b=2"]


def test_not_modified(server):
    s = server()
    out = curl(s, "-w", "%{http_code} ", "-H", 'If-None-Match: "x"',
               f"{s.url}/etag", "--next", *CURL[1:], f"{s.url}/hello")
    assert out == b"304 hello\n"


def test_path_as_it_is(server):
    s = server()
    seen = json.loads(curl(s, "--path-as-is", f"{s.url}/a/../b%2f?c=d"))
    assert (seen["PATH_INFO"], seen["RAW_URI"]) == \
        ("/a/../b/", "/a/../b%2f?c=d")


def test_unix_socket(server, tmp_path):
    s = server(bind=f"unix:{tmp_path}/s")
    assert curl(s, "--unix-socket", f"{tmp_path}/s",
                "http://a/hello") == b"hello\n"


def test_as_a_proxy_is_asked(server):
    """An absolute target."""
    s = server()
    seen = json.loads(curl(s, "--proxy", s.url, "http://example.test/x?y"))
    assert (seen["HTTP_HOST"], seen["PATH_INFO"]) == ("example.test", "/x")
