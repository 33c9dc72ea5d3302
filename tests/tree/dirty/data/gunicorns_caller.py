"""Run by a Python that has Gunicorn: its DirtyClient against our dirty
arbiter at argv[1]. Prints a line of JSON for each thing that it sees."""

import asyncio
import json
import sys

from gunicorn.dirty import DirtyClient, errors

path, what = sys.argv[1:3]


def show(name, value):
    print(json.dumps([name, value]), flush=True)


def error_of(call):
    try:
        call()
    except errors.DirtyError as e:
        return [type(e).__name__, e.message, e.details.get("app_path")]


async def tasks():
    client = DirtyClient(path, timeout=10)
    show("execute_async", await client.execute_async("apps:App", "echo", 2))
    show("stream_async", [i async for i in client.stream_async(
        "apps:App", "acount", 3)])
    await client.close_async()


client = DirtyClient(path, timeout=10)
show("execute", client.execute("apps:App", "echo", 1, "\u00e4", k=[None]))
show("stream", list(client.stream("apps:App", "count", 300)))
client.close()
client = DirtyClient(path, timeout=10)
show("fails", error_of(lambda: client.execute("apps:App", "fails")))
show("none", error_of(lambda: client.execute("apps:Other", "fails")))
show("again", client.execute("apps:App", "echo")["args"])
if what == "bytes":
    data = bytes(range(256)) * 4096
    show("bytes", client.execute("apps:App", "echo", data)["args"] == [data])
asyncio.run(tasks())
