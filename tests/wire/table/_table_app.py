"""Tells what it has seen, as JSON; below /answer does what the query says:
status=200+OK, any field by its name, body= (once a piece), and early=, the
Link of a 103 (Early Hints)."""

import json
import random
import time
import urllib.parse


def told(environ, start_response):
    seen = {k: v for k, v in environ.items() if isinstance(v, str)}
    seen["body"] = environ["wsgi.input"].read().decode("latin-1")
    body = json.dumps(seen).encode()
    start_response("200 OK", [("Content-Type", "application/json"),
                              ("Content-Length", str(len(body)))])
    return [body]


def asked(environ, start_response):
    status, fields, body = "200 OK", [], []
    for name, value in urllib.parse.parse_qsl(
            environ["QUERY_STRING"], keep_blank_values=True,
            encoding="latin-1"):
        if name == "status":
            status = value
        elif name == "early":
            environ["wsgi.early_hints"]([("Link", value)])
        elif name == "body":
            body.append(value.encode("latin-1"))
        else:
            fields.append((name, value))
    start_response(status, fields)
    return iter(body)


def app(environ, start_response):
    if environ["PATH_INFO"] == "/answer":
        return asked(environ, start_response)
    return told(environ, start_response)


def jittery(environ, start_response):
    """Blocks or computes before it answers, or does neither."""
    chance = random.random()
    if chance < 0.1:
        time.sleep(random.random() / 200)
    elif chance < 0.2:
        end = time.monotonic() + random.random() / 300
        while time.monotonic() < end:
            pass
    return app(environ, start_response)
