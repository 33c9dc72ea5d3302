"""What a request costs: greencorn, its floors and other servers compared.

`make bench` calls it. Servers run on one core, the client on another; the
rounds of all servers of a shape alternate, so that what else the machine does
hits all of them. Cost is the processor time of a server's whole process tree
divided by its answers. src/notes/0009-bench.md has the reasons.

Knobs are variables, so that `make bench BENCH_ONLY=hello` works:

    BENCH_ONLY         shapes, by name        BENCH_SECONDS  of a measurement
    BENCH_SERVERS      parts of their names   BENCH_ROUNDS   of each server
    BENCH_CONNECTIONS  instead of a shape's own
"""

import json
import os
import resource
import statistics
import subprocess
import tempfile
import time

import instructions
import machine
import servers
from shapes import SHAPES

SECONDS = float(os.environ.get("BENCH_SECONDS") or 0.8)
ROUNDS = int(os.environ.get("BENCH_ROUNDS") or 3)
TABLE = "build/out/bench/table.txt"
LOAD = os.path.abspath("build/out/bench/load")
WARM_UP = 0.15  # seconds


class Failed(Exception):
    """A run that gave no figure; the text says why."""


def one_run(running, shape, connections, seconds, request, core, idle):
    """One measurement: {requests, seconds, p50_us, p99_us, cpu_us, ...}."""
    pids = machine.tree(running.process.pid)
    empty = machine.anonymous_bytes(pids) if idle else 0
    load = subprocess.Popen(
        ["taskset", "-c", str(core), LOAD, "-c", str(connections),
         "-s", str(seconds), "-b", str(shape.body), "-i", str(idle),
         *shape.load, str(running.port), request],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)
    try:
        ready = load.stdout.readline().split()
        if ready and int(ready[1]) < idle:
            raise Failed(f"holds {ready[1]} of {idle} idle connections")
        full = machine.anonymous_bytes(pids) if idle else 0
        before = machine.cpu_seconds(pids)
        load.stdin.write("\n")
        load.stdin.flush()
        line = load.stdout.readline()
        spent = machine.cpu_seconds(pids) - before
    finally:
        load.stdin.close()
        told = load.stderr.read()
        load.wait()
    if not line:
        raise Failed("no result: " + (told.strip() or "?")[:70])
    found = json.loads(line)
    if found["requests"] == 0 or found["errors"] > found["requests"] / 100 \
            or "answers no more" in told:
        raise Failed(f"{found['requests']} answers, {found['errors']} errors: "
                     + told.strip().removeprefix("load: ")[:60])
    if spent <= 0:
        raise Failed("its processes were others when it ended")
    found["cpu_us"] = spent * 1e6 / found["requests"]
    found["rate"] = found["requests"] / found["seconds"]
    found["spent"] = spent
    if idle:
        found["idle_bytes"] = (full - empty) / idle
    return found


class Noise:
    """What others took of the two cores while a block was measured."""

    def __init__(self, cores):
        self.cores = set(cores)
        self.before = [machine.ticks(core) for core in self.cores]
        self.ours = os.times()

    def told(self, servers_spent):
        now = os.times()
        delta = {"busy": 0, "idle": 0, "steal": 0}
        for core, before in zip(self.cores, self.before):
            for key, value in machine.ticks(core).items():
                delta[key] += value - before[key]
        total = sum(delta.values()) or 1
        ours = servers_spent + sum(now[:4]) - sum(self.ours[:4])
        others = max(0, delta["busy"] - ours)
        return (f"steal {100 * delta['steal'] / total:.1f} %, "
                f"others {100 * others / total:.0f} %")


def start_all(wanted, shape, core, folder):
    """([running servers], {name: why it is absent})"""
    running, absent = [], {}
    for server in wanted:
        try:
            for name, why in server.skips:
                if name == shape.name:
                    raise servers.Absent(why)
            running.append(servers.Running(server, shape, core, folder))
        except servers.Absent as e:
            absent[server.name] = str(e)
    for r in list(running):
        try:
            r.wait(shape.request)
        except servers.Absent as e:
            absent[r.server.name] = str(e)
            running.remove(r)
            r.stop()
    return running, absent


def measure(shape, connections, running, absent, cores, request):
    """{server's name: [runs]}, absent is added to, and the noise."""
    runs = {r.server.name: [] for r in running}
    noise, spent = Noise(cores), 0
    for number in range(-1, ROUNDS):
        for r in running[::1 if number % 2 else -1]:
            if r.server.name in absent:
                continue
            seconds = WARM_UP if number < 0 else SECONDS
            try:
                if shape.idle and number < 0:
                    # So that only the idle ones want new memory.
                    one_run(r, shape, connections, seconds, request,
                            cores[1], 0)
                found = one_run(r, shape, connections, seconds, request,
                                cores[1], shape.idle)
            except Failed as e:
                absent[r.server.name] = str(e)
                runs.pop(r.server.name)
                continue
            spent += found["spent"]
            if number < 0:
                # Later the server has the memory of the first time left.
                r.idle_bytes = found.get("idle_bytes")
            else:
                found["idle_bytes"] = r.idle_bytes
                runs[r.server.name].append(found)
    return runs, noise.told(spent)


