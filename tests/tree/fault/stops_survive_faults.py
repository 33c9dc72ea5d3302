"""A worker whose n-th system call or allocation fails while it stops.

It ends all the same, in time, and so does the server. In the long version.
"""

import os

import pytest

SOAK = bool(os.environ.get("SOAK"))


def _stop(faulty_once, kind, n, threads):
    s = faulty_once(threads=threads, graceful_timeout=3)
    s.control.arm(kind, n)
    status = s.end(keep_armed=True)
    hit, call = s.control.disarm()
    what = f"{kind} {n} ({call})"
    assert status == 0, f"{what}: {status}\n{s.tail()}"
    log = s.log()
    assert "Sanitizer" not in log and "runtime error" not in log, what
    for word in ("was sent SIG", "exited with code", "Traceback"):
        assert word not in log, f"{what}\n{s.tail()}"
    return hit


@pytest.mark.parametrize("threads", [1, 4] if SOAK else [1])
@pytest.mark.parametrize("kind", ["call", "allocation"])
def test_a_stop_ends(faulty_once, kind, threads):
    for n in range(1, 100 if SOAK else 4):
        if not _stop(faulty_once, kind, n, threads):
            break
