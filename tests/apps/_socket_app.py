"""A WSGI application that takes gunicorn.socket; the path says how."""

import os
import pathlib
import socket
import threading
import time


def text(start_response, value):
    body = repr(value).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def look(sock, environ, start_response):
    assert isinstance(sock, socket.socket)
    return text(start_response, (sock.getpeername(), sock.getsockname(),
                                 sock.family.name, sock.gettimeout()))


def echo(sock, environ, start_response):
    """Speaks in lines until there is an empty one; then an exception,
    of which one means that all is well."""
    sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\n"
                 b"Connection: upgrade\r\nUpgrade: lines\r\n\r\n")
    with sock.makefile("rb") as lines:
        for line in lines:
            if line == b"\n":
                break
            sock.sendall(line.upper())
    if environ["QUERY_STRING"] == "error":
        raise ValueError("it failed")
    raise StopIteration


def breaks(sock, environ, start_response):
    sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
    raise ConnectionResetError("of a database")


def returns(sock, environ, start_response):
    sock.sendall(b"HTTP/1.0 200 OK\r\n\r\nby hand")
    start_response("500 Never", [])
    return [b"never seen"]


def lazy(sock, environ, start_response):
    """An iterable that takes it when it is asked for its first item."""
    start_response("500 Never", [])

    def items():
        sock.sendall(b"HTTP/1.0 200 OK\r\n\r\nlazily")
        yield b"never seen"

    return items()


def after(sock, environ, start_response):
    """What else is there of the request when the socket is taken."""
    sock.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
    write = start_response("200 OK", [])
    for function in (lambda: write(b"x"), environ["wsgi.input"].read):
        try:
            sock.sendall(repr(function()).encode() + b"\n")
        except OSError as e:
            sock.sendall(str(e).encode() + b"\n")
    return []


def copied(sock, environ, start_response):
    """A copy may outlive the call."""
    copy = sock.dup()

    def speak():
        with copy:
            over.wait(10)
            copy.sendall(b"HTTP/1.0 200 OK\r\n\r\nafterwards")

    over = threading.Event()
    threading.Thread(target=speak).start()
    threading.Timer(0.1, over.set).start()
    return []


kept = []


def keeps(sock, environ, start_response):
    kept.append(sock)
    return look(sock, environ, start_response)


def is_over(sock, environ, start_response):
    try:
        kept.pop().recv(1)
    except OSError as e:
        return text(start_response, str(e))
    return text(start_response, "still open")


def waits(sock, environ, start_response):
    """What it reads when the server ends the exchange."""
    sock.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
    print("it read", sock.recv(10), file=environ["wsgi.errors"], flush=True)
    return []


def asks(sock, environ, start_response):
    """What a debugger's page may want to know of each value in environ."""
    return text(start_response, [
        hasattr(sock, name) for name in ("keys", "as_view", "recv_json")])


def until_told(environ):
    told = pathlib.Path(environ["QUERY_STRING"])
    while not told.exists():
        time.sleep(0.01)


def looks_and_goes_on(sock, environ, start_response):
    """The answer is complete, and the call is not."""
    class Items(list):
        def close(self):
            until_told(environ)

    return Items(look(sock, environ, start_response))


def looks_and_forks(sock, environ, start_response):
    """A child, that lives longer than the request."""
    answer = look(sock, environ, start_response)
    if os.fork() == 0:
        until_told(environ)
        os._exit(0)
    return answer


def app(environ, start_response):
    function = globals()[environ["PATH_INFO"].strip("/")]
    return function(environ["gunicorn.socket"], environ, start_response)