def median(runs, key):
    return statistics.median(run[key] for run in runs)


def spread(runs):
    costs = [run["cpu_us"] for run in runs]
    return 100 * (max(costs) - min(costs)) / statistics.median(costs)


def ratio(runs, name, of):
    """Of two servers' costs: the median of the rounds' own ratios."""
    if not runs.get(of) or not runs.get(name) or name == of:
        return None
    return statistics.median(a["cpu_us"] / b["cpu_us"]
                             for a, b in zip(runs[name], runs[of]))


def number(value, digits):
    return "-" if value is None else f"{value:.{digits}f}"


def microseconds(value):
    return f"{value:.0f}" if value < 99999 else f"{value / 1000:.0f}k"


HEADING = (f"{'':22}{'req/s':>9}{'p50 us':>8}{'p99 us':>8}{'CPU us':>9}"
           f"{'+-%':>5}{'/C':>7}{'/Py':>7}{'/Gu':>7}  aim")


def met(is_met, text):
    AIMS[is_met].append(text)
    return "met" if is_met else "NOT MET"


AIMS = {True: [], False: []}  # is it met: texts


SHORT = {"C floor": "C", "Python floor": "Py", "nginx": "nginx"}


def aim_of(server, shape, runs, n):
    """A server's aim, and whether it is met, as words."""
    if server.kind not in shape.aims:
        return ""
    factor, of = shape.aims[server.kind]
    found = ratio(runs, server.name, of)
    if found is None:
        return f"<= {factor:g} /{SHORT[of]}"
    return f"<= {factor:g} /{SHORT[of]} " + met(
        round(found, 2) <= factor,
        f"{server.name}, {shape.name}, {n}: {found:.2f} x {of}, <= {factor:g}")


def sleep_aim(server, rate):
    """Of the sleeping application: answers a second, of those possible."""
    if server.kind not in ("sync", "gthread"):
        return ""
    words = server.name.split()
    possible = (int(words[-1]) if words[-1].isdigit() else 1) / 0.002
    text = f"{100 * rate / possible:.0f} % of {possible:.0f}/s, >= 95"
    return f"{text} " + met(rate >= 0.95 * possible,
                            f"{server.name}, sleep: {text}")


IDLE_BYTES = 512


def idle_aim(server, found):
    """Of an idle connection's memory."""
    text = f"{found:.0f} B each"
    if server.kind not in ("sync", "gthread"):
        return text
    return f"{text} " + met(
        found <= IDLE_BYTES, f"{server.name}, idle: {text}, <= {IDLE_BYTES}")


def bare_sleep(core):
    """Milliseconds that time.sleep(0.002) takes of itself."""
    out = subprocess.run(
        ["taskset", "-c", str(core), servers.binary(), "python", "-c",
         "import time; began = time.perf_counter()\n"
         "for _ in range(200): time.sleep(0.002)\n"
         "print((time.perf_counter() - began) / 200 * 1000)"],
        stdout=subprocess.PIPE, text=True, check=True).stdout
    return float(out)


def remark(server, shape, runs, n):
    own = runs[server.name]
    if shape.name == "sleep":
        return sleep_aim(server, median(own, "rate"))
    aim = aim_of(server, shape, runs, n)
    if shape.idle:
        aim = idle_aim(server, own[0]["idle_bytes"]) + "  " + aim
    return aim


def rows(shape, n, wanted, runs, absent):
    for server in wanted:
        all_ = runs.get(server.name)
        if not all_:
            yield f"{server.name:22}  {absent.get(server.name, '?')}"[:118]
            continue
        peer = server.peer or "Gunicorn sync"
        yield (f"{server.name:22}{median(all_, 'rate'):9.0f}"
               f"{microseconds(median(all_, 'p50_us')):>8}"
               f"{microseconds(median(all_, 'p99_us')):>8}"
               f"{median(all_, 'cpu_us'):9.2f}{spread(all_):5.0f}"
               f"{number(ratio(runs, server.name, 'C floor'), 2):>7}"
               f"{number(ratio(runs, server.name, 'Python floor'), 2):>7}"
               f"{number(ratio(runs, server.name, peer), 3):>7}"
               f"  {remark(server, shape, runs, n)}").rstrip()


