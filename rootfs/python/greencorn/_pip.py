"""greencorn pip: pip where there may be one writable folder, and no home.

pip wants a folder for temporary files: without one it is made within what
--target names. It wants a cache below the home: without a home, none.
"""

import os
import runpy
import shutil
import sys
import tempfile


def main():
    sys.argv[0] = "greencorn pip"
    home_or_no_cache()
    folder = temporary_folder(sys.argv[1:])
    try:
        runpy.run_module("pip", run_name="__main__", alter_sys=True)
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


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
        pass
    target = target_of(args)
    if target is None:
        return None  # pip will say what it misses
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
        if arg.startswith("-t") and not arg.startswith("--") and arg[2:]:
            return arg[2:]
    return None


if __name__ == "__main__":
    main()
