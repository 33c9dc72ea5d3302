"""From exec to the first answer, memory of the idle tree, size of the image.

scripts/bench-start calls it with the binary and a Python that has Gunicorn,
the peer of the same run. Prints a table with the aims beside. Linux only.

    start.py --binary build/out/greencorn --peer VENV/bin/python [--runs 15]
"""

import argparse
import os
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time

import machine
import servers

APP = '''\
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"),
                              ("Content-Length", "3")])
    return [b"ok\\n"]
'''
REQUEST = b"GET / HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"
DEADLINE = 20  # seconds


def answered(port):
    """One request; False where nobody answers yet."""
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as s:
            s.sendall(REQUEST)
            return s.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


class Server:
    """A command that serves app:app on a port, until the with ends."""

    def __init__(self, command, folder):
        self.port = servers.free_port()
        command = [word.format(port=self.port) for word in command]
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            command, cwd=folder, stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, env={"PATH": os.environ["PATH"]})

    def __enter__(self):
        while not answered(self.port):
            if time.perf_counter() - self.began > DEADLINE or \
                    self.process.poll() is not None:
                self.__exit__()
                raise SystemExit(f"no answer from {self.process.args}")
            time.sleep(0.0005)
        self.first_ms = (time.perf_counter() - self.began) * 1000
        self.cpu_ms = 1000 * machine.cpu_seconds(
            machine.tree(self.process.pid))
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def memory(root):
    """(PSS, anonymous part of it) of the tree, in MB."""
    total = anonymous = 0
    for pid in machine.tree(root):
        with open(f"/proc/{pid}/smaps_rollup") as f:
            rows = dict(line.split(":", 1) for line in f if ":" in line)
        total += int(rows["Pss"].split()[0])
        anonymous += int(rows["Pss_Anon"].split()[0])
    return total / 1024, anonymous / 1024


def settled(server, workers):
    """Memory once all workers are there and nothing moves any more."""
    end = time.monotonic() + DEADLINE
    before = None
    while time.monotonic() < end:
        now = memory(server.process.pid)
        if before and abs(now[0] - before[0]) < 0.05 and \
                len(machine.tree(server.process.pid)) > workers:
            return now
        before = now
        time.sleep(0.5)
    return before


def measure(command, folder, runs):
    """{what: number} of one server."""
    first, cpu = [], []
    for _ in range(runs):
        with Server([*command, "--workers", "1", "app:app"], folder) as s:
            first.append(s.first_ms)
            cpu.append(s.cpu_ms)
    found = {"first": statistics.median(first),
             "cpu": statistics.median(cpu)}
    for workers in (1, 4):
        with Server([*command, "--workers", str(workers), "app:app"],
                    folder) as s:
            found[f"pss{workers}"], found[f"anon{workers}"] = \
                settled(s, workers)
    found["further"] = (found["pss4"] - found["pss1"]) / 3
    return found


def image_size(binary, tool):
    """MB of the binary, which is the image but for a few KB, compressed."""
    if shutil.which(tool[0]) is None:
        return None
    out = subprocess.run([*tool, "-c", binary], stdout=subprocess.PIPE,
                         check=True).stdout
    return len(out) / 1e6


ROWS = [
    ("exec to first 200, ms (median)", "first", "< 30"),
    ("  processor time of it, ms", "cpu", ""),
    ("PSS, 1 worker, MB", "pss1", ""),
    ("  of it anonymous", "anon1", ""),
    ("PSS, 4 workers, MB", "pss4", "<= 30"),
    ("  of it anonymous", "anon4", ""),
    ("each further worker, MB", "further", "<= 1.5"),
    ("image, gzip, MB", "gzip", "<= 14.5"),
    ("image, zstd -19, MB", "zstd", "<= 12.5"),
]


def show(columns):
    names = [name for name, _ in columns]
    print(f"{'':32}{'aim':>9}" + "".join(f"{name:>12}" for name in names))
    for label, key, aim in ROWS:
        cells = [found.get(key) for _, found in columns]
        print(f"{label:32}{aim:>9}" + "".join(
            f"{'-' if cell is None else format(cell, '.1f'):>12}"
            for cell in cells))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--binary", required=True)
    p.add_argument("--peer", help="a Python with gunicorn")
    p.add_argument("--runs", type=int, default=15)
    args = p.parse_args()
    bind = ["--bind", "127.0.0.1:{port}"]
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "app.py"), "w") as f:
            f.write(APP)
        ours = measure([os.path.abspath(args.binary), *bind], folder,
                       args.runs)
        ours["gzip"] = image_size(args.binary, ["gzip", "-6"])
        ours["zstd"] = image_size(args.binary, ["zstd", "-19", "-q"])
        columns = [("greencorn", ours)]
        if args.peer:
            columns.append(("gunicorn", measure(
                [args.peer, "-m", "gunicorn", *bind], folder, args.runs)))
    show(columns)
    print("load average %.1f of %d processors: above it, times are long"
          % (os.getloadavg()[0], os.cpu_count()))


if __name__ == "__main__":
    main()
