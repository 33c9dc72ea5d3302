"""This process, its memory, threads and children."""
import subprocess
import sys

import psutil

me = psutil.Process()
assert me.memory_info().rss > 1 << 20 and me.num_threads() >= 1
child = subprocess.Popen([sys.executable, "-c", "input()"],
                         stdin=subprocess.PIPE)
assert child.pid in [c.pid for c in me.children()]
child.communicate(b"\n", timeout=30)
assert psutil.virtual_memory().total > 0 and psutil.cpu_count() >= 1
