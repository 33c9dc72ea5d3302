"""`greencorn python` takes what CPython takes; the table of commands."""

import pytest

from _run import finish


def test_versions(greencorn, python):
    out = finish([greencorn, "version"])
    names = [line.split()[0] for line in out.splitlines()]
    assert names == ["greencorn", "Python", "OpenSSL", "musl", "zlib",
                     "sqlite"]
    assert all(len(line.split()) == 2 for line in out.splitlines())
    assert out.split("Python ")[1].split()[0] in python("--version")


def test_help_lists_the_commands(greencorn):
    out = finish([greencorn, "help"])
    for name in ("python", "pip", "health", "version", "help"):
        assert f"greencorn {name} " in out


def test_dash_c_m_file_and_stdin(python, tmp_path):
    assert python("-c", "import sys; print(sys.argv)", "a") == "['-c', 'a']\n"
    (tmp_path / "s.py").write_text("import sys; print(sys.argv)")
    assert python("s.py", "b") == "['s.py', 'b']\n"
    assert python("-m", "s").endswith("s.py']\n")
    assert python("-", stdin="print(5)") == "5\n"


def test_exit_status(python):
    python("-c", "raise SystemExit(7)", fails=7)
    assert "NameError" in python("-c", "nope", fails=1)


@pytest.mark.parametrize("flag, name, value", [
    ("-I", "isolated", 1), ("-E", "ignore_environment", 1),
    ("-S", "no_site", 1), ("-s", "no_user_site", 1), ("-P", "safe_path", 1),
    ("-O", "optimize", 1), ("-B", "dont_write_bytecode", 1),
    ("-b", "bytes_warning", 1), ("-d", "utf8_mode", 1),
])
def test_flags(python, flag, name, value):
    out = python(flag, "-c", f"import sys; print(sys.flags.{name} + 0)")
    assert out == f"{value}\n"


def test_utf8_in_any_locale(python):
    code = "import sys; print(sys.stdout.encoding, '\\u00e4')"
    for env in ({}, {"LC_ALL": "C"}, {"LANG": "xx_YY"}):
        assert python("-c", code, env=env) == "utf-8 \u00e4\n"


def test_environment_counts(python):
    out = python("-c", "import sys; print(sys.flags.dont_write_bytecode)",
                 env={"PYTHONDONTWRITEBYTECODE": "1"})
    assert out == "1\n"


def test_tools_of_the_library(python, tmp_path):
    assert python("-m", "json.tool", stdin='{"a":1}').startswith("{\n")
    assert "1 loop" in python("-m", "timeit", "-n", "1", "-r", "1", "pass")
    (tmp_path / "t.py").write_text(
        "import unittest\n"
        "class T(unittest.TestCase):\n"
        "    def test(self): self.assertEqual(1, 1)\n")
    python("-m", "unittest", "t")
    python("-m", "compileall", "-q", "t.py")
    assert list((tmp_path / "__pycache__").iterdir())
    python("-m", "cProfile", "t.py")


def test_zipapp(greencorn, python, tmp_path):
    (tmp_path / "z").mkdir()
    (tmp_path / "z/__main__.py").write_text("print('from a zip')")
    python("-c", "import subprocess, sys; subprocess.run([sys.executable, "
           "'-m', 'zipapp', 'z', '-p', sys.executable], check=True)")
    (tmp_path / "z.pyz").chmod(0o755)
    assert finish([tmp_path / "z.pyz"]) == "from a zip\n"
