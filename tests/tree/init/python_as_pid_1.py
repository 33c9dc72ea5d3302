"""The release binary as PID 1 with a Python as its child."""

import os
import signal

import pytest

ROOT = os.path.join(os.path.dirname(__file__), "..", "..", "..")
BINARY = os.environ.get("GREENCORN",
                        os.path.join(ROOT, "build/out/greencorn"))

pytestmark = pytest.mark.skipif(not os.path.exists(BINARY),
                                reason="no release binary: run make")

ORPHANS = """
import os, time
for n in range(1000):
    pid = os.fork()
    if pid == 0:
        if os.fork() == 0:
            os._exit((0, 3, 4)[n % 3])
        os._exit(0)
    os.waitpid(pid, 0)
print("orphans made", flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="session")
def python_image(image):
    return image({"/greencorn": BINARY}, ["/greencorn", "python", "-c"])


@pytest.mark.parametrize("code,status", [
    ("pass", 0),
    ("import sys; sys.exit(7)", 7),
    ("raise ValueError", 1),
    ("import os; os.kill(os.getpid(), 9)", 137),
])
def test_exit_status(container, python_image, code, status):
    assert container(python_image, code).wait() == status


def test_python_is_not_pid_1(container, python_image):
    c = container(python_image, "import os; print(os.getpid(), os.getppid())")
    assert c.wait() == 0
    pid, parent = c.logs().split()
    assert pid != "1" and parent == "1"


def test_a_thousand_orphans(container, python_image, wait_until):
    c = container(python_image, ORPHANS)
    c.wait_log("orphans made", deadline=60)
    wait_until(lambda: len(c.processes()) == 2, "only init and Python")
    c.kill("TERM")
    assert c.wait() == 128 + signal.SIGTERM


HANDLER = """
import signal, sys, time
signal.signal(signal.SIGUSR1, lambda *a: sys.exit(11))
print("there", flush=True)
time.sleep(600)
"""


def test_signals_reach_python(container, python_image):
    c = container(python_image, HANDLER)
    c.wait_log("there")
    c.kill("USR1")
    assert c.wait() == 11


def test_ctrl_c_interrupts(terminal, python_image):
    t = terminal(python_image,
                 "import time; print('there', flush=True); time.sleep(60)")
    t.read_until("there")
    t.type(b"\x03")
    t.read_until("KeyboardInterrupt")
    assert t.wait() == 130
