"""Clients as people use them, against the release binary.

server(setting=value, ...) starts it with _client_app, as tests/wire does.
"""

import importlib.util
import pathlib
import shutil
import subprocess

import pytest

collect_ignore_glob = ["*conftest.py", "data/*"]

HERE = pathlib.Path(__file__).resolve().parent
spec = importlib.util.spec_from_file_location(
    "wire", HERE.parent / "wire/conftest.py")
wire = importlib.util.module_from_spec(spec)
spec.loader.exec_module(wire)


class Server(wire.Server):
    @property
    def url(self):
        return "http://%s:%d" % self.address

    def run(self, *command, data=None):
        """What a program prints that ends well."""
        assert shutil.which(command[0]), \
            f"no {command[0]} here: run scripts/install-tools test"
        done = subprocess.run(command, input=data, capture_output=True,
                              timeout=60)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    running = {}

    def start(**settings):
        key = tuple(sorted(settings.items()))
        if key not in running:
            running[key] = Server(tmp_path_factory.mktemp("server"), {
                "app": "_client_app:app", "pythonpath": HERE, **settings})
        return running[key]

    yield start
    failed = [s.log() for s in running.values() if s.stop() != 0]
    assert not failed, failed[0]
