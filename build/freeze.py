"""Turns Python's library and what belongs to it into files to be linked.

Run by the interpreter that was just built, so that the code objects are its
own. Two runs write the same bytes. src/python/python_frozen.h says what the
tables mean; src/notes/0006-python-inside.md says why they are as they are.
"""

import argparse
import pathlib
import sys

# Also under -I; and the tree that is built stays clean.
sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.dont_write_bytecode = True
import freeze_tree  # noqa: E402

# Sources are compressed together: larger groups are smaller in sum, and
# slower to show one line of.
GROUP_SIZE = 512 * 1024
PAGE = 4096


def main():
    args = arguments()
    tree = freeze_tree.Tree()
    freeze_tree.add_packages(tree, args.lib)
    freeze_tree.add_packages(tree, args.packages)
    freeze_tree.add_sysconfig(tree, args.sysconfig)
    freeze_tree.add_wheel(tree, args.pip)
    freeze_tree.add_zones(tree, args.tzdata)
    freeze_tree.add_authorities(tree, args.cacert)
    tree.modules.sort(key=lambda m: m.name)
    names = [m.name for m in tree.modules]
    if len(set(names)) != len(names):
        raise SystemExit("freeze: a module's name stands twice")

    out = pathlib.Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    tables = Tables(out)
    tables.put_modules(tree.modules)
    tables.put_sources(tree.modules)
    tables.put_files(tree.files)
    tables.write()
    print(f"freeze: {tables.summary()}")


def arguments():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--lib", required=True, help="CPython's Lib folder")
    p.add_argument("--sysconfig", required=True, help="_sysconfigdata*.py")
    p.add_argument("--packages", required=True, help="our own packages")
    p.add_argument("--pip", required=True, help="folder of pip's wheel")
    p.add_argument("--tzdata", required=True, help="compiled time zones")
    p.add_argument("--cacert", required=True, help="CA certificates, PEM")
    p.add_argument("--out", required=True)
    return p.parse_args()


class Blob:
    """Bytes that the assembler takes in as they are. The same bytes put in
    twice are kept once."""

    def __init__(self, name):
        self.name = name
        self.bytes = bytearray()
        self._known = {}

    def put(self, data, align=1):
        data = bytes(data)
        at = self._known.get(data)
        if at is None or at % align:
            self.bytes += bytes(-len(self.bytes) % align)
            at = self._known[data] = len(self.bytes)
            self.bytes += data
        return at


class Tables:
    def __init__(self, out):
        self.out = out
        self.code = Blob("python_frozen_code")
        self.texts = Blob("python_frozen_texts")
        self.data = Blob("python_frozen_data")
        self.names = Blob("python_frozen_names")
        self.modules = []
        self.sources = []
        self.groups = []
        self.files = []

    def put_modules(self, modules):
        for m in modules:
            at = self.code.put(m.code, align=16)
            self.modules.append((m.name, at, len(m.code), m.is_package))

    def put_sources(self, modules):
        group = bytearray()
        for m in modules:
            if group and len(group) + len(m.source) > GROUP_SIZE:
                self.end_group(group)
                group = bytearray()
            self.sources.append(
                (self.put_name(m.name), len(self.groups), len(group),
                 len(m.source))
            )
            group += m.source
        self.end_group(group)

    def end_group(self, group):
        packed = freeze_tree.compress(bytes(group))
        self.groups.append((self.texts.put(packed), len(packed)))

    def put_files(self, files):
        for name in sorted(files, key=str.encode):
            data = files[name]
            self.files.append(
                (self.put_name(name), self.data.put(data, 8), len(data))
            )

    def put_name(self, name):
        return self.names.put(name.encode() + b"\0")

    def blobs(self):
        return (self.code, self.texts, self.data, self.names)

    def write(self):
        for blob in self.blobs():
            path = self.out / f"{blob.name}.bin"
            path.write_bytes(blob.bytes)
        (self.out / "python_frozen_blobs.S").write_text(self.assembly())
        (self.out / "python_frozen_tables.c").write_text(self.c_source())

    def assembly(self):
        lines = []
        for blob in self.blobs():
            # Whole pages of their own: they are given back after the start.
            lines += [
                f'\t.section .rodata.{blob.name},"a",@progbits',
                f"\t.balign {PAGE}",
                f"\t.globl {blob.name}, {blob.name}_end",
                f"\t.hidden {blob.name}, {blob.name}_end",
                f"{blob.name}:",
                f'\t.incbin "{blob.name}.bin"',
                f"{blob.name}_end:",
            ]
        lines.append('\t.section .note.GNU-stack,"",@progbits')
        return "\n".join(lines) + "\n"

    def c_source(self):
        lines = [
            "/* Made by build/freeze.py. */",
            '#include "python/python_frozen.h"',
            "",
            "const struct _frozen python_frozen_modules[] = {",
        ]
        for name, at, size, is_package in self.modules:
            lines.append(
                f'\t{{ "{name}", python_frozen_code + {at}, {size}, '
                f"{int(is_package)} }},"
            )
        lines += ["\t{ 0 },", "};"]
        rows = (
            ("source", "sources", self.sources),
            ("group", "groups", self.groups),
            ("file", "files", self.files),
        )
        for kind, table, content in rows:
            lines += [
                "",
                f"const struct python_frozen_{kind} "
                f"python_frozen_{table}[] = {{",
            ]
            lines += ["\t{ " + ", ".join(map(str, r)) + " }," for r in content]
            lines += [
                "};",
                f"const unsigned python_frozen_n_{table} = {len(content)};",
            ]
        return "\n".join(lines) + "\n"

    def summary(self):
        sizes = ", ".join(
            f"{b.name.removeprefix('python_frozen_')} {len(b.bytes)}"
            for b in self.blobs()
        )
        return (
            f"{len(self.modules)} modules, {len(self.files)} files; "
            f"bytes: {sizes}"
        )


if __name__ == "__main__":
    sys.exit(main())
