"""The application of the image's tests."""

import os
import time


def make_orphans(n):
    """n grandchildren whose parent is gone when they exit with 3, 4 or 0."""
    for i in range(n):
        pid = os.fork()
        if pid == 0:
            if os.fork() == 0:
                os._exit((3, 4, 0)[i % 3])
            os._exit(0)
        os.waitpid(pid, 0)


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/slow":
        environ["wsgi.errors"].write("slow begins\n")
        environ["wsgi.errors"].flush()
        time.sleep(float(environ["QUERY_STRING"]))
    elif path == "/orphans":
        make_orphans(int(environ["QUERY_STRING"]))
    body = b"%d" % os.getpid()
    start_response("200 OK", [("Content-Type", "text/plain"),
                              ("Content-Length", str(len(body)))])
    return [body]
