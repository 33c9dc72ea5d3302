"""What tests of every kind may use."""

import hashlib
import os
import pathlib
import shutil
import subprocess

import pytest

collect_ignore_glob = ["*conftest.py"]

BINARY = os.path.abspath(os.environ.get("GREENCORN", "build/out/greencorn"))
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or
                     pathlib.Path.home() / ".cache") / "greencorn"


@pytest.fixture(scope="session")
def installed():
    """installed(file): a folder with the packages that a requirements.txt
    lists, which another run may have made. installed.binary: greencorn."""
    def install(file):
        listed = file.read_bytes()
        folder = CACHE / f"packages-{hashlib.sha256(listed).hexdigest()[:16]}"
        if folder.exists():
            return folder
        CACHE.mkdir(parents=True, exist_ok=True)
        made = folder.with_name(f"{folder.name}.{os.getpid()}")
        subprocess.run(
            [BINARY, "pip", "install", "-q", "--root-user-action=ignore",
             "--target", made, "-r", file], check=True, timeout=120)
        try:
            made.rename(folder)
        except OSError:  # another run was first
            shutil.rmtree(made)
        return folder

    install.binary = BINARY
    return install
