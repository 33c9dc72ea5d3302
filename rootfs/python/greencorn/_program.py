"""Programs that become the server (gunicorn.app.base).

run() executes the binary anew, as the server. Its templates run the program
once more, up to run(): what its class says is the configuration, and load() is
called in the workers. So a reload takes the program's new code, too.
"""

import json
import os
import sys

PID_1 = "_GREENCORN_PID1"  # where PID 1 may be asked to become the server
VARIABLE = "_GREENCORN_PROGRAM"  # how the program was started, as JSON

application = None  # in a server: the program's object
_facts = None  # in a template that runs the program


class Served(SystemExit):
    """Ends the program where it would serve."""


def serve(app):
    """What run() does."""
    global application
    if _facts is not None:
        application = app
        raise Served
    facts = how_started()
    label = "python" if facts["kind"] == "code" else facts["target"]
    name = app.cfg.settings["proc_name"].get() or os.path.basename(label)
    os.environ[VARIABLE] = json.dumps(facts)
    become(["greencorn", f"--config=program:{label[:1000]}",
            f"--name={name[:64]}"], [])


def become(words, rest=None):
    """The process is the server from here on."""
    import signal

    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass
    for sig in (signal.SIGPIPE, signal.SIGXFSZ):  # which Python ignores
        signal.signal(sig, signal.SIG_DFL)
    path = getattr(sys, "_base_executable", None) or sys.executable
    argv = [*words, *(sys.argv[1:] if rest is None else rest)]
    asked = os.environ.pop(PID_1, "")
    if os.getppid() == 1 and ask_pid_1(asked, path, argv):
        os._exit(0)
    os.execv(path, argv)


def ask_pid_1(where, path, argv):
    """PID 1 executes it in its own place (src/init/init_become.h), so that
    somebody is there to bring the server back. False: it does not listen."""
    fd, _, inode = where.partition(":")
    try:
        if os.fstat(int(fd)).st_ino != int(inode):
            return False
        environ = [b"=".join(item) for item in os.environb.items()]
        texts = [path, os.getcwd(), str(len(argv)), *argv]
        data = b"".join(text + b"\0" for text in
                        (*map(os.fsencode, texts), *environ))
        with open(int(fd), "wb", closefd=False) as f:
            f.write(data)
    except (OSError, ValueError):
        return False
    return True


def how_started():
    main = sys.modules["__main__"]
    spec = getattr(main, "__spec__", None)
    file = getattr(main, "__file__", None)
    if spec is not None and spec.name != "__main__":
        kind, target = "module", spec.name
    elif file is not None:
        kind, target = "file", os.path.abspath(file)
    else:
        at = sys.orig_argv.index("-c")
        kind, target = "code", sys.orig_argv[at + 1]
    return {"kind": kind, "target": target, "argv": sys.argv,
            "path": sys.path[0] if sys.path else ""}


def settings():
    """In a template: {name: value} of what the program sets."""
    global _facts
    _facts = json.loads(os.environ.pop(VARIABLE))
    sys.argv[:] = _facts["argv"]
    if _facts["path"] not in sys.path:
        sys.path.insert(0, _facts["path"])
    try:
        run(_facts["kind"], _facts["target"])
    except Served:
        pass
    if application is None:
        raise RuntimeError("the program ended without serving")
    found = {name: setting.value
             for name, setting in application.cfg.settings.items()
             if setting.is_set and setting.value is not None}
    found["wsgi_app"] = "greencorn._program:load()"
    return found


def run(kind, target):
    """As python TARGET, -m TARGET or -c TARGET."""
    main = sys.modules["__main__"]
    names = vars(main)
    if kind == "module":
        from importlib.util import find_spec

        spec = find_spec(target)
        names.update(__spec__=spec, __file__=spec.origin,
                     __package__=spec.parent, __loader__=spec.loader)
        code = spec.loader.get_code(spec.name)
    elif kind == "file" and os.path.isfile(target):
        with open(target, "rb") as f:
            code = compile(f.read(), target, "exec")
        names["__file__"] = target
    elif kind == "file":
        raise RuntimeError(f"{target} is not a file any more")
    else:
        code = compile(target, "<string>", "exec")
    exec(code, names)


def names_of(filename):
    """The names of a configuration file."""
    names = {"__file__": filename, "__name__": "__config__"}
    with open(filename, "rb") as f:
        exec(compile(f.read(), filename, "exec"), names)
    return {name: value for name, value in names.items()
            if not name.startswith("_")}


def load():
    return application.wsgi()
