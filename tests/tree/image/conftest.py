"""The image as a user builds it: by scripts/image and docker/Dockerfile.app.

Fixtures: greencorn_image, build_app, hello_image, build_example, mount, said,
ask_json, server (the image with an application of the test's own mounted at
/app).
"""

import configparser
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "..", "..", ".."))
BINARY = os.environ.get("GREENCORN", os.path.join(ROOT, "build/out/greencorn"))
PODMAN = ["podman", "--runtime=runc", "--cgroup-manager=cgroupfs"]
CA = "/etc/ssl/certs/ca-certificates.crt"


def run(*args, timeout=600, **kw):
    done = subprocess.run(args, capture_output=True, text=True,
                          timeout=timeout, **kw)
    if done.returncode != 0:
        raise AssertionError(f"{args[:4]} failed:\n"
                             f"{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done.stdout


def pip_settings():
    """What this machine's pip is told of its index, without host names here.

    {name: value} of `pip config list`: files and environment in pip's order.
    """
    listed = run(sys.executable, "-m", "pip", "config", "list")
    found = {}
    for line in listed.splitlines():
        key, _, value = line.partition("=")
        name = key.rpartition(".")[2]
        if name in ("index-url", "extra-index-url", "trusted-host", "proxy",
                    "cert", "timeout", "default-timeout", "retries"):
            found[name.removeprefix("default-")] = value.strip("'\"")
    return found


@pytest.fixture(scope="session")
def index_options(tmp_path_factory):
    """Options of podman build by which pip inside reaches the index."""
    folder = tmp_path_factory.mktemp("pip")
    settings = pip_settings()
    options = ["--network=host"]
    if cert := settings.pop("cert", None):
        options.append(f"--volume={cert}:{CA}:ro")
        settings["cert"] = CA
    config = configparser.RawConfigParser()
    config["global"] = settings
    with open(folder / "pip.conf", "w") as f:
        config.write(f)
    options.append(f"--volume={folder}/pip.conf:/etc/pip.conf:ro")
    return options


@pytest.fixture(scope="session")
def greencorn_image():
    tag = f"localhost/greencorn-test-{os.getpid()}:latest"
    run(f"{ROOT}/scripts/image", tag, env={**os.environ, "GREENCORN": BINARY})
    yield tag
    subprocess.run([*PODMAN, "rmi", "-f", tag], capture_output=True)


@pytest.fixture(scope="module")
def mount():
    """mount(image) -> the folder in which its content is to be seen."""
    mounted = []

    def look(tag):
        mounted.append(tag)
        return run(*PODMAN, "image", "mount", tag).strip()

    yield look
    for tag in mounted:
        subprocess.run([*PODMAN, "image", "umount", tag], capture_output=True)


@pytest.fixture(scope="module")
def said(greencorn_image):
    """What the image says of itself."""
    return json.loads(run(*PODMAN, "image", "inspect", greencorn_image))[0]


@pytest.fixture(scope="session")
def build_app(greencorn_image, index_options):
    """build_app(folder, name) -> the image that Dockerfile.app, or another
    Dockerfile, makes of the folder."""
    made = []

    def build(folder, name, timeout=900,
              dockerfile=f"{ROOT}/docker/Dockerfile.app"):
        tag = f"localhost/greencorn-test-{os.getpid()}-{name}:latest"
        run(*PODMAN, "build", "--quiet", "--format=docker", "--layers=false",
            *index_options,
            f"--build-arg=GREENCORN={greencorn_image}", "-t", tag,
            "-f", dockerfile, folder, timeout=timeout)
        made.append(tag)
        return tag

    yield build
    for tag in made:
        subprocess.run([*PODMAN, "rmi", "-f", tag], capture_output=True)


@pytest.fixture(scope="session")
def hello_image(build_app):
    return build_app(f"{ROOT}/docker/examples/hello", "hello")


@pytest.fixture(scope="session")
def build_example(build_app):
    """build_example(name) -> the image of docker/examples/NAME, made by its
    own Dockerfile."""
    def build(name):
        folder = f"{ROOT}/docker/examples/{name}"
        return build_app(folder, name, dockerfile=f"{folder}/Dockerfile")
    return build


@pytest.fixture(scope="session")
def ask_json():
    """ask_json(url, document=None, timeout=30) -> (status, the answer's JSON).

    The document is POSTed: bytes as they are, anything else as JSON.
    """
    def ask(url, document=None, timeout=30):
        data = document
        if data is not None and not isinstance(data, bytes):
            data = json.dumps(data).encode()
        request = urllib.request.Request(
            url, data, {"Content-Type": "application/json"} if data else {})
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as e:
            return e.code, json.loads(e.read())
    return ask


@pytest.fixture(scope="session")
def app_folder(tmp_path_factory):
    """A folder that uid 65532 may read, with the tests' application in it."""
    folder = tmp_path_factory.mktemp("app")
    with open(f"{HERE}/app/app.py") as f:
        (folder / "app.py").write_text(f.read())
    for path in (folder, *folder.parents):
        if str(path).startswith("/tmp/"):
            path.chmod(path.stat().st_mode | 0o055)
    return folder


@pytest.fixture
def server(container, greencorn_image, app_folder):
    """server(*args, env={}, ...): serves app:app, waits until it answers."""
    def start(*args, options=(), **kw):
        c = container(greencorn_image, *args, "app:app", ports=[8000, 9000],
                      options=[f"--volume={app_folder}:/app:ro", *options],
                      **kw)
        c.wait_log("Ready:")
        return c
    return start
