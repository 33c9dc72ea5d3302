"""A server and its client in one loop; the C parts in use."""
import asyncio

import multidict
import yarl
from aiohttp import ClientSession, http_parser, web

assert http_parser.HttpRequestParser is not http_parser.HttpRequestParserPy
assert multidict.CIMultiDict([("A", "1")])["a"] == "1"
assert yarl.URL("http://h/a b").raw_path == "/a%20b"


async def shout(request):
    return web.json_response({"said": (await request.text()).upper()})


async def main():
    app = web.Application()
    app.router.add_post("/", shout)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = "http://127.0.0.1:%d/" % runner.addresses[0][1]
    async with ClientSession() as session:
        async with session.post(url, data="corn" * 50000) as answer:
            assert (await answer.json())["said"] == "CORN" * 50000
    await runner.cleanup()


asyncio.run(main())
