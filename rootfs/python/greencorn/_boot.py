"""Makes the library inside the binary look like one on a disk.

Imported by site before it does anything, or by C under -S. Runs in every
start of every Python, so it does little and imports nothing that the
interpreter has not loaded already: the work is in _library, _late and
_patches, which are imported when they are first needed.
"""

import sys
from _frozen_importlib import FrozenImporter

# Modules that _patches mends as they are imported, and any copy of packaging
# (pip has one of its own), which finds out the libc by reading the
# interpreter's file.
PATCHED = {
    "_pyrepl.main",
    "ctypes.util",
    "ensurepip",
    "linecache",
    "multiprocessing.connection",
    "pip._internal.build_env",
    "ssl",
    "venv",
}
PATCHED_ENDING = "packaging._musllinux"
# What is offered only when the search path has none.
LATE = ("pip", "tzdata")


class Patching:
    """First finder: lets the others find, and mends what was loaded."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name not in PATCHED and not name.endswith(PATCHED_ENDING):
            return None
        for finder in sys.meta_path:
            if finder is Patching:
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                from greencorn import _patches

                return _patches.on_load(spec)
        return None


class Late:
    """Last finder: pip and tzdata, for images that bring none."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] not in LATE:
            return None
        from greencorn import _late

        return _late.find_spec(name, path)

    @staticmethod
    def find_distributions(context=None):
        from greencorn import _late

        return _late.find_distributions(context)

    @staticmethod
    def invalidate_caches():
        pass


def get_source(cls, name):
    from greencorn import _library

    return _library.source(name)


def get_data(cls, path):
    from greencorn import _library

    return _library.data(path)


def get_resource_reader(cls, name):
    from greencorn import _library

    return _library.reader(name)


class Folder:
    """A folder that exists only inside the binary, as an entry of a search
    path: pkgutil and pydoc list its modules."""

    def __init__(self, path):
        if path != LIBRARY and not path.startswith(LIBRARY + "/"):
            raise ImportError(f"not inside the binary: {path}")
        self.path = path

    def find_spec(self, name, target=None):
        return FrozenImporter.find_spec(name)

    def invalidate_caches(self):
        pass

    def iter_modules(self, prefix=""):
        from greencorn import _library

        return _library.iter_modules(self.path, prefix)


def install():
    FrozenImporter.get_source = classmethod(get_source)
    FrozenImporter.get_data = classmethod(get_data)
    FrozenImporter.get_resource_reader = classmethod(get_resource_reader)
    sys.path_hooks.insert(0, Folder)
    sys.meta_path.insert(0, Patching)
    sys.meta_path.append(Late)
    site = sys.modules.get("site")
    if site is not None:
        from greencorn import _paths

        _paths.install(site)


LIBRARY = sys._stdlib_dir
install()
