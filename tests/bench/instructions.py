"""User instructions of a request, counted by callgrind.

Steady where times are not: the figure hardly depends on what else the machine
does. A server is run twice with different numbers of requests, and the
difference divided by theirs: start-up and shut-down cancel out. One connection
by default: with more it depends on how many answers fell into a turn.

    instructions.py [--connections 1,64] [--profile SHAPE [--lines N]]

--profile, or the variable PROFILE: where they are spent, by function, instead
of the table; --server: by another one than greencorn's class sync.
"""

import argparse
import concurrent.futures
import glob
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

import servers
from shapes import SHAPES

# Requests. What a thread of the end leaves to free differs by 0.4 million
# between runs, which is less the more requests share it.
FEW, MANY = 200, 3200
LOAD = os.path.abspath("build/out/bench/load")
SHAPES = {shape.name: shape for shape in SHAPES}
ROWS = ("hello", "browser")
AIMS = {"hello": 8000, "browser": 12000}
FLOOR = "Python floor"
CLASSES = ("greencorn sync", "greencorn gthread 4")


def counted(folder, log):
    """Instructions of the process that served: the worker, or the only one."""
    with open(log) as f:
        pid = re.search(r"Booting worker with pid: (\d+)", f.read())
    files = glob.glob(f"{folder}/callgrind.{pid[1] if pid else '*'}")
    for name in files:
        with open(name) as f:
            for line in f:
                if line.startswith(("totals:", "summary:")):
                    return int(line.split()[1]), name
    raise SystemExit("bench-instructions: callgrind left no count")


def run(server, shape, connections, requests, folder):
    """(instructions of the whole life, callgrind's file)"""
    os.makedirs(folder)
    port = servers.free_port()
    log = os.path.join(folder, "log")
    with open(log, "wb") as out:
        process = subprocess.Popen(
            ["valgrind", "--tool=callgrind", "-q",
             f"--callgrind-out-file={folder}/callgrind.%p",
             *server.command(shape, port, folder)],
            cwd=servers.HERE, stdin=subprocess.DEVNULL, stdout=out,
            stderr=out, env=servers.clean_environment(folder))
    request = os.path.join(folder, "request")
    with open(request, "wb") as f:
        f.write(shape.request)
    try:
        servers.until_answers(process, port, shape.request, log)
        subprocess.run([LOAD, "-c", str(connections), "-n", str(requests),
                        str(port), request], input=b"\n", check=True,
                       stdout=subprocess.DEVNULL)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    return counted(folder, log)


def per_request(name, shape, connections, folder):
    server = next(s for s in servers.SERVERS if s.name == name)
    few, many = (run(server, shape, connections, n,
                     os.path.join(folder, f"{name}-{shape.name}-"
                                          f"{connections}-{n}"))[0]
                 for n in (FEW, MANY))
    return (many - few) / (MANY - FEW)


def word(is_met, _):
    return "met" if is_met else "NOT MET"


def table(folder, connections, met=word):
    """The lines of the table; met(bool, text) has the word for an aim."""
    jobs = [(shape, n, name) for shape in ROWS for n in connections
            for name in (FLOOR, *CLASSES)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = dict(zip(jobs, pool.map(
            lambda job: per_request(job[2], SHAPES[job[0]], job[1], folder),
            jobs)))
    yield (f"{'user instructions a request':26}{'':22}{'own':>8}{'floor':>8}"
           f"{'ratio':>7}  aim")
    for shape, n, name in jobs:
        if name == FLOOR:
            continue
        own, floor = found[shape, n, name], found[shape, n, FLOOR]
        title = f"{shape}, {n} connection" + ("s" if n > 1 else "")
        yield (f"{title:26}{name:22}{own:8.0f}{floor:8.0f}{own / floor:7.2f}"
               f"  <= {AIMS[shape]} " + met(
                   own <= AIMS[shape], f"{name}, {title}: {own:.0f} "
                   f"instructions, <= {AIMS[shape]}"))


def profile(shape, name, folder, lines):
    os.environ["GREENCORN"] = os.path.abspath("build/out/greencorn.full")
    server = next(s for s in servers.SERVERS if s.name == name)
    few, many = (run(server, SHAPES[shape], 1, n,
                     os.path.join(folder, str(n)))[1] for n in (FEW, MANY))
    by = {}
    for path, sign in ((few, -1), (many, 1)):
        out = subprocess.run(
            ["callgrind_annotate", "--threshold=100", "--auto=no", path],
            capture_output=True, text=True, check=True).stdout
        for count, function in re.findall(
                r"^ *([\d,]+) *\([^)]*\) +\S*?:(\S+)", out, re.M):
            by[function] = by.get(function, 0) + \
                sign * int(count.replace(",", ""))
    print(f"instructions a request: {name}, {SHAPES[shape].title}, "
          f"1 connection")
    for function in sorted(by, key=by.get, reverse=True)[:lines]:
        print(f"{by[function] / (MANY - FEW):9.1f}  {function}")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--profile", choices=ROWS,
                   default=os.environ.get("PROFILE"))
    p.add_argument("--server", default=CLASSES[0],
                   choices=(FLOOR, *CLASSES))
    p.add_argument("--lines", type=int, default=60)
    p.add_argument("--connections", default="1")
    args = p.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        if args.profile:
            profile(args.profile, args.server, folder, args.lines)
        else:
            counts = [int(n) for n in args.connections.split(",")]
            for line in table(folder, counts):
                print(line)
            print(f"({time.monotonic() - began:.0f} s)")


if __name__ == "__main__":
    sys.exit(main())
