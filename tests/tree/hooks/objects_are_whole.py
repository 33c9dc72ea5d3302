"""What hooks are given has the attributes that published hooks look at."""

import json

SERVER = ["pid", "cfg", "log", "address", "WORKERS", "LISTENERS",
          "num_workers", "worker_class", "app", "master_pid", "proc_name"]
WORKER = ["pid", "ppid", "age", "cfg", "log", "nr", "alive", "app", "wsgi",
          "tmp", "booted", "aborted", "timeout", "sockets", "max_requests"]
REQUEST = ["method", "uri", "path", "query", "fragment", "headers",
           "version", "scheme", "peer_addr", "remote_addr", "should_close"]
RESPONSE = ["status", "status_code", "headers", "sent", "response_length",
            "version", "req"]

CONF = f"""
import json

def report(name, **objects):
    wanted = {{"server": {SERVER}, "worker": {WORKER}, "req": {REQUEST},
              "resp": {RESPONSE}}}
    lacks = [f"{{kind}}.{{a}}" for kind, o in objects.items()
             for a in wanted[kind] if not hasattr(o, a)]
    os.write(1, f"hook report {{os.getpid()}} {{name}} "
                f"{{json.dumps(lacks)}}\\n".encode())

def on_starting(server): report("on_starting", server=server)
def when_ready(server): report("when_ready", server=server)
def on_reload(server): report("on_reload", server=server)
def pre_fork(server, worker): report("pre_fork", server=server, worker=worker)
def post_fork(server, worker): report("post_fork", server=server,
                                      worker=worker)
def post_worker_init(worker): report("post_worker_init", worker=worker)
def pre_request(worker, req): report("pre_request", worker=worker, req=req)
def post_request(worker, req, environ, resp):
    report("post_request", worker=worker, req=req, resp=resp)
def worker_exit(server, worker): report("worker_exit", server=server,
                                        worker=worker)
def child_exit(server, worker): report("child_exit", server=server,
                                       worker=worker)
def on_exit(server): report("on_exit", server=server)
"""


def test_in_every_hook(hooked, said, until):
    s = hooked(CONF, workers=1)
    assert s.get("/?a=b").status == 200
    s.signal("HUP")
    until(lambda: any("child_exit" in rest for _, rest in
                      said(s, "report")), "the old worker's end")
    s.signal("TERM")
    assert s.wait() == 0
    seen = {}
    for _, rest in said(s, "report"):
        name, lacks = rest.split(" ", 1)
        seen[name] = json.loads(lacks)
    assert len(seen) == 11
    assert not {name: lacks for name, lacks in seen.items() if lacks}
