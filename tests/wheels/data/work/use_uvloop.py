"""TCP, a subprocess, a thread and a timer on its loop."""
import asyncio
import sys

import uvloop


async def shout(reader, writer):
    writer.write((await reader.readline()).upper())
    await writer.drain()
    writer.close()


async def ask(port, text):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text)
    answer = await reader.readline()
    writer.close()
    return answer


async def main():
    assert type(asyncio.get_running_loop()).__module__.startswith("uvloop")
    server = await asyncio.start_server(shout, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    got = await asyncio.gather(*(ask(port, b"%d corn\n" % i)
                                 for i in range(100)))
    assert got == [b"%d CORN\n" % i for i in range(100)]
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "print(6 * 7)", stdout=asyncio.subprocess.PIPE)
    out, _ = await child.communicate()
    assert (out, child.returncode) == (b"42\n", 0), out
    assert await asyncio.to_thread(sum, [1, 2]) == 3
    found = await asyncio.get_running_loop().getaddrinfo("127.0.0.1", 80)
    assert found[0][4] == ("127.0.0.1", 80)
    try:
        await asyncio.wait_for(asyncio.sleep(60), 0.05)
    except TimeoutError:
        return
    raise AssertionError("no timeout came")


uvloop.run(main())
