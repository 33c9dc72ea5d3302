"""The WSGI application of Gunicorn's dirty benchmark, by its description."""

import json
from urllib.parse import parse_qs

from gunicorn.dirty import get_dirty_client

NAME = "benchmarks.dirty_bench_app:BenchmarkApp"


def call(path, query, body):
    def number(name, default, kind=int):
        return kind(query.get(name, [default])[0])

    name = query.get("app", [NAME])[0]

    def execute(*args):
        return get_dirty_client().execute(name, *args)

    if path == "/sleep":
        return execute("sleep_task", number("duration", 10))
    if path == "/cpu":
        return execute("cpu_task", number("duration", 100),
                       number("intensity", 1.0, float))
    if path == "/mixed":
        return execute("mixed_task", number("sleep", 50), number("cpu", 50))
    if path == "/payload":
        return execute("payload_task", number("size", 100),
                       number("duration", 0))
    if path == "/echo":
        return execute("echo_task", body.decode())
    if path in ("/stats", "/health"):
        return execute(path[1:])
    if path == "/reset":
        return execute("reset_stats")
    return {"endpoints": "see above"} if path == "/" else None


def app(environ, start_response):
    status = "200 OK"
    try:
        body = environ["wsgi.input"].read()
        result = call(environ["PATH_INFO"],
                      parse_qs(environ["QUERY_STRING"]), body)
        if result is None:
            status = "404 Not Found"
            result = {"error": f"Unknown path: {environ['PATH_INFO']}"}
    except Exception as e:
        status = "500 Internal Server Error"
        result = {"error": str(e), "type": type(e).__name__}
    start_response(status, [("Content-Type", "application/json")])
    return [json.dumps(result).encode()]
