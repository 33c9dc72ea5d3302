"""A route with a checked body, called as ASGI without any server."""
import asyncio
import json

import fastapi
import pydantic


class Cob(pydantic.BaseModel):
    grains: int


app = fastapi.FastAPI()


@app.post("/cobs")
async def add(cob: Cob):
    return {"twice": cob.grains * 2}


async def call(body):
    sent = []

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    await app({"type": "http", "asgi": {"version": "3.0"}, "method": "POST",
               "http_version": "1.1", "scheme": "http", "path": "/cobs",
               "raw_path": b"/cobs", "query_string": b"", "root_path": "",
               "headers": [(b"content-type", b"application/json")],
               "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2)},
              receive, send)
    return sent[0]["status"], json.loads(sent[1]["body"])


assert asyncio.run(call(b'{"grains": 21}')) == (200, {"twice": 42})
assert asyncio.run(call(b'{"grains": "x"}'))[0] == 422
assert "/cobs" in app.openapi()["paths"]
