"""venv, ensurepip and pip, inside an empty root too."""

import os
import pathlib
import shutil

import pytest

from _run import finish

TAGS = ("cp313-cp313-musllinux_1_2_x86_64", "cp313-cp313-musllinux_1_1_x86_64",
        "cp313-abi3-musllinux_1_2_x86_64", "py3-none-musllinux_1_2_x86_64",
        "py3-none-any")


def test_platform_tags(greencorn):
    out = finish([greencorn, "pip", "debug", "--verbose"]).split()
    for tag in TAGS:
        assert tag in out
    assert not [t for t in out if "manylinux" in t]


def test_an_installed_packaging_is_told_the_same(python, tmp_path):
    """Any copy of packaging: here pip's, under a name of its own."""
    code = """
import importlib.resources as r, pathlib
here = pathlib.Path("site-packages/packaging")
here.mkdir(parents=True)
for f in r.files("pip._vendor.packaging").iterdir():
    if f.name.endswith(".py"):
        (here / f.name).write_bytes(f.read_bytes())
"""
    python("-c", code)
    out = python("-c", "import packaging.tags as t, packaging; "
                 "print(packaging.__file__); "
                 "print(*(str(x) for x in t.sys_tags()))")
    assert str(tmp_path) in out
    assert all(tag in out.split() for tag in TAGS)


@pytest.fixture(scope="module")
def venv(greencorn, tmp_path_factory):
    """Made once: installing pip takes seconds."""
    folder = tmp_path_factory.mktemp("venv")
    finish([greencorn, "python", "-m", "venv", "v"], cwd=folder,
           env={"PATH": os.environ["PATH"]})
    return folder / "v"


def test_venv(venv, greencorn):
    names = {p.name for p in (venv / "bin").iterdir()}
    assert {"python", "python3", "python3.13", "pip", "activate",
            "activate.csh", "activate.fish"} <= names
    assert os.path.realpath(venv / "bin/python") == \
        os.path.realpath(greencorn)
    code = ("import pip, sys; print(sys.prefix, sys.base_prefix, "
            "sys.executable, pip.__file__)")
    python = venv / "bin/python"
    assert finish([python, "-c", code], cwd="/") == (
        f"{venv} /greencorn {python} "
        f"{venv}/lib/python3.13/site-packages/pip/__init__.py\n")
    # Its sys.executable is itself, and so are its children and scripts.
    assert finish([venv / "bin/pip", "--version"]).startswith("pip ")
    code = ("import subprocess, sys; subprocess.run([sys.executable, '-c', "
            "'import sys; print(sys.prefix)'])")
    assert finish([python, "-c", code]) == f"{venv}\n"


def test_activate(venv):
    out = finish(["sh", "-c", ". v/bin/activate; command -v python; "
                  "python -c 'import sys; print(sys.prefix)'"],
                 cwd=venv.parent, env={"PATH": os.environ["PATH"]})
    assert out == f"{venv}/bin/python\n{venv}\n"


def test_venv_of_a_venv(venv, tmp_path, greencorn):
    finish([venv / "bin/python", "-m", "venv", tmp_path / "w"])
    assert os.path.realpath(tmp_path / "w/bin/python") == \
        os.path.realpath(greencorn)
    assert finish([tmp_path / "w/bin/pip", "--version"]).startswith("pip ")


def test_venv_stays_by_itself(venv, tmp_path):
    """A working directory's packages are not the environment's."""
    (tmp_path / "site-packages").mkdir()
    (tmp_path / "site-packages/stranger.py").touch()
    out = finish([venv / "bin/python", "-c",
                  "import importlib.util as u; "
                  "print(u.find_spec('stranger'))"], cwd=tmp_path)
    assert out == "None\n"


def test_virtual_env_is_used(venv, python):
    (venv / "lib/python3.13/site-packages/only_there.py").touch()
    assert python("-c", "import only_there; print('found')",
                  env={"VIRTUAL_ENV": str(venv)}) == "found\n"


def test_venv_in_an_empty_root(empty_root):
    out = empty_root.python(
        "-c", "import subprocess, sys, venv; venv.create('/app/v', "
        "with_pip=True, symlinks=True); "
        "print(open('/app/v/bin/pip').readline(), end='', flush=True); "
        "subprocess.run(['/app/v/bin/python', '-c', "
        "'import sys; print(sys.prefix)'])", null=True)
    assert out == "#!/app/v/bin/python\n/app/v\n"


