# Behind nginx of a platform that starts it when a file appears.
import multiprocessing
import os

bind = "unix:nginx.socket"
workers = min(multiprocessing.cpu_count() * 2 + 1, 3)
worker_class = "gthread"
threads = 4
forwarded_allow_ips = "*"
secure_scheme_headers = {"X-FORWARDED-PROTO": "https"}
max_requests = 1000
max_requests_jitter = 50


def when_ready(server):
    open("app-initialized", "w").close()


def pre_exec(server):
    server.log.info("Forked child, re-executing.")


def nworkers_changed(server, new_value, old_value):
    server.log.info("workers: %s -> %s", old_value, new_value)


def on_exit(server):
    os.unlink("app-initialized")
