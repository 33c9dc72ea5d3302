"""Where modules are looked for: the application's places, never the host's."""

import os

import pytest

PATH = "import sys; print('\\n'.join(sys.path))"
LIBRARY = "/greencorn/lib/python3.13"


def path(run, *flags, **kw):
    return run(*flags, "-c", PATH, **kw).splitlines()


def test_nothing_of_the_host(python, tmp_path):
    assert path(python) == ["", LIBRARY]
    assert path(python, "-I") == [LIBRARY]
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/s.py").write_text(PATH)
    assert python("sub/s.py").splitlines() == [
        f"{tmp_path}/sub", LIBRARY, str(tmp_path)]


def test_python_home_is_not_another_library(python):
    out = python("-c", "import sys, json; print(sys.prefix, json.__file__)",
                 env={"PYTHONHOME": "/usr"})
    assert out == f"/greencorn {LIBRARY}/json/__init__.py\n"


def test_image_order(empty_root):
    for folder in ("app/site-packages", "pp", "site-packages",
                   "app/.venv/lib/python3.13/site-packages",
                   "v/lib/python3.13/site-packages", "work/site-packages"):
        (empty_root.path / folder).mkdir(parents=True)
    env = {"PYTHONPATH": "/pp", "VIRTUAL_ENV": "/v"}
    venvs = ["/v/lib/python3.13/site-packages",
             "/app/.venv/lib/python3.13/site-packages"]
    packages = "/app/site-packages"
    assert path(empty_root.python, env=env) == [
        "", "/pp", LIBRARY, *venvs, packages]
    assert path(empty_root.python, env=env, cwd="/work") == [
        "", "/pp", LIBRARY, *venvs, "/work/site-packages", "/app", packages]
    empty_root.write("/work/sub/s.py", PATH)
    out = empty_root.python("sub/s.py", env=env, cwd="/work")
    assert out.splitlines() == [
        "/work/sub", "/pp", LIBRARY, *venvs, "/work", "/work/site-packages",
        "/app", packages]
    assert path(empty_root.python, "-I", env=env) == [
        LIBRARY, venvs[1], packages]
    assert path(empty_root.python, "-E", env=env) == [
        "", LIBRARY, venvs[1], packages]
    assert path(empty_root.python, "-S", env=env) == ["", "/pp", LIBRARY]
    assert path(empty_root.python, "-P", env=env) == [
        "/pp", LIBRARY, *venvs, packages]


def test_pth_and_customize(python, tmp_path):
    packages = tmp_path / "site-packages"
    packages.mkdir()
    (tmp_path / "more").mkdir()
    (packages / "more.pth").write_text(f"{tmp_path}/more\n")
    (packages / "code.pth").write_text("import sys; sys.by_pth = 1\n")
    (packages / "sitecustomize.py").write_text("import sys; sys.by_site = 2")
    (packages / "usercustomize.py").write_text("import sys; sys.by_user = 3")
    code = "import sys; print(sys.by_pth, sys.by_site, sys.by_user)"
    assert python("-c", code) == "1 2 3\n"
    assert str(tmp_path / "more") in path(python)
    # A program's folder is no place for .pth files.
    (tmp_path / "evil.pth").write_text("import sys; sys.evil = 1\n")
    assert python("-c", "import sys; print(hasattr(sys, 'evil'))") == \
        "False\n"


def test_library_cannot_be_shadowed(python, tmp_path):
    (tmp_path / "json.py").write_text("raise SystemExit('shadowed')")
    assert python("-c", "import json; print(json.loads('1'))") == "1\n"


def test_packages_beat_pip_and_tzdata_inside(python, tmp_path):
    for name in ("pip", "tzdata"):
        (tmp_path / "site-packages" / name).mkdir(parents=True)
        (tmp_path / f"site-packages/{name}/__init__.py").write_text("own = 1")
    assert python("-c", "import pip, tzdata; print(pip.own, tzdata.own)") == \
        "1 1\n"


@pytest.mark.skipif(not os.path.isdir("/usr/lib/python3"),
                    reason="this machine has no Python of its own")
def test_host_packages_are_not_seen(python):
    out = python("-c", "import sys; print([p for p in sys.path "
                 "if p.startswith('/usr')])")
    assert out == "[]\n"
