"""What lies in the image, and what the image says of itself."""

import os
import stat

import pytest

CONTENT = {
    "greencorn": 0o755,
    "etc/passwd": 0o644,
    "etc/group": 0o644,
    "etc/ssl/certs/ca-certificates.crt": 0o644,
    "usr/bin/python3": "/greencorn",
    "etc": 0o755, "etc/ssl": 0o755, "etc/ssl/certs": 0o755,
    "usr": 0o755, "usr/bin": 0o755, "app": 0o755, "tmp": 0o1777,
}


@pytest.fixture
def mounted(mount, greencorn_image):
    return mount(greencorn_image)


def content(root):
    found = {}
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder, name)
            info = os.lstat(path)
            assert (info.st_uid, info.st_gid) == (0, 0), path
            found[os.path.relpath(path, root)] = os.readlink(path) \
                if stat.S_ISLNK(info.st_mode) else stat.S_IMODE(info.st_mode)
    return found


def test_nothing_but_what_is_allowed(mounted):
    assert content(mounted) == CONTENT


def test_users_have_numbers_and_names(mounted):
    with open(f"{mounted}/etc/passwd") as f:
        rows = {row.split(":")[0]: row.split(":")[2:4] for row in f}
    assert rows == {"root": ["0", "0"], "nobody": ["65534", "65534"],
                    "nonroot": ["65532", "65532"]}


def test_authorities_are_there(mounted):
    with open(f"{mounted}/etc/ssl/certs/ca-certificates.crt") as f:
        assert f.read().count("BEGIN CERTIFICATE") > 100


def test_what_the_image_says(said):
    config = said["Config"]
    env = dict(e.split("=", 1) for e in config["Env"])
    assert config["User"] == "65532:65532"
    assert config["Entrypoint"] == ["/greencorn"]
    assert config["WorkingDir"] == "/app"
    assert env["PYTHONUNBUFFERED"] == "1"
    assert env["PORT"] == "8000"
    assert env["GREENCORN_ADMIN_BIND"] == "0.0.0.0:9000"
    # podman says it beside Config, docker in it.
    health = said.get("Healthcheck") or config["Healthcheck"]
    assert health["Test"] == ["CMD", "/greencorn", "health"]
    assert set(config["ExposedPorts"]) == {"8000/tcp", "9000/tcp"}
    labels = config["Labels"]
    assert labels["org.opencontainers.image.licenses"] == "MIT"
    assert labels["org.opencontainers.image.version"][0].isdigit()
