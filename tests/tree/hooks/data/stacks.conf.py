# What Gunicorn's own example file does: a worker that is stuck, or
# interrupted, shows where all its threads are.
import sys
import threading
import traceback

timeout = 1
threads = 1


def _stacks(worker, why):
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    lines = []
    for ident, frame in sys._current_frames().items():
        lines.append(f"# {why}: thread {names.get(ident, '')} ({ident})")
        for file, number, name, line in traceback.extract_stack(frame):
            lines.append(f'File: "{file}", line {number}, in {name}')
            if line:
                lines.append(f"  {line.strip()}")
    worker.log.info("\n".join(lines))


def worker_int(worker):
    worker.log.info("worker received INT or QUIT signal")
    _stacks(worker, "int")


def worker_abort(worker):
    worker.log.info("worker received SIGABRT signal")
    _stacks(worker, "abort")
