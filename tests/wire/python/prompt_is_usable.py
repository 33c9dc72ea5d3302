"""The interactive prompt on a terminal, without curses and readline."""

import os
import pty
import select
import time

DEADLINE = 30


def read_until(fd, what, so_far):
    end = time.monotonic() + DEADLINE
    while what not in so_far:
        left = end - time.monotonic()
        assert left > 0, f"{what!r} did not come; there was {so_far!r}"
        if select.select([fd], [], [], left)[0]:
            so_far += os.read(fd, 4096)
    return so_far


def test_prompt(greencorn):
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(greencorn, ["greencorn", "python"],
                  {"TERM": "xterm", "NO_COLOR": "1"})
    try:
        start = read_until(fd, b">>> ", b"")
        for word in (b"Error", b"warning", b"Failed"):
            assert word not in start
        os.write(fd, b"6*7\n")
        read_until(fd, b"\n42\r\n>>> ", b"")
        os.write(fd, b"exit()\n")
        assert os.waitpid(pid, 0)[1] == 0
    finally:
        os.close(fd)
