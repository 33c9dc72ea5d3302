# One scheduler for all workers, in the master.
from apscheduler.schedulers.background import BackgroundScheduler

workers = 2
scheduler = BackgroundScheduler(timezone="UTC")


def tick():
    with open("ticks.out", "a") as f:
        f.write("tick\n")


def on_starting(server):
    scheduler.add_job(tick, "interval", seconds=0.1)
    scheduler.start()
    server.log.info("scheduler started")


def post_fork(server, worker):
    # Its thread is not here: nothing runs twice.
    worker.log.info("threads of %s: %d", worker.age,
                    sum(t.is_alive() for t in mine()))


def mine():
    import threading

    return [t for t in threading.enumerate() if "APScheduler" in t.name]


def on_exit(server):
    scheduler.shutdown(wait=False)
    server.log.info("scheduler stopped")
