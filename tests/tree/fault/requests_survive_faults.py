"""The n-th allocation or system call of a request fails, for every n.

Each time the client gets a whole answer, an error or the end of the
connection, never a wrong answer and never silence; the same worker goes on,
no descriptor and no memory of ours stays behind. SOAK=1: every kind of
request, every kind of call, with several errors.
"""

import errno
import os

import pytest

SOAK = bool(os.environ.get("SOAK"))
REPEATED = 3
ATTEMPTS = 6    # so many times REPEATED must have grown to be a leak
N_MAX = 3000    # no request has so many

BIG = b"0123456789abcdef" * 65536


def _get(path, head=b""):
    return (b"GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n" % (path, head))


def _post(body):
    return (b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"
            % len(body)) + body


def _chunked(body, size):
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + size]),
                                         body[i:i + size])
                      for i in range(0, len(body), size))
    return (b"POST /echo HTTP/1.1\r\nHost: a\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")


# name: request, what is answered when nothing fails
REQUESTS = {
    "hello": (_get(b"/hello"), [(200, b"hello\n")]),
    "last": (_get(b"/hello", b"Connection: close\r\n"),
             [(200, b"hello\n")]),
    "pipelined": (_get(b"/hello") * 2 + _get(b"/echo"),
                  [(200, b"hello\n")] * 2 + [(200, b"")]),
    "upload": (_post(BIG[:200000]), [(200, BIG[:200000])]),
    "chunked": (_chunked(BIG[:150000], 7000), [(200, BIG[:150000])]),
    "continue": (_post(BIG[:90000]).replace(
        b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n", 1),
        [(200, BIG[:90000])]),
    "without a body": (b"HEAD /hello HTTP/1.1\r\nHost: a\r\n"
                       b"Connection: close\r\n\r\n", [(200, None)]),
    "stream": (_get(b"/stream"), [(200, BIG)]),
    "file": (_get(b"/file"), [(200, BIG)]),
    "write": (_get(b"/write"), [(200, b"a" + b"b" * 70000 + b"c")]),
    "exception": (_get(b"/fail"), [(500, None)]),
    "many fields": (_get(b"/hello", b"".join(b"X-Field-%d: %s\r\n" % (
        i, b"v" * 100) for i in range(90))), [(200, b"hello\n")]),
    "no head": (b"GET / HTTP/1.1\r\nBad Head: x\r\n\r\n", [(400, None)]),
}
if SOAK:
    CASES = [(name, threads) for threads in (1, 4) for name in REQUESTS]
    WITH_PYTHON = [name for name in REQUESTS if name != "no head"]
else:
    CASES = [(name, 1) for name in ("hello", "last", "pipelined", "upload",
                                    "chunked", "stream", "file",
                                    "exception")] + [("hello", 4)]
    WITH_PYTHON = ["hello", "upload", "many fields"]
ENDING = ("last", "exception", "no head", "without a body")
ERRORS = [errno.EINTR, errno.EAGAIN, errno.ENOMEM, errno.EIO, errno.ENOBUFS]


def _is_fine(answers, wanted):
    """Whole and right, an error, or cut."""
    for (status, body), (want, want_body) in zip(answers, wanted):
        if status == want and body is not None and want_body is not None:
            assert body == want_body
        else:
            assert status == want or 400 <= status <= 599
    assert len(answers) <= len(wanted)


def _fail_one(s, kind, n, name, error):
    """Lets the n-th fail; whether there was one."""
    request, wanted = REQUESTS[name]
    s.control.arm(kind, n, error)
    # One more than there can be waits for the connection's end.
    answers = s.exchange(request, len(wanted) + (name in ENDING))
    hit, call = s.control.disarm()
    _is_fine(answers, wanted)
    if hit:
        s.check(f"{kind} {n} ({call}) of {name}")
    return hit


def _fail_each(s, kind, name, error=0, step=1):
    """Lets the n-th fail for n = 1, 1 + step, ...; how many there were."""
    for n in range(1, N_MAX, step):
        # What is kept for later requests grows once, a leak each time.
        for attempt in range(ATTEMPTS):
            live = s.control.live
            hits = [_fail_one(s, kind, n, name, error)
                    for _ in range(REPEATED)]
            if s.control.live - live < REPEATED:
                break
        else:
            raise AssertionError(f"{kind} {n} of {name}: "
                                 f"{s.control.live - live} are not freed")
        if not any(hits):
            return n
    raise AssertionError(f"{name} has no end")


@pytest.mark.parametrize("name,threads", CASES)
def test_an_allocation_fails(faulty, name, threads):
    _fail_each(faulty(threads=threads), "allocation", name)


@pytest.mark.parametrize("name,threads", CASES)
def test_a_system_call_fails(faulty, name, threads):
    assert _fail_each(faulty(threads=threads), "call", name) > 3


@pytest.mark.parametrize("name", WITH_PYTHON)
def test_an_allocation_of_pythons_fails(faulty, name):
    step = 1 if SOAK else 3
    assert _fail_each(faulty(threads=1), "python", name, step=step) > 3


if SOAK:
    @pytest.mark.parametrize("error", ERRORS)
    @pytest.mark.parametrize("name", REQUESTS)
    def test_a_system_call_fails_otherwise(faulty, name, error):
        _fail_each(faulty(threads=1), "call", name, error)
