"""What an application may do to its environ; then /show tells all of it."""

import threading

kept = []


def nothing(environ):
    pass


def add(environ):
    environ["test.added"] = "1"


def change(environ):
    environ["SCRIPT_NAME"] = "/changed"


def remove(environ):
    del environ["wsgi.version"]


def pop(environ):
    environ.pop("REQUEST_METHOD")
    environ.popitem()


def clear(environ):
    environ.clear()


def update(environ):
    environ.update(HTTP_HOST="changed", test="1")


def merge(environ):
    environ |= {"SERVER_NAME": "changed"}


def set_default(environ):
    environ.setdefault("test.default", "1")


def execute(environ):
    exec("REMOTE_ADDR = 'changed'", environ)


class Holder:
    pass


def attributes(environ):
    holder = Holder()
    holder.__dict__ = environ
    holder.HTTP_HOST = "changed"


def keep(environ):
    kept.append((environ, dict(environ)))


def keep_input(environ):
    kept.append((environ["wsgi.input"], environ["wsgi.input"]))


def keep_view(environ):
    items = environ.items()
    kept.append((items, list(items)))


def keep_in_thread(environ):
    """Held by a thread that changes it when the next request is there."""
    go_on = threading.Event()

    def later():
        go_on.wait(10)
        environ["HTTP_HOST"] = "late"

    thread = threading.Thread(target=later)
    thread.start()
    waiting.append((go_on, thread))


def cycle(environ):
    environ["test.self"] = environ


def fail(environ):
    raise ValueError("on purpose")


def late(environ):
    """By the answer's iterator, when start_response was called long ago."""
    yield b""
    environ["test.late"] = "1"


waiting = []
DEEDS = {f.__name__: f for f in (
    nothing, add, change, remove, pop, clear, update, merge, set_default,
    execute, attributes, keep, keep_input, keep_view, keep_in_thread, cycle,
    fail, late)}


def show(environ):
    while waiting:
        go_on, thread = waiting.pop()
        go_on.set()
        thread.join()
    lines = [f"{k}={v!r}" for k, v in environ.items() if isinstance(v, str)]
    lines.append(f"keys={len(environ)}")
    lines.append(f"order={list(environ)!r}")
    return "\n".join(lines).encode()


def app(environ, start_response):
    path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
    body = b""
    if path == "/show":
        body = show(environ)
    elif path == "/id":
        body = str(id(environ)).encode()
    elif path == "/kept":
        same = all(list(now) == list(then) if not isinstance(now, dict)
                   else now == then for now, then in kept
                   if isinstance(then, (dict, list)))
        body = str(same).encode()
    start_response("200 OK", [("Content-Type", "text/plain")])
    if query:
        return DEEDS[query](environ) or [body]
    return [body]
