# Sentry, started anew in each worker: its background thread does not survive
# a fork.
import os

import sentry_sdk
from sentry_sdk.transport import Transport

workers = 2


class ToFile(Transport):
    """Instead of a server of Sentry's."""

    def capture_envelope(self, envelope):
        with open("sentry.out", "ab") as f:
            f.write(envelope.serialize() + b"\n")


def post_fork(server, worker):
    sentry_sdk.init(dsn="https://key@sentry.invalid/1", transport=ToFile,
                    release=os.environ.get("RELEASE", "1.0"),
                    server_name=f"worker-{worker.age}")
    sentry_sdk.set_tag("worker_pid", worker.pid)


def worker_exit(server, worker):
    sentry_sdk.flush(timeout=2)
