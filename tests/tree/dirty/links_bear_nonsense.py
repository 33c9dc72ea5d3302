"""Whatever a process of the tree writes to its link: the dirty arbiter goes
on, and so do the others; who wrote it may make a new link, or is replaced."""

import json

WEB = """
import json, os, random, struct, traceback
from greencorn import _dirty_link
from gunicorn.dirty import get_dirty_client, errors

APP = "apps:App"
c = get_dirty_client(timeout=2)
ENVELOPE = struct.Struct("=IBBHQ")

def envelope(kind, payload=b"", call=1, form=2, size=None):
    return ENVELOPE.pack(len(payload) if size is None else size, kind, form,
                         0, call) + payload

def junk(chance, call):
    "What a process that has gone mad might say; call: an id that is in use."
    kind = chance.randrange(0x30)
    payload = chance.randbytes(chance.randrange(60))
    return chance.choice([
        chance.randbytes(chance.randrange(1, 400)),
        envelope(kind, payload, call), envelope(kind, payload, 2**64 - 1),
        envelope(kind, b"", call), envelope(kind, payload, call, form=kind),
        envelope(kind, b"", call, size=0xFFFFFFFF),
        envelope(kind, b"", call, size=(64 << 20) + 1),
        envelope(0x25, struct.pack("=Q", 2**64 - 1), call),  # CREDIT
        envelope(0x25, struct.pack("=Q", 2**63), call) * 3,
        envelope(0x25, b"1", call), envelope(0x24, b"", call) * 2,  # CANCEL
        envelope(0x10, payload, call),                          # STASH
        envelope(1, payload, call) * 3,                         # REQUEST
    ])

def speak(seed):
    chance = random.Random(seed)
    before = _dirty_link._current()
    stream = c.stream(APP, "numbers", 0, 10**6)
    next(stream)
    call = max(before.calls)
    for _ in range(chance.randrange(1, 4)):
        try:
            before.sock.send(junk(chance, call))
        except OSError:
            break
    outcome = []
    for ask in (lambda: [next(stream) for _ in range(20000)],
                lambda: c.execute(APP, "echo", seed)):
        try:
            ask()
            outcome.append("good")
        except (errors.DirtyError, StopIteration) as e:
            outcome.append(type(e).__name__)
    stream.close()
    # Whatever became of that link: another one is good.
    _dirty_link._forget(before)
    for _ in range(20):
        assert c.execute(APP, "echo", seed)["args"] == [seed]
    return outcome

def app(environ, start_response):
    try:
        first, last = map(int, environ["PATH_INFO"][1:].split("-"))
        body = json.dumps([speak(n) for n in range(first, last)])
        start_response("200 OK", [])
    except BaseException:
        body = traceback.format_exc()
        start_response("500 No", [])
    return [body.encode()]
"""


def test_from_callers(dirty, neighbours, holdings, wait_until):
    s = dirty(app=WEB, dirty_workers=2, dirty_threads=4, timeout=200)
    wait_until(lambda: len(s.dirty_workers()) == 2, "two workers")
    pids = s.dirty_workers()
    arbiter = s.dirty_arbiter()
    answer = s.get("/0-10", timeout=200)
    assert answer.status == 200, answer.body.decode()
    held = holdings(s)
    with neighbours(s):
        answer = s.get("/10-100", timeout=200)
        assert answer.status == 200, answer.body.decode()
        said = json.loads(answer.body)
    # Some of it was borne, some of it ended the link.
    assert any("good" in outcome for outcome in said)
    assert any("DirtyConnectionError" in outcome for outcome in said)
    assert s.dirty_arbiter() == arbiter
    assert s.dirty_workers() == pids
    held.returned(workers_kib=8192)


APPS = """
import os, random, struct, time
from greencorn import _dirty_worker
from gunicorn.dirty import DirtyApp

ENVELOPE = struct.Struct("=IBBHQ")

def envelope(kind, payload=b"", call=1, form=1, size=None):
    return ENVELOPE.pack(len(payload) if size is None else size, kind, form,
                         0, call) + payload

class App(DirtyApp):
    def echo(self, *args):
        return {"args": args}

class Mad(DirtyApp):
    workers = 1
    def pid(self):
        return os.getpid()
    def speak(self, seed):
        chance = random.Random(seed)
        mine = max(_dirty_worker._calls)
        kind = chance.randrange(0x30)
        payload = chance.randbytes(chance.randrange(60))
        call = chance.choice([mine, mine - 1, mine ^ 1, 0, 2**64 - 1])
        _dirty_worker._wire.sock.send(chance.choice([
            chance.randbytes(chance.randrange(1, 400)),
            envelope(kind, payload, call), envelope(kind, b"", call),
            envelope(kind, b"", call, size=0xFFFFFFFF),
            envelope(kind, b"", call, size=(64 << 20) + 1),
            envelope(2, payload, mine) * 2, envelope(5, b"", mine) * 2,
            envelope(4, payload, mine, form=0),
            envelope(0x20, payload), envelope(0x27, payload),  # HELLO, MAKING
            envelope(0x21) * 2, envelope(0x23, b"", mine),     # READY, DONE
        ]))
        time.sleep(0.02)
        return os.getpid()
"""


def test_from_dirty_workers(dirty, dirty_package, neighbours, wait_until):
    """Its own caller may be told anything; that has an end, though, after
    dirty_timeout where half a message is all that came."""
    s = dirty(apps=["apps:Mad", "apps:App"], source=APPS, dirty_workers=2,
              dirty_timeout=2)
    c = s.caller(20)
    arbiter = s.dirty_arbiter()
    pids = set()
    with neighbours(s) as beside:
        beside.allowed = dirty_package.DirtyWorkerError
        for seed in range(25):
            pids.add(c.execute("apps:Mad", "pid"))
            try:
                c.execute("apps:Mad", "speak", seed)
            except dirty_package.DirtyError:
                pass
    assert s.dirty_arbiter() == arbiter
    assert len(pids) > 1  # some of it costs a worker its life
    wait_until(lambda: len(s.dirty_workers()) == 2, "two workers")
    assert c.execute("apps:App", "echo", 1)["args"] == [1]
