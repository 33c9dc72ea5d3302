"""Small changes to modules that expect files on a disk, made as they load.

Each function gets the loaded module. Keep them few: a module that can be
taught by its own interface is taught there.
"""

import sys

_patches = {}


def on_load(spec):
    """spec, changed so that its module is mended right after it has run."""
    inner = spec.loader
    mend = _patches.get(spec.name, musllinux)

    class Loader:
        def __getattr__(self, name):
            return getattr(inner, name)

        @staticmethod
        def create_module(spec):
            return inner.create_module(spec)

        @staticmethod
        def exec_module(module):
            # Nobody shall see us afterwards.
            module.__loader__ = spec.loader = inner
            inner.exec_module(module)
            mend(module)

    spec.loader = Loader()
    return spec


def patch(name):
    def register(function):
        _patches[name] = function
        return function

    return register


def musllinux(module):
    """packaging runs the interpreter's PT_INTERP to learn musl's version; we
    are our own loader and have none."""
    from _greencorn_frozen import libc_version

    if not libc_version:
        return
    major, minor = libc_version.split(".")[:2]
    answer = module._MuslVersion(int(major), int(minor))
    module._get_musl_version = lambda executable: answer


@patch("linecache")
def linecache(module):
    """pdb and others ask by file name alone."""
    standard = module.updatecache
    library = sys._stdlib_dir + "/"

    def updatecache(filename, module_globals=None):
        lines = standard(filename, module_globals)
        if lines or not filename.startswith(library):
            return lines
        from greencorn import _library

        text = _library.source(
            _library.module_of(filename.removeprefix(library))
        )
        if text is None:
            return lines
        lines = text.splitlines(keepends=True)
        module.cache[filename] = (len(text), None, lines, filename)
        return lines

    module.updatecache = updatecache


@patch("ctypes.util")
def ctypes_util(module):
    """The binary is libc, libm, libpthread and libz at once; dlopen knows
    itself by the names that musl's loader reserves. Others are looked for
    where that loader looks, and not by asking a compiler of the host, which
    would name libraries of another libc."""
    import os

    libc = f"libc.musl-{os.uname().machine}.so.1"
    ours = dict.fromkeys(
        ("c", "m", "pthread", "dl", "rt", "util", "crypt", "resolv"), libc
    )
    ours["z"] = "libz.so.1"

    def folders():
        path = os.environ.get("LD_LIBRARY_PATH", "")
        yield from (f for f in path.split(":") if f)
        yield from ("/lib", "/usr/local/lib", "/usr/lib")

    def find_library(name):
        if name in ours:
            return ours[name]
        start = f"lib{name}.so"
        for folder in folders():
            try:
                names = os.listdir(folder)
            except OSError:
                continue
            found = [n for n in names if (n + ".").startswith(start + ".")]
            if found:
                # The name with a version is what programs are linked to.
                return max(found, key=len)
        return None

    find_library.__doc__ = module.find_library.__doc__
    module.find_library = find_library


@patch("_pyrepl.main")
def pyrepl(module):
    """The plain prompt needs no excuse: there is no curses to be had."""
    if not module.CAN_USE_PYREPL:
        module.FAIL_REASON = ""


@patch("multiprocessing.connection")
def multiprocessing_connection(module):
    """Without any folder to write to, an abstract socket."""
    import itertools
    import os

    standard = module.arbitrary_address
    counter = itertools.count()

    def arbitrary_address(family):
        try:
            return standard(family)
        except FileNotFoundError:
            if family != "AF_UNIX":
                raise
        secret = os.urandom(8).hex()
        return f"\0listener-{os.getpid()}-{next(counter)}-{secret}"

    module.arbitrary_address = arbitrary_address


@patch("ensurepip")
def ensurepip(module):
    """The wheel has to lie in a file of its own name."""
    import contextlib
    import pathlib
    import tempfile

    @contextlib.contextmanager
    def wheel_path():
        from greencorn import _late

        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, _late.wheel_name())
            path.write_bytes(_late.wheel_bytes())
            yield path

    module._get_pip_whl_path_ctx = wheel_path


@patch("venv")
def venv(module):
    """Links must be named python, and the scripts are not on a disk."""
    import os

    class EnvBuilder(module.EnvBuilder):
        def ensure_directories(self, env_dir):
            context = super().ensure_directories(env_dir)
            if not context.python_exe.startswith("python"):
                context.python_exe = "python"
                context.env_exe = os.path.join(context.bin_path, "python")
                context.env_exec_cmd = context.env_exe
            # The doubled slash has said what it had to say.
            context.executable = "/" + context.executable.lstrip("/")
            context.python_dir = os.path.dirname(context.executable)
            return context

        def setup_scripts(self, context):
            from greencorn._library import File, FrozenFiles

            context.template_name = "venv/scripts"
            for folder in ("common", os.name):
                for file in File(
                    FrozenFiles, f"venv/scripts/{folder}"
                ).iterdir():
                    self.install_script(context, file)

        def install_script(self, context, file):
            path = os.path.join(context.bin_path, file.name)
            context.script_path = str(file)
            text = self.replace_variables(file.read_text(), context)
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)

    EnvBuilder.__module__ = module.__name__
    EnvBuilder.__doc__ = module.EnvBuilder.__doc__
    module.EnvBuilder = EnvBuilder


# Where systems keep certificates, the usual ones first.
AUTHORITIES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


def authorities(ssl):
    """How to load the certificates that count here: keyword arguments for
    load_verify_locations, or None when OpenSSL finds them by itself."""
    import os

    paths = ssl.get_default_verify_paths()
    if any(os.environ.get(e) for e in ("SSL_CERT_FILE", "SSL_CERT_DIR")):
        return None
    if paths.cafile:
        return None
    for path in AUTHORITIES:
        if os.path.isfile(path):
            return {"cafile": path}
    try:
        # Files by hash, as c_rehash makes them.
        if any(n.endswith(".0") for n in os.listdir(paths.capath or "")):
            return None
    except OSError:
        pass
    from greencorn._library import FrozenFiles

    return {"cadata": FrozenFiles.read("greencorn/cacert.pem").decode()}


@patch("ssl")
def ssl(module):
    """An image without certificates trusts those in the binary."""
    standard = module.SSLContext.set_default_verify_paths

    def set_default_verify_paths(self):
        standard(self)
        more = authorities(module)
        if more is not None:
            self.load_verify_locations(**more)

    set_default_verify_paths.__doc__ = standard.__doc__
    module.SSLContext.set_default_verify_paths = set_default_verify_paths


@patch("pip._internal.build_env")
def pip_build_env(module):
    """To build a package pip runs itself by its file's path. Give it one."""
    import functools
    import os
    import tempfile

    standard = module.get_runnable_pip

    @functools.cache
    def folder():
        return tempfile.TemporaryDirectory(prefix="greencorn-pip-")

    def get_runnable_pip():
        path = standard()
        if os.path.exists(path):
            return path
        path = os.path.join(folder().name, "run_pip.py")
        with open(path, "w", encoding="utf-8") as f:
            f.write(
                "import runpy\n"
                'runpy.run_module("pip", run_name="__main__")\n'
            )
        return path

    module.get_runnable_pip = get_runnable_pip
