"""pip and tzdata, for images that do not bring their own.

pip is read from ensurepip's wheel and compiled as it is imported, so that
the binary holds it once. tzdata has no code: its folders are the packages
that zoneinfo asks for, and its files are the ones that libc reads.
"""

import functools
import io
import sys
from importlib import metadata
from importlib.machinery import ModuleSpec
from importlib._bootstrap_external import SourceLoader

import _greencorn_frozen
from greencorn._library import File, FrozenFiles, Reader

ROOT = sys._stdlib_dir + "/site-packages"
WHEELS = "ensurepip/_bundled/"


class Wheel:
    """The files of pip's wheel."""

    def __init__(self):
        import zipfile

        self.zip = zipfile.ZipFile(io.BytesIO(wheel_bytes()))
        self._names = {n for n in self.zip.namelist() if n[-1] != "/"}

    def names(self):
        return self._names

    def read(self, name):
        if name not in self._names:
            raise FileNotFoundError(2, "No such file in the binary", name)
        return self.zip.read(name)


def packed_wheel():
    """The name of the file in the binary."""
    for name in _greencorn_frozen.files():
        if name.startswith(WHEELS) and name.endswith(".whl.xz"):
            return name
    raise FileNotFoundError(2, "No wheel of pip in the binary", WHEELS)


def wheel_name():
    """As pip wants to see it."""
    return packed_wheel().rpartition("/")[2].removesuffix(".xz")


def wheel_bytes():
    import lzma

    return lzma.decompress(_greencorn_frozen.file(packed_wheel()))


@functools.cache
def wheel():
    return Wheel()


def tree_of(name):
    return wheel() if name.partition(".")[0] == "pip" else FrozenFiles


class Loader(SourceLoader):
    def __init__(self, tree, path, is_package):
        self.tree = tree
        self.path = path  # below ROOT; without .py or /__init__.py
        self.package = is_package

    def get_filename(self, fullname=None):
        end = "/__init__.py" if self.package else ".py"
        return f"{ROOT}/{self.path}{end}"

    def is_package(self, fullname=None):
        return self.package

    def get_data(self, path):
        name = path.removeprefix(ROOT + "/")
        if self.tree is FrozenFiles and name.endswith("/__init__.py"):
            return b""
        return self.tree.read(name)

    def get_resource_reader(self, fullname):
        return Reader(File(self.tree, fullname.replace(".", "/")))


def find_spec(name, path):
    # A part of a package that was found elsewhere belongs to that one.
    if "." in name and not any(p.startswith(ROOT) for p in path or ()):
        return None
    tree = tree_of(name)
    place = name.replace(".", "/")
    folder = File(tree, place)
    if tree is FrozenFiles:
        is_package = folder.is_dir()
        found = is_package
    else:
        is_package = f"{place}/__init__.py" in tree.names()
        found = is_package or f"{place}.py" in tree.names()
    if not found:
        return None
    loader = Loader(tree, place, is_package)
    spec = ModuleSpec(
        name, loader, origin=loader.get_filename(), is_package=is_package
    )
    spec.has_location = True
    if is_package:
        spec.submodule_search_locations.append(f"{ROOT}/{place}")
    return spec


class PipDistribution(metadata.Distribution):
    """What importlib.metadata tells of pip."""

    def __init__(self):
        self.folder = next(
            n.partition("/")[0]
            for n in wheel().names()
            if n.endswith(".dist-info/METADATA")
        )

    def read_text(self, filename):
        try:
            return wheel().read(f"{self.folder}/{filename}").decode()
        except FileNotFoundError:
            return None

    def locate_file(self, path):
        return File(wheel(), str(path))


def find_distributions(context):
    # Only when asked for by name: lists speak of what is installed.
    if context is not None and context.name == "pip":
        yield PipDistribution()
