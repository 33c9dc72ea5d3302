"""greencorn pip: pip where there may be one writable folder, and no home.

There is no site-packages inside the binary to install into, so without a word
on where to, `install` means the application's: /app/site-packages, or the
working directory's outside of an image.

pip wants a folder for temporary files: without one it is made within that
target. It wants a cache below the home: without a home, none.
"""

import os
import runpy
import shutil
import sys
import tempfile

from greencorn._paths import APP

# What says where to install, by itself or with a value.
PLACES = ("-t", "--target", "--user", "--prefix", "--root", "--python",
          "-h", "--help", "--dry-run")


def main():
    if installs_nowhere(sys.argv[1:]):
        base = APP if os.path.isdir(APP) else os.getcwd()
        target = os.path.join(base, "site-packages")
        sys.argv[2:2] = ["--target", target]
        print(f"greencorn pip: installing into {target}", file=sys.stderr)
    home_or_no_cache()
    try:
        folder = temporary_folder(sys.argv[1:])
    except OSError as e:
        raise SystemExit(
            "greencorn pip: no folder can be written to; name one with "
            f"--target or TMPDIR ({e})"
        )
    try:
        runpy.run_module("pip", run_name="__main__", alter_sys=True)
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def installs_nowhere(args):
    """Is it `install` outside of a virtual environment, with no place?"""
    if not args or args[0] != "install" or sys.prefix != sys.base_prefix:
        return False
    if any(os.environ.get(f"PIP_{n}") for n in ("TARGET", "USER", "PREFIX")):
        return False
    return not any(
        arg.partition("=")[0] in PLACES or has_short_target(arg)
        for arg in args
    )


def has_short_target(arg):
    """-tFOLDER"""
    return arg.startswith("-t") and len(arg) > 2


def home_or_no_cache():
    home = os.environ.get("HOME")
    if not home or not os.access(home, os.W_OK | os.X_OK):
        os.environ.setdefault("PIP_NO_CACHE_DIR", "1")


def temporary_folder(args):
    """Makes one when there is none; returns it, to be removed again."""
    try:
        tempfile.gettempdir()
        return None
    except FileNotFoundError:
        target = target_of(args)
        if target is None:
            raise
    os.makedirs(target, exist_ok=True)
    folder = tempfile.mkdtemp(prefix=".pip-", dir=os.path.abspath(target))
    os.environ["TMPDIR"] = tempfile.tempdir = folder
    return folder


def target_of(args):
    for i, arg in enumerate(args):
        name, equals, value = arg.partition("=")
        if name == "--target" and equals:
            return value
        if arg in ("-t", "--target") and i + 1 < len(args):
            return args[i + 1]
        if has_short_target(arg):
            return arg[2:]
    return os.environ.get("PIP_TARGET")


if __name__ == "__main__":
    main()
