"""Another server, in Rust, answers from a thread of this process."""
import asyncio
import socket
import urllib.request

from granian.server.embed import Server

with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    port = s.getsockname()[1]


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"corn"})


def get():
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as r:
        return r.read()


async def main():
    server = Server(app, address="127.0.0.1", port=port, interface="asginl")
    serving = asyncio.create_task(server.serve())
    for _ in range(100):
        try:
            assert await asyncio.to_thread(get) == b"corn"
            break
        except OSError:
            await asyncio.sleep(0.1)
    else:
        raise AssertionError("no answer")
    server.stop()
    await asyncio.wait_for(serving, 20)


asyncio.run(main())
