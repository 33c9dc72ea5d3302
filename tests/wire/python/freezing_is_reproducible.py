"""build/freeze.py writes the same bytes from two folders and hash seeds."""

import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parents[3]
DEPS = ROOT / "build/out/release.deps.mk"


def dependency(name):
    found = re.search(rf"^DEP_{name} *:?= *(\S+)", DEPS.read_text(), re.M)
    return pathlib.Path(found[1])


def freeze(folder, seed):
    """Everything that freeze.py reads lies in folder, but for the inputs
    that are one file or data alone."""
    shutil.copytree(ROOT / "rootfs/python", folder / "packages")
    for f in (ROOT / "build").glob("freeze*.py"):
        shutil.copy(f, folder)
    (interpreter,) = dependency("python").glob("bin/python3.[0-9]*[0-9]")
    lib = shutil.copytree(
        dependency("python") / "lib" / interpreter.name, folder / "lib",
        ignore=shutil.ignore_patterns("test", "__pycache__"))
    (sysconfig,) = (ROOT / "build/out/sysconfig").glob("_sysconfigdata*.py")
    subprocess.run(
        [interpreter, "-B", "-X", "utf8", "freeze.py", "--lib", "lib",
         "--sysconfig", sysconfig, "--packages", "packages",
         "--pip", lib / "ensurepip/_bundled",
         "--tzdata", dependency("tzdata") / "zoneinfo",
         "--cacert", dependency("cacerts") / "ca-bundle.crt",
         "--out", "out"],
        cwd=folder, check=True, env={"PYTHONHASHSEED": seed}, timeout=300)
    return {f.name: f.read_bytes() for f in (folder / "out").iterdir()}


def test_two_folders_two_seeds(tmp_path):
    if not DEPS.exists():
        pytest.skip("the binary was not built in this tree")
    (tmp_path / "a").mkdir()
    (tmp_path / "b/deeper").mkdir(parents=True)
    first = freeze(tmp_path / "a", "1")
    second = freeze(tmp_path / "b/deeper", "2")
    assert first.keys() == second.keys() and len(first) == 6
    for name in first:
        assert first[name] == second[name], name
        for place in (str(tmp_path), str(ROOT), str(pathlib.Path.home())):
            assert place.encode() not in first[name], name
