"""httpx, one at a time and many at once."""

import asyncio
import os

import httpx


def test_one_at_a_time(server):
    data = os.urandom(1_000_000)
    with httpx.Client(base_url=server().url, trust_env=False) as c:
        assert c.get("/hello").text == "hello\n"
        assert c.post("/echo", content=data).content == data
        assert c.post("/echo", content=iter([data, b"", data])).content == \
            data + data
        assert c.get("/redirect", follow_redirects=True).text == "hello\n"
        assert c.head("/big?100000").headers["Content-Length"] == "100000"
        assert c.get("/etag", headers={"If-None-Match": '"x"'}
                     ).status_code == 304
        with c.stream("GET", "/stream?50") as r:
            assert sum(map(len, r.iter_raw())) == 50 * 16384
        c.get("/cookie")
        assert sorted(c.get("/cookie").text.split("; ")) == ["a=1", "b=2"]


def test_many_at_once(server):
    async def ask_all(url):
        limits = httpx.Limits(max_connections=50)
        async with httpx.AsyncClient(base_url=url, limits=limits, timeout=30,
                                     trust_env=False) as c:
            return await asyncio.gather(*[
                c.post("/echo", content=b"%d" % i) for i in range(400)])

    answers = asyncio.run(ask_all(server().url))
    assert [a.content for a in answers] == [b"%d" % i for i in range(400)]
