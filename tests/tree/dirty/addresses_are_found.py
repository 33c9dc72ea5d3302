"""Where the dirty arbiter listens, in a container and without a /tmp."""

import os

APP = """
import os
from gunicorn.dirty import get_dirty_client
def app(environ, start_response):
    start_response("200 OK", [])
    pid = get_dirty_client().execute("apps:App", "pid")
    return [f"{os.environ['GUNICORN_DIRTY_SOCKET']} {pid}".encode()]
"""


def test_without_a_writable_tmp(dirty, tmp_path):
    s = dirty(app=APP, address=False, wrapped=(
        "unshare", "--mount", "sh", "-c",
        f"mount --bind {tmp_path} /mnt && "
        "mount -t tmpfs -o ro none /tmp && cd /mnt && exec \"$@\"", "sh"))
    address, _ = s.get("/").body.decode().split()
    inode = os.stat("/proc/self/ns/pid").st_ino
    assert address.startswith(f"@greencorn-dirty-{inode}-")


def test_under_init_an_arbiter_that_dies_is_replaced(dirty, wait_until):
    s = dirty(app=APP, address=False, init=True)
    address, pid = s.get("/").body.decode().split()
    assert address.endswith("_1.sock")
    os.kill(s.init_child(), 9)
    s.wait_log("Dirty arbiter starting", count=2)

    def served():
        answer = s.get("/")
        return answer.status == 200 and \
            answer.body.decode().split() != [address, pid]
    wait_until(served, "calls answered by new dirty workers")
    assert s.get("/").body.decode().split()[0] == address
    s.signal("TERM")
    assert s.wait() == 0
