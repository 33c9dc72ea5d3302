"""A server, its client, a large compressed message; the C part in use."""
import asyncio

import websockets
from websockets import speedups

assert speedups.apply_mask(b"\1\2\3\4\5", b"\1\1\1\1") == b"\0\3\2\5\4"


async def shout(connection):
    async for text in connection:
        await connection.send(text.upper())


async def main():
    async with websockets.serve(shout, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with websockets.connect(f"ws://127.0.0.1:{port}",
                                      proxy=None) as there:
            await there.send("corn" * 10000)
            assert await there.recv() == "CORN" * 10000


asyncio.run(main())
