"""A change in a folder that can be written, and threads of Rust."""
import pathlib
import tempfile
import threading

import watchfiles

try:
    folder = pathlib.Path(tempfile.mkdtemp(dir="/dev/shm"))
except OSError:
    folder = pathlib.Path(tempfile.mkdtemp())
stop = threading.Event()
threading.Timer(0.5, lambda: (folder / "a").write_text("b")).start()
threading.Timer(20, stop.set).start()
for changes in watchfiles.watch(folder, stop_event=stop,
                                force_polling=False):
    assert changes == {(watchfiles.Change.added, str(folder / "a"))} or \
        (watchfiles.Change.added, str(folder / "a")) in changes
    stop.set()
    break
else:
    raise AssertionError("the change was not seen")
import os  # noqa: E402

os._exit(0)
