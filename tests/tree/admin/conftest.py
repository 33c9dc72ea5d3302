"""The image of admin's own tests: fake_arbiter.c with admin, alone."""

import glob
import os
import subprocess

import pytest

HERE = os.path.dirname(__file__)
ROOT = os.path.abspath(os.path.join(HERE, "..", "..", ".."))


@pytest.fixture(scope="session")
def admin_image(image, tmp_path_factory):
    program = tmp_path_factory.mktemp("fake") / "fake_arbiter"
    sources = [os.path.join(HERE, "fake_arbiter.c")]
    for module in ("base", "sys", "board", "admin"):
        # json wants a third party's header, and nothing here reads JSON.
        sources += sorted(set(glob.glob(f"{ROOT}/src/{module}/*.c")) -
                          {f"{ROOT}/src/base/json.c"})
    sources.append(f"{ROOT}/src/config/config_bind.c")
    # glibc warns that a static program looks host names up dynamically.
    subprocess.run(["cc", "-static", "-O1", "-g", "-std=gnu11",
                    "-D_GNU_SOURCE", f"-I{ROOT}/src", "-o", program,
                    *sources], check=True, timeout=120, capture_output=True)
    return image({"/fake": str(program)}, ["/fake"])


@pytest.fixture
def arbiter(container, admin_image):
    """A running one; arbiter.say(signal) waits until it has obeyed."""
    c = container(admin_image, ports=[9000])

    def say(signal):
        n = c.logs().count(f"SIG{signal}")
        c.kill(signal)
        c.wait_log(f"SIG{signal}", count=n + 1)
    c.say = say
    c.wait_log("listening")
    return c
