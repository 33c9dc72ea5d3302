"""Sources and package data of what is frozen: the library and greencorn."""

import io
import sys

import _greencorn_frozen

LIBRARY = sys._stdlib_dir
# A traceback through many modules touches a few groups of sources; each is
# half a megabyte unpacked.
GROUPS_KEPT = 4
_groups = {}


def source(name):
    """The text of a module, or None."""
    row = _greencorn_frozen.source(name)
    if row is None:
        return None
    number, stream, start, length = row
    from importlib.util import decode_source

    text = _unpacked(number, stream)[start : start + length]
    return decode_source(text)


def _unpacked(number, stream):
    group = _groups.pop(number, None)
    if group is None:
        import lzma

        group = lzma.decompress(stream)
    _groups[number] = group
    while len(_groups) > GROUPS_KEPT:
        _groups.pop(next(iter(_groups)), None)
    return group


def data(path):
    """The bytes of a file below the virtual library folder."""
    relative = path.removeprefix(LIBRARY + "/")
    if relative != path:
        if relative.endswith(".py"):
            text = source(module_of(relative))
            if text is not None:
                return text.encode()
        content = _greencorn_frozen.file(relative)
        if content is not None:
            return bytes(content)
    raise FileNotFoundError(2, "No such file in the binary", path)


def module_of(relative):
    name = relative.removesuffix(".py").replace("/", ".")
    return name.removesuffix(".__init__")


def reader(package):
    return Reader(File(FrozenFiles, package.replace(".", "/")))


class FrozenFiles:
    """Files of the binary, by name. Late trees answer the same two calls."""

    names = staticmethod(_greencorn_frozen.files)

    @staticmethod
    def read(name):
        content = _greencorn_frozen.file(name)
        if content is None:
            raise FileNotFoundError(2, "No such file in the binary", name)
        return bytes(content)


class File:
    """A file or folder for importlib.resources (a Traversable)."""

    def __init__(self, tree, path):
        self.tree = tree
        self.path = path

    def __repr__(self):
        return f"<file in the binary: {self.path}>"

    def __str__(self):
        return f"{LIBRARY}/{self.path}"

    @property
    def name(self):
        return self.path.rpartition("/")[2]

    def _below(self):
        folder = self.path + "/"
        for name in self.tree.names():
            if name.startswith(folder):
                yield name[len(folder) :]

    def is_file(self):
        return self.path in self.tree.names()

    def is_dir(self):
        return any(True for _ in self._below())

    def iterdir(self):
        children = {name.partition("/")[0] for name in self._below()}
        return (self.joinpath(child) for child in sorted(children))

    def joinpath(self, *parts):
        path = self.path
        for part in parts:
            path = f"{path}/{str(part).strip('/')}"
        return type(self)(self.tree, path)

    __truediv__ = joinpath

    def read_bytes(self):
        return self.tree.read(self.path)

    def read_text(self, encoding=None, errors=None):
        with self.open("r", encoding=encoding, errors=errors) as f:
            return f.read()

    def open(self, mode="r", *args, **kwargs):
        stream = io.BytesIO(self.read_bytes())
        if "b" in mode:
            return stream
        kwargs["encoding"] = kwargs.get("encoding") or "utf-8"
        return io.TextIOWrapper(stream, *args, **kwargs)


class Reader:
    """What importlib.resources asks a loader for."""

    def __init__(self, folder):
        self.folder = folder

    def files(self):
        return self.folder

    def open_resource(self, name):
        return self.folder.joinpath(name).open("rb")

    def resource_path(self, name):
        raise FileNotFoundError(2, "Not on a disk", name)

    def is_resource(self, name):
        return self.folder.joinpath(name).is_file()

    def contents(self):
        return (child.name for child in self.folder.iterdir())


def iter_modules(folder, prefix):
    """(name, is it a package?) of the modules in a virtual folder."""
    below = folder.removeprefix(LIBRARY).strip("/")
    package = below.replace("/", ".") + "." if below else ""
    for name, is_package in sorted(_greencorn_frozen.modules()):
        if name.startswith(package):
            last = name[len(package) :]
            if "." not in last:
                yield prefix + last, is_package
