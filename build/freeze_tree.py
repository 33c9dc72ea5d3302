"""What goes into the binary: modules as code objects, sources, files.

Everything is read in sorted order and named by virtual paths, so that the
result depends on the contents alone, never on where the trees lie.
"""

import ast
import io
import lzma
import marshal
import os
import pathlib
import sys
import zipfile
from dataclasses import dataclass, field

# Where tracebacks, inspect and package paths say that the library lies. It
# can never exist: in the image /greencorn is the binary itself.
VIRTUAL_LIB = "/greencorn/lib/python%d.%d" % sys.version_info[:2]

# Parts of the library that cannot work here (no Tk), or are its own tests.
LEFT_OUT = {
    "__phello__",
    "__pycache__",
    "_android_support.py",
    "_ios_support.py",
    "dist-packages",
    "idlelib",
    "site-packages",
    "test",
    "tests",
    "tkinter",
    "turtle.py",
    "turtledemo",
}
# Of the library's files that are not Python, those that code asks for.
DATA_SUFFIXES = (".css", ".txt")
DATA_FOLDERS = ("venv/scripts/common", "venv/scripts/posix")
ZONE_TABLES = {"iso3166.tab", "zone.tab", "zone1970.tab", "zonenow.tab"}


@dataclass
class Module:
    name: str
    is_package: bool
    code: bytes  # marshalled
    source: bytes


@dataclass
class Tree:
    modules: list = field(default_factory=list)
    files: dict = field(default_factory=dict)  # virtual name -> bytes


def add_packages(tree, root):
    """Adds every module below root, and the library's own data files."""
    root = pathlib.Path(root)
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(d for d in folders if d not in LEFT_OUT)
        for name in sorted(names):
            path = pathlib.Path(folder, name)
            relative = path.relative_to(root).as_posix()
            if name in LEFT_OUT or name.startswith("_sysconfigdata"):
                continue  # the latter is rewritten: add_sysconfig
            if name.endswith(".py"):
                add_module(tree, relative, path.read_bytes())
            elif is_data(relative):
                tree.files[relative] = path.read_bytes()


def is_data(relative):
    return relative.endswith(DATA_SUFFIXES) or relative.startswith(
        DATA_FOLDERS
    )


def add_module(tree, relative, source):
    """Compiles one file; relative is its path below the virtual library."""
    name = relative.removesuffix(".py").replace("/", ".")
    is_package = name.endswith(".__init__")
    if is_package:
        name = name.removesuffix(".__init__")
    syntax = ast.parse(source)
    if name == "site":
        import_boot(syntax)
    code = compile(
        syntax, f"{VIRTUAL_LIB}/{relative}", "exec", dont_inherit=True
    )
    tree.modules.append(
        Module(name, is_package, marshal.dumps(code), source)
    )


def import_boot(syntax):
    """site is the first module that sees a complete interpreter, and the one
    that makes the search path. greencorn._boot has to come between."""
    tests = [
        ast.unparse(node.test) if isinstance(node, ast.If) else ""
        for node in syntax.body
    ]
    at = tests.index("not sys.flags.no_site")  # what calls site.main
    boot = ast.Import([ast.alias("greencorn._boot")])
    ast.copy_location(boot, syntax.body[at])
    ast.fix_missing_locations(boot)
    syntax.body.insert(at, boot)


def add_sysconfig(tree, path):
    """_sysconfigdata speaks of the machine that built it; we do not."""
    path = pathlib.Path(path)
    scope = {}
    exec(path.read_text(), scope)
    values = scope["build_time_vars"]
    places = build_places(values)
    lines = [
        "# Settings with which this interpreter was built.",
        "build_time_vars = {",
    ]
    for key in sorted(values):
        value = values[key]
        if isinstance(value, str):
            for place, stand_in in places:
                value = value.replace(place, stand_in)
        lines.append(f"    {key!r}: {value!r},")
    lines.append("}\n")
    add_module(tree, path.name, "\n".join(lines).encode())


def build_places(values):
    """(path of the building machine, what to say instead), longest first."""
    names = {"abs_builddir": "/build", "abs_srcdir": "/source"}
    places = {
        os.path.normpath(values[k]): to
        for k, to in names.items()
        if values.get(k, "").startswith("/")
    }
    for key in ("CC", "AR", "RANLIB"):
        command = values.get(key, "").split(" ")[0]
        if command.startswith("/") and not command.startswith("/usr/"):
            places[os.path.dirname(command) + "/"] = ""
            # A compiler in TOOLS/bin: TOOLS holds headers and libraries.
            places[os.path.dirname(os.path.dirname(command))] = "/usr"
    return sorted(places.items(), key=lambda p: (-len(p[0]), p[0]))


def add_wheel(tree, folder):
    """pip, as ensurepip brings it: importable, and a file for ensurepip.

    Packed anew as one xz stream, which is a third smaller than a zip's
    members by themselves, and without the launchers for Windows.
    """
    wheels = sorted(pathlib.Path(folder).glob("pip-*.whl"))
    if not wheels:
        raise SystemExit(f"freeze: no pip-*.whl in {folder}")
    packed = io.BytesIO()
    with zipfile.ZipFile(wheels[-1]) as old, zipfile.ZipFile(
        packed, "w"
    ) as new:
        for name in sorted(old.namelist()):
            data = old.read(name)  # checks the member's CRC
            if name.endswith(".exe"):
                continue
            if name.endswith(".dist-info/RECORD"):
                lines = data.decode().splitlines(keepends=True)
                kept = [n for n in lines if ".exe," not in n]
                data = "".join(kept).encode()
            # A ZipInfo made of a name has no date of today.
            new.writestr(zipfile.ZipInfo(name), data)
    tree.files[f"ensurepip/_bundled/{wheels[-1].name}.xz"] = compress(
        packed.getvalue()
    )


def compress(data):
    """One xz stream. The dictionary is no larger than what it is for,
    because whoever reads it allocates as much."""
    filters = [
        {
            "id": lzma.FILTER_LZMA2,
            "preset": 9 | lzma.PRESET_EXTREME,
            "dict_size": max(len(data), 4096),
        }
    ]
    return lzma.compress(
        data, lzma.FORMAT_XZ, lzma.CHECK_CRC32, filters=filters
    )


def add_zones(tree, folder):
    """Time zones under the names of the tzdata package, which zoneinfo asks
    for; libc reads the same bytes."""
    folder = pathlib.Path(folder)
    zones = []
    for at, folders, names in os.walk(folder):
        folders[:] = sorted(d for d in folders if d not in ("posix", "right"))
        for name in sorted(names):
            path = pathlib.Path(at, name)
            zone = path.relative_to(folder).as_posix()
            data = path.read_bytes()
            if data[:4] == b"TZif":
                if zone in ("localtime", "posixrules"):
                    continue
                zones.append(zone)
            elif zone not in ZONE_TABLES:
                continue
            tree.files[f"tzdata/zoneinfo/{zone}"] = data
    if "UTC" not in zones:
        raise SystemExit(f"freeze: {folder} holds no time zones")
    tree.files["tzdata/zones"] = "".join(f"{z}\n" for z in zones).encode()


def add_authorities(tree, path):
    tree.files["greencorn/cacert.pem"] = pathlib.Path(path).read_bytes()
