"""wrk and ab: many requests, none of them answered wrongly."""

import re

import pytest


def wrk(server, *args):
    out = server.run("wrk", "-t1", "-d1s", *args).decode()
    assert "Socket errors" not in out and "Non-2xx" not in out, out
    assert int(re.search(r"(\d+) requests in", out)[1]) > 500, out


@pytest.mark.parametrize("connections", [1, 64])
def test_wrk(server, connections):
    s = server()
    wrk(s, f"-c{connections}", f"{s.url}/hello")


def test_wrk_pipelines(server, tmp_path):
    script = tmp_path / "pipeline.lua"
    script.write_text("""
        init = function(args)
            local one = wrk.format("GET", "/hello")
            all = string.rep(one, 16)
        end
        request = function() return all end
    """)
    s = server()
    wrk(s, "-c8", "-s", script, s.url)


def test_wrk_posts(server, tmp_path):
    script = tmp_path / "post.lua"
    script.write_text("""
        wrk.method = "POST"
        wrk.body = string.rep("x", 10000)
    """)
    s = server()
    wrk(s, "-c8", "-s", script, f"{s.url}/echo")


def ab(server, n, *args):
    out = server.run("ab", "-q", "-n", str(n), *args).decode()
    assert re.search(rf"Complete requests: +{n}\n", out), out
    assert re.search(r"Failed requests: +0\n", out), out
    assert "Non-2xx" not in out, out
    return out


def test_ab_keeps_connections(server):
    s = server()
    out = ab(s, 2000, "-k", "-c", "20", f"{s.url}/hello")
    assert re.search(r"Keep-Alive requests: +2000\n", out), out


def test_ab_a_connection_each(server):
    s = server()
    ab(s, 500, "-c", "10", f"{s.url}/hello")


def test_ab_posts(server, tmp_path):
    body = tmp_path / "body"
    body.write_bytes(b"x" * 100_000)
    s = server()
    ab(s, 300, "-k", "-c", "10", "-p", str(body), "-T", "text/plain",
       f"{s.url}/echo")
