"""A title, set and read back from the kernel."""
import setproctitle

setproctitle.setproctitle("greencorn: field")
assert setproctitle.getproctitle() == "greencorn: field"
setproctitle.setthreadtitle("cob")
assert open("/proc/self/comm").read() == "cob\n"
with open("/proc/self/cmdline", "rb") as f:
    assert b"greencorn: field\0" in f.read()
