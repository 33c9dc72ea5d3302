"""The image of init's own tests: fake_server.c, linked with init, alone."""

import glob
import os
import subprocess

import pytest

HERE = os.path.dirname(__file__)
ROOT = os.path.abspath(os.path.join(HERE, "..", "..", ".."))


@pytest.fixture(scope="session")
def fake_image(image, tmp_path_factory):
    program = tmp_path_factory.mktemp("fake") / "fake_server"
    sources = [os.path.join(HERE, "fake_server.c")]
    for module in ("base", "sys", "init"):
        # json wants a third party's header, and nothing here reads JSON.
        sources += sorted(set(glob.glob(f"{ROOT}/src/{module}/*.c")) -
                          {f"{ROOT}/src/base/json.c"})
    subprocess.run(["cc", "-static", "-O1", "-g", "-std=gnu11",
                    "-D_GNU_SOURCE", f"-I{ROOT}/src", "-o", program,
                    *sources], check=True, timeout=120)
    return image({"/fake": str(program), "/empty": ("dir", 0o755)}, ["/fake"])


@pytest.fixture
def fake(container, fake_image):
    """fake(words...) starts the fake server, as PID 1 of a container."""
    def start(*words, **kw):
        return container(fake_image, *words, **kw)
    return start
