"""PEP 3333 by the letter: an application a path, each noting what it saw.

"validated" in front of a path puts wsgiref.validate in between.
"""

import io
import os
import sys
import tempfile
import threading
from wsgiref.validate import validator

TEXT = [("Content-Type", "text/plain")]
notes = []


def note(what):
    notes.append(what)


class Result:
    """An iterable that notes its close()."""

    def __init__(self, items, name="result"):
        self.items, self.name = iter(items), name

    def __iter__(self):
        return self

    def __next__(self):
        return next(self.items)

    def close(self):
        note(f"{self.name} closed")


class OnlyRead:
    """What file_wrapper must do with the least of objects."""

    def __init__(self, data):
        self.data = io.BytesIO(data)

    def read(self, size):
        note(f"read {size}")
        return self.data.read(size)


class Closable(OnlyRead):
    def close(self):
        note("file closed")


def noted(environ, start_response):
    """What was noted since it was asked last."""
    body = "\n".join(notes).encode()
    notes.clear()
    start_response("200 OK", TEXT)
    return [body]


def temporary(data):
    f = tempfile.TemporaryFile()
    f.write(data)
    f.flush()
    f.seek(0)
    return f


# --- wsgi.file_wrapper ---

DATA = bytes(range(256)) * 64


def range_of_file(environ, start_response):
    """query: from,to: as a framework answers Range."""
    first, last = map(int, environ["QUERY_STRING"].split(","))
    f = temporary(DATA)
    f.seek(first)
    start_response("206 Partial Content", TEXT + [
        ("Content-Range", f"bytes {first}-{last}/{len(DATA)}"),
        ("Content-Length", str(last - first + 1))])
    return environ["wsgi.file_wrapper"](f, 1024)


def read_ahead(environ, start_response):
    """A buffered file has read more than it gave."""
    f = temporary(DATA)
    f.readline(10)
    start_response("200 OK", TEXT)
    return environ["wsgi.file_wrapper"](f)


def pipe(environ, start_response):
    r, w = os.pipe()
    os.write(w, b"through a pipe")
    os.close(w)
    start_response("200 OK", TEXT)
    return environ["wsgi.file_wrapper"](os.fdopen(r, "rb"))


def reads_other(environ, start_response):
    """Who reads it sees something else than who sends its descriptor."""
    class Other(OnlyRead):
        def __init__(self, f):
            super().__init__(b"read by Python")
            self.fileno, self.tell = f.fileno, f.tell
    start_response("200 OK", TEXT)
    return environ["wsgi.file_wrapper"](Other(temporary(b"by the kernel.")))


def only_read(environ, start_response):
    start_response("200 OK", TEXT)
    return environ["wsgi.file_wrapper"](OnlyRead(b"x" * 2500), 1000)


def closable(environ, start_response):
    start_response("200 OK", TEXT)
    return environ["wsgi.file_wrapper"](Closable(b"y"), 10)


def wrapped(environ, start_response):
    """Middleware that changes what a wrapper gives."""
    start_response("200 OK", TEXT)
    wrapper = environ["wsgi.file_wrapper"](Closable(b"upper"), 2)
    return Result(part.upper() for part in wrapper)


def after_write(environ, start_response):
    write = start_response("200 OK", TEXT)
    write(b"written, ")
    return environ["wsgi.file_wrapper"](temporary(b"then a file"))


def too_short(environ, start_response):
    start_response("200 OK", TEXT + [("Content-Length", "100")])
    return environ["wsgi.file_wrapper"](temporary(b"fewer"))


def broken_file(environ, start_response):
    class Broken(Closable):
        def read(self, size):
            raise OSError("the disk is gone")
    start_response("200 OK", TEXT)
    return environ["wsgi.file_wrapper"](Broken(b""))


# --- write and start_response ---

def writes(environ, start_response):
    """query: how many pieces of how many bytes."""
    n, size = map(int, environ["QUERY_STRING"].split(","))
    write = start_response("200 OK", TEXT)
    for i in range(n):
        write(b"%d" % (i % 10) * size)
    return []


def thread_writes(environ, start_response):
    """query: how many threads, of how many bytes each in one write(), and
    whether the call waits for them. Each has a letter."""
    n, size, joins = map(int, environ["QUERY_STRING"].split(","))
    write = start_response("200 OK", TEXT)
    lock = threading.Lock()
    begun = threading.Event()

    def stream(letter):
        try:
            with lock:
                write(letter)
                begun.set()
                write(letter * (size - 1))
            note("written")
        except OSError as e:
            note(type(e).__name__)
        except RuntimeError:
            note("RuntimeError")
    threads = [threading.Thread(target=stream, args=(bytes([65 + i]),))
               for i in range(n)]
    for thread in threads:
        thread.start()
    begun.wait()
    if joins:
        for thread in threads:
            thread.join()
    elif environ["REQUEST_METHOD"] == "DELETE":
        raise ValueError("while a thread writes")
    else:
        print(f"returns while {n} threads write", file=environ["wsgi.errors"])
    return []


def thread_reads(environ, start_response):
    """Answers while another thread waits for more of the body."""
    read = environ["wsgi.input"].read
    begun = threading.Event()

    def use():
        try:
            read(1)
            begun.set()
            note(f"read {len(read())}")
        except RuntimeError:
            note("RuntimeError")
    threading.Thread(target=use).start()
    begun.wait()
    start_response("200 OK", TEXT)
    return [b"early"]


late = {}


