import os

from prometheus_client import Counter, Gauge

REQUESTS = Counter("requests_total", "Requests.", ["path"])
ALIVE = Gauge("alive", "Workers.", multiprocess_mode="livesum")
ALIVE.set(1)


def app(environ, start_response):
    REQUESTS.labels(environ["PATH_INFO"]).inc()
    body = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Length", str(len(body))),
                              ("Connection", "close")])
    return [body]
