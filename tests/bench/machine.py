"""The machine as the bench sees it: which core is whose, who else runs."""

import os


def cores():
    """(the servers' core, the client's)."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]


def ticks(core):
    """Processor time of a core so far: {user, busy, idle, steal}, seconds."""
    with open("/proc/stat") as f:
        for line in f:
            words = line.split()
            if words[0] == f"cpu{core}":
                n = [int(w) / os.sysconf("SC_CLK_TCK") for w in words[1:]]
                idle = n[3] + n[4]
                return {"busy": sum(n[:8]) - idle - n[7], "idle": idle,
                        "steal": n[7]}
    raise SystemExit("bench: no such core in /proc/stat")


def children_of():
    """{pid: [pids of its children]}"""
    children = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat") as f:
                parent = int(f.read().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(entry))
    return children


def tree(root):
    """root and all below it."""
    children = children_of()
    todo, found = [root], []
    while todo:
        found.append(todo.pop())
        todo += children.get(found[-1], [])
    return found


def cpu_seconds(pids):
    """Processor time of the processes so far, exact to the nanosecond."""
    spent = 0
    for pid in pids:
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/schedstat") as f:
                    spent += int(f.read().split()[0])
        except OSError:
            continue
    return spent / 1e9


def anonymous_bytes(pids):
    """Memory of the processes that is theirs alone, not a file's."""
    found = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup") as f:
                rows = dict(line.split(":", 1) for line in f if ":" in line)
        except OSError:
            continue
        found += int(rows["Pss_Anon"].split()[0]) * 1024
    return found
