"""Where applications and their packages are looked for.

sys.path is, in this order: what CPython puts first (the script's folder, or
'' for -c, -m and the prompt), $PYTHONPATH, the library in the binary, and
then what follows here, each only when it exists and only once:

* the site-packages of $VIRTUAL_ENV and of /app/.venv;
* the working directory and its site-packages (not with -I or -P);
* /app, where images have their application (not with -I or -P), and its
  site-packages.

In all of them .pth files count, sitecustomize and usercustomize are found.
-S leaves all of them out, -E leaves $VIRTUAL_ENV out. The Python of a
virtual environment has the environment's site-packages in their place, and
none of them unless the environment asked for the system's. The host's own
/usr/lib/python3 is never among them.
"""

import os
import sys

APP = "/app"
LIB = "lib/python%d.%d/site-packages" % sys.version_info[:2]


def install(site):
    standard = site.getsitepackages

    def getsitepackages(prefixes=None):
        folders = standard(prefixes)
        if prefixes is None:
            folders = [f for f in folders if not is_virtual(f)]
            if sys.base_prefix in site.PREFIXES:
                folders += extra()
        return list(dict.fromkeys(folders))

    getsitepackages.__doc__ = standard.__doc__
    site.getsitepackages = getsitepackages
    site.addsitepackages = lambda known, prefixes=None: add(
        site, known, prefixes
    )


def is_virtual(folder):
    return folder.startswith(sys._stdlib_dir)


def add(site, known, prefixes=None):
    """As site's own, but a program's folder is no place for .pth files: they
    would make importing from it dangerous for whoever runs Python there."""
    for folder in site.getsitepackages(prefixes):
        if not os.path.isdir(folder):
            continue
        if os.path.basename(folder) == "site-packages":
            site.addsitedir(folder, known)
        elif folder not in known:
            known.add(folder)
            sys.path.append(folder)
    return known


def extra():
    """The folders above, whether they exist or not."""
    folders = []
    environment = os.environ.get("VIRTUAL_ENV")
    if environment and not sys.flags.ignore_environment:
        folders.append(os.path.join(environment, LIB))
    folders.append(f"{APP}/.venv/{LIB}")
    if sys.flags.safe_path:
        return [*folders, f"{APP}/site-packages"]
    here = working_directory()
    if here is not None:
        folders += with_packages(here)
    folders += with_packages(APP)
    first = first_folder(here)
    return [f for f in folders if f != first]


def first_folder(here):
    """What CPython will put first on sys.path when site has run, if that can
    be told: it need not stand there twice."""
    script = sys.argv[0] if sys.argv else None
    if script in ("", "-c", "-m"):
        return here
    if script is not None and script.endswith(".py"):
        return os.path.dirname(os.path.realpath(script))
    return None


def with_packages(folder):
    return [folder, os.path.join(folder, "site-packages")]


def moved():
    """The working directory has changed: its packages count from now on."""
    here = working_directory()
    if here is None or sys.flags.no_site or sys.flags.safe_path:
        return
    packages = os.path.join(here, "site-packages")
    if packages not in sys.path and os.path.isdir(packages):
        sys.modules["site"].addsitedir(packages)


def working_directory():
    try:
        return os.getcwd()
    except OSError:
        return None
