"""Gunicorn's own DirtyClient, of 25.0.0 (JSON) and of the newest version
(TLV), talks to our dirty arbiter; ours talks to the newest Gunicorn's."""

import json
import os
import pathlib
import subprocess
import textwrap

import pytest

DATA = pathlib.Path(__file__).parent / "data"


@pytest.mark.parametrize("version,what", [("25.0.0", "json"), (None, "bytes")])
def test_its_client(dirty, gunicorn, version, what):
    s = dirty(dirty_workers=2)
    path = s.caller().socket_path
    done = subprocess.run(
        [gunicorn(version), DATA / "gunicorns_caller.py", path, what],
        capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    seen = dict(json.loads(line) for line in done.stdout.splitlines())
    assert seen["execute"] == {"args": [1, "\u00e4"], "kwargs": {"k": [None]}}
    assert seen["stream"] == list(range(300))
    assert seen["fails"] == ["DirtyAppError", "bad thing", "apps:App"]
    assert seen["none"][0] == "DirtyNoWorkersAvailableError"
    assert seen["none"][2] == "apps:Other"
    assert seen["again"] == []
    assert seen["execute_async"]["args"] == [2]
    assert seen["stream_async"] == [0, 1, 2]
    assert seen.get("bytes", True)


def test_our_client_talks_to_gunicorn(tmp_path, dirty_package, wait_until,
                                      newest_gunicorn):
    (tmp_path / "apps.py").write_text(textwrap.dedent("""
        from gunicorn.dirty import DirtyApp
        class App(DirtyApp):
            def echo(self, *args): return list(args)
            def count(self, n): yield from range(n)
            def fails(self): raise RuntimeError("bad thing")
    """))
    (tmp_path / "app.py").write_text(textwrap.dedent("""
        import os
        open("socket", "w").write(os.environ["GUNICORN_DIRTY_SOCKET"])
        def app(environ, start_response): ...
    """))
    server = subprocess.Popen(
        [newest_gunicorn, "-m", "gunicorn", "app:app", "-b", "unix:http.sock",
         "--no-control-socket",
         "--dirty-app", "apps:App", "--dirty-workers", "1"],
        cwd=tmp_path, stdout=subprocess.DEVNULL,
        stderr=open(tmp_path / "log", "w"))
    try:
        note = tmp_path / "socket"
        wait_until(lambda: note.exists() and note.read_text(),
                   "its dirty arbiter")
        c = dirty_package.DirtyClient(note.read_text(), timeout=15)

        def answered():
            try:
                return c.execute("apps:App", "echo", 1, b"x") == [1, b"x"]
            except dirty_package.DirtyError:
                return False
        wait_until(answered, "an answer")
        assert list(c.stream("apps:App", "count", 50)) == list(range(50))
        with pytest.raises(dirty_package.DirtyAppError, match="bad thing"):
            c.execute("apps:App", "fails")
        assert c.execute("apps:App", "echo") == []
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


NAMES = """
import inspect, json
IS_OURS = __import__("sys").executable.endswith("greencorn")
from gunicorn.dirty import app, client, errors, protocol, stash, tlv
from gunicorn.dirty import DirtyClient, StashClient, StashTable, DirtyApp
import gunicorn.dirty
seen = {}
for m in (app, errors, protocol, stash, tlv, client):
    seen[m.__name__] = sorted(
        n for n, o in vars(m).items() if IS_OURS or not n.startswith("_")
        and not inspect.ismodule(o)
        and getattr(o, "__module__", m.__name__) == m.__name__)
for c in (DirtyClient, StashClient, StashTable, DirtyApp,
          protocol.BinaryProtocol, tlv.TLVEncoder):
    seen[c.__name__] = sorted(n for n in dir(c) if not n.startswith("_"))
seen["all"] = sorted(gunicorn.dirty.__all__)
B = protocol.BinaryProtocol
frames = [B.encode_request(5, "a:B", "c", (1, b"x"), {"k": None}),
          B.encode_response(6, {"n": [1.5, True]}), B.encode_chunk(7, "d"),
          B.encode_end(8), B.encode_error(9, errors.DirtyTimeoutError("t", 3)),
          B.encode_stash(10, protocol.STASH_OP_PUT, "t", "k", 1),
          B.encode_status(11), B.encode_manage(12, 1, 2)]
seen["frames"] = [f.hex() for f in frames]
seen["heads"] = [B.decode_header(f[:16]) for f in frames]
seen["messages"] = [repr(B.decode_message(f)) for f in frames]
print(json.dumps(seen))
"""


def test_names_and_frames_are_gunicorns(newest_gunicorn):
    """What its modules offer there is here, too, and says the same bytes."""
    binary = os.path.abspath(os.environ.get("GREENCORN",
                                            "build/out/greencorn"))
    theirs, ours = (json.loads(subprocess.run(
        [*words, "-c", NAMES], capture_output=True, text=True, timeout=30,
        check=True).stdout) for words in ([newest_gunicorn],
                                          [binary, "python"]))
    for what in ("frames", "heads", "messages"):
        assert ours.pop(what) == theirs.pop(what)
    lacking = {where: sorted(set(names) - set(ours[where]))
               for where, names in theirs.items()}
    assert not any(lacking.values()), lacking
