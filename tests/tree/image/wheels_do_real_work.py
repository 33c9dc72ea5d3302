"""Wheels from the index, installed in the scratch image, at work in it.

Read-only, without capabilities, as uid 65532. SOAK=1 adds the rest.
"""

import glob
import os
import subprocess

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
WHEELS = os.path.abspath(os.path.join(HERE, "..", "..", "wheels"))
ROOT = os.path.dirname(os.path.dirname(WHEELS))
SOAK = os.environ.get("SOAK") == "1"


def scripts():
    found = glob.glob(f"{WHEELS}/data/work/use_*.py")
    if SOAK:
        found += glob.glob(f"{WHEELS}/data/soak/use_*.py")
    return sorted(found)


@pytest.fixture(scope="session")
def wheels_image(build_app, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheels")
    wanted = [f"{WHEELS}/requirements.txt"]
    if SOAK:
        wanted.append(f"{WHEELS}/requirements-soak.txt")
    with open(folder / "requirements.txt", "w") as out:
        for path in wanted:
            with open(path) as f:
                out.write(f.read())
    for path in scripts():
        with open(path) as f:
            (folder / os.path.basename(path)).write_text(f.read())
    return build_app(folder, "wheels", timeout=1500)


@pytest.mark.parametrize("path", scripts(), ids=lambda path: os.path.basename(
    path).removeprefix("use_").removesuffix(".py"))
def test_works(container, wheels_image, path):
    c = container(wheels_image, "python", os.path.basename(path))
    status = c.wait(deadline=120)
    assert status == 0, c.logs()


def test_every_symbol_is_there(mount, wheels_image):
    """All that the wheels' libraries want is offered by the binary."""
    root = mount(wheels_image)
    done = subprocess.run([f"{ROOT}/scripts/check-wheel-symbols",
                           f"{root}/app/site-packages"],
                          env={**os.environ, "GREENCORN": f"{root}/greencorn"},
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
