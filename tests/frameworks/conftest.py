"""Real frameworks in the scratch image, one container each.

served: a framework's application of data/, in its container.
--worker-class NAME (may be repeated): with these classes only.
"""

import importlib.util
import os
import pathlib
import shutil

import pytest

HERE = pathlib.Path(__file__).resolve().parent
DATA = HERE / "data"
FRAMEWORKS = ["bottle", "cherrypy", "django", "falcon", "flask", "pyramid"]
CLASSES = {"sync": {}, "gthread": {"GREENCORN_WORKER_CLASS": "gthread",
                                   "GREENCORN_THREADS": "4"}}
FILE = bytes(range(256)) * 2000  # what /file sends


def load(name, path):
    spec = importlib.util.spec_from_file_location(name, HERE.parent / path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


tree = load("tree", "tree/conftest.py")
images = load("images", "tree/image/conftest.py")
wire = load("wire", "wire/conftest.py")
# Fixtures of theirs.
build_app, greencorn_image = images.build_app, images.greencorn_image
index_options = images.index_options


def pytest_addoption(parser):
    parser.addoption("--worker-class", action="append", choices=CLASSES,
                     help="this class only; may be repeated")


def pytest_generate_tests(metafunc):
    if "framework" not in metafunc.fixturenames:
        return
    wanted = metafunc.config.getoption("--worker-class") or (
        CLASSES if os.environ.get("SOAK") else ["sync"])
    metafunc.parametrize("framework, worker_class", [
        (f, c) for f in FRAMEWORKS for c in wanted], scope="module")


@pytest.fixture(scope="session")
def framework_image(build_app, tmp_path_factory):
    """framework_image(name) -> its image, made once."""
    made = {}

    def make(name):
        if name not in made:
            folder = tmp_path_factory.mktemp(name)
            shutil.copytree(DATA / name, folder, dirs_exist_ok=True)
            shutil.copy(DATA / "_both.py", folder)
            (folder / "data.bin").write_bytes(FILE)
            made[name] = build_app(folder, name)
        return made[name]
    return make


class Served(tree.Container):
    framework = None

    def connect(self):
        return wire.Connection(("127.0.0.1", self.ports[8000]))


@pytest.fixture(scope="module")
def served(framework, worker_class, framework_image):
    refused = wire.check_class(worker_class)
    if refused and worker_class != "sync":
        pytest.skip(f"no {worker_class} in this binary yet: {refused.strip()}")
    name, command, ports = tree._command(
        framework_image(framework), (), ports=[8000],
        # Where some put an upload that is too large for their memory.
        options=["--memory=256m", "--tmpfs=/tmp:rw,mode=1777,size=16m"],
        env={"FORWARDED_ALLOW_IPS": "*", **CLASSES[worker_class]})
    tree.podman("run", "-d", *command)
    c = Served(name)
    c.ports, c.framework = ports, framework
    try:
        c.wait_log("Ready:")
        yield c
        c.kill("TERM")
        assert c.wait() == 0
    finally:
        tree._remove([name])
