"""Each compose file of docker/, brought up as a reader would do it."""

import os
import subprocess
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
DOCKER = os.path.abspath(os.path.join(HERE, "..", "..", "..", "docker"))
PODMAN = ["podman", "--runtime=runc", "--cgroup-manager=cgroupfs"]
# (folder, its service, a path that is answered when all of it works)
FILES = [
    (".", "hello", "/api/about"),
    ("examples/allocation", "allocation", "/allocation"),
    ("examples/chat", "chat", "/"),
    ("examples/embedding", "embedding", "/health"),
]


@pytest.fixture
def compose(greencorn_image, index_options, free_port):
    """compose(folder, service) -> (the container's name, its port)"""
    project = f"greencorn-test-{os.getpid()}-compose"
    up = []

    def run(folder, *args, **kw):
        build = ["--format=docker", "--layers=false", *index_options,
                 f"--build-arg=GREENCORN={greencorn_image}"]
        return subprocess.run(
            [sys.executable, "-m", "podman_compose", "-p", project,
             f"--podman-args={' '.join(PODMAN[1:])}",
             "--podman-run-args=--systemd=false --ulimit=nofile=1024:1024 "
             "--ulimit=nproc=1000:1000",
             f"--podman-build-args={' '.join(build)}", *args],
            cwd=os.path.join(DOCKER, folder), capture_output=True, text=True,
            timeout=300, **kw)

    def start(folder, service):
        up.append((folder, service))
        port = free_port()
        done = run(folder, "up", "-d", "--build",
                   env={**os.environ, "PORT": str(port)})
        assert done.returncode == 0, done.stdout + done.stderr
        return f"{project}_{service}_1", port

    yield start
    for folder, service in up:
        run(folder, "down", "-t", "5")
        subprocess.run([*PODMAN, "rmi", "-f", f"{project}_{service}"],
                       capture_output=True)


@pytest.mark.parametrize("folder, service, path", FILES,
                         ids=[service for _, service, _ in FILES])
def test_works(compose, container_named, get, wait_until, folder, service,
               path):
    name, port = compose(folder, service)
    url = f"http://127.0.0.1:{port}{path}"
    c = container_named(name)
    c.wait_log("Ready:")
    wait_until(lambda: get(url, 30)[0] == 200, "an answer")
    said = c.inspect()
    assert said["HostConfig"]["ReadonlyRootfs"]
    assert said["Config"]["User"] == "65532:65532"
    assert said["HostConfig"]["Memory"] > 0
    status = c.status(1)
    assert "\nCapEff:\t0000000000000000\n" in status
    assert "\nNoNewPrivs:\t1\n" in status
    # podman's own timer for it needs systemd.
    wait_until(lambda: subprocess.run(
        [*PODMAN, "healthcheck", "run", name], capture_output=True,
        timeout=30).returncode == 0, "health")