def late_fields(environ, start_response):
    """query: early_hints or start_response. A thread calls it with fields that
    come only when the next request, for late_fields_come, runs."""
    begun = threading.Event()
    late["come"], late["done"] = threading.Event(), threading.Event()
    hint = environ["wsgi.early_hints"]
    name = environ["QUERY_STRING"]

    def fields():
        begun.set()
        late["come"].wait(10)
        yield "Link", "</style.css>; rel=preload"

    def use():
        try:
            if name == "early_hints":
                hint(fields())
            else:
                start_response("404 Not Found", fields(), KeyError)
            note("taken")
        except RuntimeError:
            note("RuntimeError")
        late["done"].set()
    start_response("200 OK", TEXT)
    threading.Thread(target=use).start()
    begun.wait()
    return [b"begun"]


def late_fields_come(environ, start_response):
    late["come"].set()
    late["done"].wait(10)
    start_response("200 OK", TEXT)
    return [b"its own"]


def both_start(environ, start_response):
    """Two threads say how the answer begins; their fields come at once."""
    meet = threading.Barrier(2)

    def fields():
        meet.wait(10)
        yield "Content-Type", "text/plain"

    def use():
        try:
            start_response("200 OK", fields())
            note("taken")
        except AssertionError:
            note("AssertionError")
    threads = [threading.Thread(target=use) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [b"one of them"]


def write_with_length(environ, start_response):
    write = start_response("200 OK", TEXT + [("Content-Length", "10")])
    write(b"01234")
    write(b"56789")
    return []


def write_no_bytes(environ, start_response):
    write = start_response("200 OK", TEXT)
    try:
        write("text")
    except TypeError:
        note("TypeError")
    return [b"went on"]


def write_late(environ, start_response):
    environ["greencorn.test"] = write = start_response("200 OK", TEXT)

    class Late(Result):
        def close(self):
            try:
                write(b"too late")
            except RuntimeError:
                note("RuntimeError")
    return Late([b"in time"])


def twice(environ, start_response):
    start_response("200 OK", TEXT)
    try:
        start_response("404 Not Found", TEXT)
    except AssertionError:
        note("AssertionError")
    return [b"once"]


def replaced(environ, start_response):
    start_response("200 OK", TEXT + [("X-First", "1")])
    try:
        raise KeyError
    except KeyError:
        start_response("500 Replaced", TEXT + [("X-Second", "2")],
                       sys.exc_info())
    return [b"replaced"]


def replaced_by_name(environ, start_response):
    try:
        raise KeyError
    except KeyError:
        start_response(status="500 Named", headers=TEXT,
                       exc_info=sys.exc_info())
    return [b"named"]


def too_late(environ, start_response):
    """exc_info after the head: the exception goes on its way."""
    write = start_response("200 OK", TEXT)
    write(b"begun")
    try:
        raise KeyError("the first")
    except KeyError:
        try:
            start_response("500 Too Late", TEXT, sys.exc_info())
        except KeyError as e:
            note(f"raised again: {e.args[0]}")
            raise


def in_the_first_step(environ, start_response):
    start_response("200 OK", TEXT)
    yield b"from a generator"


# --- close() ---

def generator(environ, start_response):
    start_response("200 OK", TEXT)
    try:
        for part in (b"a", b"", b"b"):
            yield part
    finally:
        note("generator closed")


def endless(environ, start_response):
    start_response("200 OK", TEXT)
    try:
        while True:
            yield b"x" * 65536
    finally:
        note("endless closed")


def list_that_closes(environ, start_response):
    class List(list):
        def close(self):
            note("list closed")
    start_response("200 OK", TEXT)
    return List([b"a list"])


def raises(environ, start_response):
    start_response("200 OK", TEXT)

    def parts():
        raise ValueError("while iterating")
        yield
    return Result(parts())


def close_raises(environ, start_response):
    class Bad(Result):
        def close(self):
            note("close raises")
            raise ValueError("in close")
    start_response("200 OK", TEXT)
    return Bad([b"complete"])


def more_than_length(environ, start_response):
    start_response("200 OK", TEXT + [("Content-Length", "3")])
    return Result([b"ab", b"cdef", b"g"])


# --- wsgi.input ---

def reads(environ, start_response):
    """The calls that the query names, joined by ";", as their results."""
    f = environ["wsgi.input"]
    out = []
    for call in environ["QUERY_STRING"].split(";"):
        name, _, argument = call.partition(":")
        if name == "iterate":
            out.append(repr(list(f)))
        elif argument:
            out.append(repr(getattr(f, name)(
                None if argument == "None" else int(argument))))
        else:
            out.append(repr(getattr(f, name)()))
    start_response("200 OK", TEXT)
    return ["\n".join(out).encode("latin-1")]


def software(environ, start_response):
    start_response("200 OK", TEXT)
    return [environ["SERVER_SOFTWARE"].encode()]


PAGES = {f"/{f.__name__}": f for f in (
    noted, range_of_file, read_ahead, pipe, reads_other, only_read, closable,
    wrapped, after_write, too_short, broken_file, writes, thread_writes,
    thread_reads, late_fields, late_fields_come, both_start, write_with_length,
    write_no_bytes, write_late, twice, replaced, replaced_by_name, too_late,
    in_the_first_step, generator, endless, list_that_closes, raises,
    close_raises, more_than_length, reads, software)}


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path.startswith("/validated/"):
        return validator(PAGES[path[len("/validated"):]])(
            environ, start_response)
    return PAGES[path](environ, start_response)
