"""Threads, fork, subprocess and multiprocessing around native modules."""
import multiprocessing
import os
import subprocess
import sys
import threading

import numpy
import orjson
import pydantic


class Part(pydantic.BaseModel):
    numbers: list[float]


def norm(text):
    """Work for each of the three: checked, computed, encoded."""
    part = Part.model_validate_json(text)
    square = numpy.outer(part.numbers, part.numbers)
    return orjson.dumps(float(numpy.linalg.norm(square)))


TEXT = b'{"numbers": [3, 4]}'


def in_threads():
    found = []
    threads = [threading.Thread(
        target=lambda: found.extend(norm(TEXT) for _ in range(50)))
        for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert found == [b"25.0"] * 400, len(found)


def in_forks():
    """Children of a process whose BLAS has threads already."""
    numpy.ones((400, 400)) @ numpy.ones((400, 400))
    for _ in range(20):
        pid = os.fork()
        if pid == 0:
            os._exit(0 if norm(TEXT) == b"25.0" else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def in_subprocess():
    code = "import numpy, sys; print(int(numpy.arange(10).sum()), sys.argv[1])"
    done = subprocess.run([sys.executable, "-c", code, "an argument"],
                          capture_output=True, text=True, timeout=60)
    assert done.stdout == "45 an argument\n", (done.stdout, done.stderr)


def in_multiprocessing(method):
    context = multiprocessing.get_context(method)
    with context.Pool(2) as pool:
        assert pool.map(norm, [TEXT] * 20) == [b"25.0"] * 20, method


if __name__ == "__main__":
    in_threads()
    in_forks()
    in_subprocess()
    for method in ("fork", "spawn", "forkserver"):
        in_multiprocessing(method)
