"""Its C protocol speaks to a server that we play, byte by byte."""
import asyncio
import struct

import asyncpg
from asyncpg.protocol import protocol


def message(kind, body):
    return kind + struct.pack("!i", len(body) + 4) + body


async def serve(reader, writer):
    size, version = struct.unpack("!ii", await reader.readexactly(8))
    words = (await reader.readexactly(size - 8)).split(b"\0")
    assert version == 0x30000 and b"corn" in words
    writer.write(message(b"E", b"SFATAL\0C28000\0Mno such farmer\0\0"))
    await writer.drain()
    writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        await asyncpg.connect(host="127.0.0.1", port=port, user="corn",
                              password="x", database="d", ssl=False,
                              timeout=10)
    except asyncpg.InvalidAuthorizationSpecificationError as e:
        assert "no such farmer" in str(e), e
    else:
        raise AssertionError("an error was taken for a connection")


assert protocol.Record
asyncio.run(main())
