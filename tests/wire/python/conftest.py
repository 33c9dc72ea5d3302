r"""The release binary as a Python: on this machine, and in an empty root.

    def test_it(python):                 # `greencorn python`, this machine
        assert python("-c", "print(1)") == "1\n"

    def test_there(empty_root):          # only the binary, chroot
        assert empty_root.python("-c", "print(1)") == "1\n"
        assert empty_root.run(["/greencorn", "version"], proc=True)

An empty root holds /greencorn and an empty /app; no /proc, /dev, /tmp unless
asked for. Mounts are made in a mount namespace of the command's own, so that
nothing of them outlives it.
"""

import os
import pathlib
import shutil

import pytest

from _run import finish

ROOT = pathlib.Path(__file__).parents[3]
GREENCORN = os.environ.get("GREENCORN", str(ROOT / "build/out/greencorn"))


@pytest.fixture(scope="session")
def greencorn():
    return GREENCORN


@pytest.fixture
def python(tmp_path):
    """Runs `greencorn python` in an empty folder; returns its output."""

    def run(*args, **kw):
        kw.setdefault("cwd", tmp_path)
        return finish([GREENCORN, "python", *args], **kw)

    return run


class EmptyRoot:
    def __init__(self, path):
        self.path = path
        path.chmod(0o755)  # other users stand in it too
        (path / "app").mkdir()
        # A hard link takes no time, but not across file systems.
        try:
            os.link(GREENCORN, path / "greencorn")
        except OSError:
            shutil.copy2(GREENCORN, path / "greencorn")

    def write(self, name, text):
        path = self.path / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return name

    def run(self, command, proc=False, shm=False, tmp=False, null=False,
            uid=None, cwd="/app", **kw):
        """proc, shm, tmp, null: what of a usual root is there."""
        steps = ["mount --make-rprivate /"]
        steps += self.mount("tmpfs", "/dev/shm", shm)
        steps += self.mount("proc", "/proc", proc)
        steps += self.mount("tmpfs", "/tmp", tmp)
        if null:
            (self.path / "dev").mkdir(exist_ok=True)
            (self.path / "dev/null").touch()
            steps.append(f"mount --bind /dev/null {self.path}/dev/null")
        user = f"--userspec={uid}:{uid}" if uid else ""
        # The shell's own $@: nothing of the command is quoted anew.
        steps.append(f'exec chroot {user} {self.path} "$@"')
        env = {"PATH": os.environ["PATH"], **kw.pop("env", {})}
        inside = ["/greencorn", "python", "-c", CHDIR, cwd, *command]
        return finish(
            ["unshare", "--mount", "sh", "-ec", "\n".join(steps), "sh",
             *(inside if cwd != "/" else command)],
            env=env, **kw)

    def mount(self, kind, where, wanted):
        if not wanted:
            return []
        (self.path / where.lstrip("/")).mkdir(parents=True, exist_ok=True)
        return [f"mount -t {kind} {kind} {self.path}{where}"]

    def python(self, *args, **kw):
        return self.run(["/greencorn", "python", *args], **kw)


# chroot starts in /: go where the test wants to be, then become the command.
CHDIR = (
    "import os, sys; os.chdir(sys.argv[1]); "
    "os.environ.pop('PATH', None); "
    "os.execv(sys.argv[2], sys.argv[2:])"
)


@pytest.fixture
def empty_root(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("an empty root needs chroot, and chroot needs root")
    return EmptyRoot(tmp_path)