def test_pip_is_a_distribution(python):
    out = python("-c", "import importlib.metadata as m, pip; "
                 "print(m.version('pip') == pip.__version__)")
    assert out == "True\n"


def index_files(root):
    """What pip must know of this machine to reach its package index."""
    for path in ("/etc/pip.conf", "/etc/resolv.conf", "/etc/hosts",
                 "/etc/ssl/certs/ca-certificates.crt"):
        if os.path.exists(path):
            to = root.path / path.lstrip("/")
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, to)
    user = pathlib.Path.home() / ".config/pip/pip.conf"
    env = {k: v for k, v in os.environ.items()
           if k.startswith("PIP_") or k.lower().endswith("_proxy")}
    if user.exists():
        shutil.copyfile(user, root.path / "pip.conf")
        env["PIP_CONFIG_FILE"] = "/pip.conf"
    return env


@pytest.mark.parametrize("tmp", (True, False))
def test_pip_installs_into_target(empty_root, tmp):
    """One pure wheel, one musllinux wheel; one writable folder is enough."""
    env = index_files(empty_root)
    target = empty_root.path / "app/site-packages"
    target.mkdir()
    os.chown(target, 65532, 65532)
    try:
        empty_root.run(
            ["/greencorn", "pip", "install", "--target",
             "/app/site-packages", "--only-binary", ":all:", "itsdangerous",
             "markupsafe"], env=env, tmp=tmp, uid=65532, timeout=300)
    except AssertionError as e:
        if "No matching distribution" in str(e) or "retry" in str(e).lower():
            pytest.skip(f"no package index can be reached: {e}"[:500])
        raise
    left = {p.name for p in target.iterdir() if p.name.startswith(".pip-")}
    assert not left
    out = empty_root.python(
        "-c", "import itsdangerous, markupsafe._speedups as s; "
        "print(s.__file__, itsdangerous.Signer('k').unsign("
        "itsdangerous.Signer('k').sign('v')), s._escape_inner('<'))")
    assert out == ("/app/site-packages/markupsafe/_speedups."
                   "cpython-313-x86_64-linux-musl.so b'v' &lt;\n")


WHEEL = """
import zipfile
info = "tiny-1.0.dist-info/"
with zipfile.ZipFile("tiny-1.0-py3-none-any.whl", "w") as z:
    z.writestr("tiny.py", "answer = 42\\n")
    z.writestr(info + "METADATA",
               "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.0\\n")
    z.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: hand\\n"
               "Root-Is-Purelib: true\\nTag: py3-none-any\\n")
    z.writestr(info + "RECORD", "")
"""
TINY = "import tiny; print(tiny.answer, tiny.__file__)"


def test_install_without_a_place(greencorn, python, tmp_path):
    """Goes where the search path looks."""
    python("-c", WHEEL)
    finish([greencorn, "pip", "install", "--no-index",
            "tiny-1.0-py3-none-any.whl"], cwd=tmp_path)
    assert python("-c", TINY) == f"42 {tmp_path}/site-packages/tiny.py\n"
    out = finish([greencorn, "pip", "list"], cwd=tmp_path)
    assert "tiny" in out


def test_install_without_a_place_in_an_image(empty_root):
    empty_root.python("-c", WHEEL)
    empty_root.run(["/greencorn", "pip", "install", "--no-index",
                    "/app/tiny-1.0-py3-none-any.whl"], cwd="/")
    assert empty_root.python("-c", TINY) == "42 /app/site-packages/tiny.py\n"


def test_install_where_nothing_can_be_written(empty_root):
    empty_root.python("-c", WHEEL)
    err = empty_root.run(["/greencorn", "pip", "install", "--no-index",
                          "/app/tiny-1.0-py3-none-any.whl"], uid=65532,
                         fails=1)
    assert "no folder can be written to" in err
    assert "Traceback" not in err


def test_a_venv_keeps_its_own_place(venv, tmp_path, python):
    python("-c", WHEEL)
    finish([venv / "bin/pip", "install", "--no-index",
            "tiny-1.0-py3-none-any.whl"], cwd=tmp_path)
    assert finish([venv / "bin/python", "-c", TINY]).startswith(f"42 {venv}")
