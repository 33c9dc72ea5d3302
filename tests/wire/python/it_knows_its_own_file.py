"""sys.executable starts Python, wherever the binary was started from."""

import os
import pathlib
import subprocess

ASK = "import sys; print(sys.executable)"
AGAIN = ("import subprocess, sys; print(subprocess.run("
         "[sys.executable, '-c', 'print(6 * 7)'], capture_output=True, "
         "text=True).stdout.strip())")


def test_by_absolute_path(greencorn, python):
    assert python("-c", ASK) == f"/{os.path.abspath(greencorn)}\n"


def test_a_child_is_a_python(python):
    assert python("-c", AGAIN) == "42\n"


def test_without_proc(empty_root):
    assert empty_root.python("-c", ASK) == "//greencorn\n"
    assert empty_root.python("-c", AGAIN) == "42\n"


def test_grandchildren_keep_the_name(empty_root):
    code = ("import subprocess, sys; print(sys.executable, flush=True); "
            "n = int(sys.argv[2]); "
            "n and subprocess.run([sys.executable, '-c', *sys.argv[1:2], "
            "sys.argv[1], str(n - 1)])")
    out = empty_root.python("-c", code, code, "3")
    assert out.split() == ["//greencorn"] * 4


def run(command, **kw):
    return subprocess.run(command, capture_output=True, text=True,
                          check=True, timeout=60, **kw).stdout


def test_relative_path_and_search_path(greencorn, tmp_path):
    os.symlink(os.path.abspath(greencorn), tmp_path / "gc")
    (tmp_path / "sub").mkdir()
    want = f"/{tmp_path}/gc\n"
    assert run(["./gc", "python", "-c", ASK], cwd=tmp_path) == want
    env = {"PATH": str(tmp_path)}
    assert run(["gc", "python", "-c", ASK], env=env) == want
    out = run(["../gc", "python", "-c", ASK], cwd=tmp_path / "sub")
    assert os.path.samefile(out.strip(), greencorn)


def test_a_lying_argv0(greencorn):
    out = run(["nonsense", "python", "-c", ASK], executable=greencorn)
    assert os.path.samefile(out.strip(), greencorn)


def test_a_link_named_python3_is_python(greencorn, tmp_path):
    link = tmp_path / "python3"
    os.symlink(os.path.abspath(greencorn), link)
    assert run([link, "-c", ASK]) == f"{link}\n"
    # Beside the binary under its own name, the link is preferred.
    os.symlink(os.path.abspath(greencorn), tmp_path / "greencorn")
    assert run([tmp_path / "greencorn", "python", "-c", ASK]) == f"{link}\n"


def test_somebody_elses_python3_is_not(greencorn, tmp_path):
    os.symlink(os.path.abspath(greencorn), tmp_path / "greencorn")
    (tmp_path / "python3").write_text("#!/bin/false\n")
    (tmp_path / "python3").chmod(0o755)
    out = run([tmp_path / "greencorn", "python", "-c", ASK])
    assert out == f"/{tmp_path}/greencorn\n"


def test_script_by_its_first_line(empty_root):
    empty_root.write("/app/tool", "#!//greencorn -I\n"
                     "import sys; print(sys.executable, sys.argv)\n")
    (empty_root.path / "app/tool").chmod(0o755)
    out = empty_root.run(["/app/tool", "x"])
    assert out == "//greencorn ['/app/tool', 'x']\n"


def test_names_that_mean_python(greencorn, tmp_path):
    for name, is_python in (("python", True), ("python3", True),
                            ("python3.13", True), ("pythonx", False),
                            ("python2", False), ("gunicorn", False)):
        link = tmp_path / name
        os.symlink(os.path.abspath(greencorn), link)
        done = subprocess.run([link, "-c", "print('yes')"],
                              capture_output=True, text=True, timeout=60)
        assert (done.stdout == "yes\n") is is_python, name
        pathlib.Path(link).unlink()