LEGEND = """\
CPU us: processor time of the server's whole process tree for one request,
median of the rounds; +-%: their spread, greatest less least. /C, /Py, /Gu:
that cost divided, round by round, by the C floor's, the Python floor's,
Gunicorn's (of the same class; of sync where there is none). B each: memory of
an idle connection, at most 512, the kernel's not counted. steal, others: share
of the two cores that the host and other processes took. peers: their Python.
One worker each, on one core."""


def words(variable):
    return os.environ.get(variable, "").replace(",", " ").split()


def chosen():
    """(shapes, servers) that are wanted."""
    only, names = words("BENCH_ONLY"), words("BENCH_SERVERS")
    shapes = [s for s in SHAPES if not only or s.name in only]
    wanted = [s for s in servers.SERVERS if not names or any(
        name.lower() in s.name.lower() for name in names)]
    known = [s.name for s in SHAPES] + ["interpreter", "instructions"]
    if set(only) - set(known) or not wanted:
        raise SystemExit(
            "bench: shapes are " + " ".join(known) +
            "; servers are " + ", ".join(s.name for s in servers.SERVERS))
    return shapes, wanted


def heading(say, cores):
    say(f"{ROUNDS} rounds of {SECONDS:g} s; servers on core {cores[0]}, "
        f"client on core {cores[1]}; load average {os.getloadavg()[0]:.1f}; "
        f"peers: {servers.about_python(servers.python_for_peers())}")
    if cores[0] == cores[1]:
        say("ONE CORE ONLY: the client takes the servers' time")


def one_shape(shape, wanted, cores, folder, say):
    """A block of the table for each number of connections."""
    request = os.path.join(folder, "request")
    with open(request, "wb") as f:
        f.write(shape.request)
    running, absent = start_all(wanted, shape, cores[0], folder)
    try:
        for n in map(int, words("BENCH_CONNECTIONS") or shape.connections):
            missing = dict(absent)
            runs, noise = measure(shape, n, running, missing, cores, request)
            if shape.name == "sleep":
                slept = bare_sleep(cores[0])
                noise += f"; alone it sleeps {slept:.2f} ms, so that " \
                    f"{200 / slept:.0f} % are possible"
            say(f"\n{shape.title}, {n} connection{'s' if n > 1 else ''}  "
                f"({noise})")
            say(HEADING)
            for row in rows(shape, n, wanted, runs, missing):
                say(row)
    finally:
        for r in running:
            r.stop()


def interpreters(say, core):
    """Our Python beside the peers', the rounds alternating."""
    theirs = servers.python_for_peers()
    commands = {"greencorn": [servers.binary(), "python"], "other": [theirs]}
    best = {name: {} for name in commands}
    for _ in range(max(ROUNDS, 5)):
        for name, command in commands.items():
            out = subprocess.run(
                ["taskset", "-c", str(core), *command,
                 os.path.join(servers.HERE, "interpreter.py")],
                stdout=subprocess.PIPE, check=True).stdout
            for task, cost in json.loads(out).items():
                best[name][task] = min(cost, best[name].get(task, cost))
    ratios = {task: cost / best["other"][task]
              for task, cost in best["greencorn"].items()}
    say(f"\nthe interpreter, processor time beside "
        f"{servers.about_python(theirs)}")
    say("  " + "  ".join(f"{task} {r:.2f}" for task, r in ratios.items()))
    mean = statistics.geometric_mean(ratios.values())
    say(f"  geometric mean {mean:.2f}, <= 1 " + met(
        round(mean, 2) <= 1, f"interpreter: {mean:.2f} x the machine's, <= 1"))


def install(wanted, folder):
    """All peers before the first is measured: it makes noise."""
    for server in wanted:
        try:
            server.command(SHAPES[0], 0, folder)
        except servers.Absent:
            pass  # its row says why


def main():
    shapes, wanted = chosen()
    cores = machine.cores()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    began = time.monotonic()
    with open(TABLE, "w") as out, tempfile.TemporaryDirectory() as folder:
        def say(text):
            print(text, flush=True)
            print(text, file=out, flush=True)
        heading(say, cores)
        install(wanted, folder)
        for shape in shapes:
            one_shape(shape, wanted, cores, folder, say)
        only = words("BENCH_ONLY")
        if not only or "interpreter" in only:
            interpreters(say, cores[0])
        if not only or "instructions" in only:
            say("")
            for line in instructions.table(folder, [1], met):
                say(line)
        say("\n" + LEGEND)
        say(f"\nAims: {len(AIMS[True])} met, {len(AIMS[False])} not met")
        for text in AIMS[False]:
            say("  " + text)
        say(f"{time.monotonic() - began:.0f} s; this table is {TABLE}")


if __name__ == "__main__":
    main()
