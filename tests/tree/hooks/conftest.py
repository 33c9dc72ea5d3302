"""The servers of tests/tree/server, with hooks.

    conf = SAY + "def on_starting(server): say(server.pid)"

SAY gives a configuration file say(...), which prints a line "hook NAME PID
..." under the name of the function that calls it.
"""

import importlib.util
import pathlib
import re

import pytest

collect_ignore_glob = ["*conftest.py", "data/*"]

_path = pathlib.Path(__file__).parent.parent / "server" / "conftest.py"
_spec = importlib.util.spec_from_file_location("tree_server_conftest", _path)
_server = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_server)

until, serve = _server.until, _server.serve

SAY = """
import os
import sys

def say(*args):
    name = sys._getframe(1).f_code.co_name
    line = " ".join(map(str, ("hook", name, os.getpid(), *args)))
    os.write(1, (line + "\\n").encode())

"""


@pytest.fixture
def hooked(serve):
    """hooked(conf, ...): serve with a configuration file that can say."""
    def start(conf, *args, **kw):
        return serve(*args, conf=SAY + conf, **kw)
    return start


@pytest.fixture
def said():
    """said(server, name): [(pid, rest of the line)] of what it said."""
    def lines(server, name):
        found = re.findall(rf"^hook {name} (\d+) ?(.*)$", server.log, re.M)
        return [(int(pid), rest) for pid, rest in found]
    return lines


@pytest.fixture(scope="session")
def packages(installed):
    """A folder with what the files in data/ import."""
    return installed(pathlib.Path(__file__).parent / "data/requirements.txt")
