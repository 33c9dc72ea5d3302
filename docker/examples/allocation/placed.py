"""What the three applications share: they say where they are."""

import os

from gunicorn.dirty import DirtyApp


class Placed(DirtyApp):
    def where(self):
        """This worker's pid, and its resident memory in MiB."""
        with open("/proc/self/statm") as f:
            pages = int(f.read().split()[1])
        return {"pid": os.getpid(),
                "memory": pages * os.sysconf("SC_PAGE_SIZE") >> 20}
