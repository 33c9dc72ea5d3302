"""Cases of the rules behind each other, as they come, on many connections at
a time, cut anywhere. SOAK=1: for longer."""

import os
import random
import selectors
import time

import pytest

from _table import rules
from every_rule_holds import check_answer

CONNECTIONS = 100
ROUNDS = 100 if os.environ.get("SOAK") else 4
DEADLINE = 30
CASES = [case for rule in rules() if not rule.settings for case in rule.cases
         if not (case.source or case.uncut or case.alone or case.early)
         and isinstance(case.steps[0], bytes) and len(case.request) < 5000
         and all(not isinstance(s, (bytes, str)) for s in case.steps[1:])
         and all(a.status != 100 for a in case.answers)]
GOING_ON = [case for case in CASES if not case.ends]
ENDING = [case for case in CASES if case.ends]


class Mixture:
    """One connection: what it sends, in which pieces, and what must come."""

    def __init__(self, server, rnd):
        self.cases = rnd.choices(GOING_ON, k=rnd.randrange(1, 12))
        self.cases.append(rnd.choice(ENDING))
        data = b"".join(case.request for case in self.cases)
        cuts = sorted({0, len(data), *(rnd.randrange(len(data))
                                       for _ in range(rnd.randrange(8)))})
        self.pieces = [data[a:b] for a, b in zip(cuts, cuts[1:])]
        self.connection = server.connect()
        self.got, self.ended = b"", False

    def send(self):
        if self.pieces:
            try:
                self.connection.send(self.pieces.pop(0))
            except OSError:
                self.pieces = []  # it has ended: the answers will tell

    def read(self):
        try:
            data = self.connection.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        self.got += data
        self.ended = data == b""

    def check(self):
        c = self.connection
        c.buffer, c._more = self.got, lambda: b""
        for case in self.cases:
            for want in case.answers:
                got = c.answer(want.head_only)
                while got.status == 100:
                    got = c.answer(want.head_only)
                check_answer(got, want, case)
        assert c.buffer == b""
        c.close()


def play(mixtures, rnd):
    selector = selectors.DefaultSelector()
    for m in mixtures:
        selector.register(m.connection.socket, selectors.EVENT_READ, m)
    end = time.monotonic() + DEADLINE
    while left := [m for m in mixtures if not m.ended]:
        assert time.monotonic() < end, [
            (list(map(str, m.cases)), m.got[-200:]) for m in left[:3]]
        rnd.choice(left).send()
        for key, _ in selector.select(0.01 if not any(
                m.pieces for m in left) else 0):
            key.data.read()
            if key.data.ended:
                selector.unregister(key.fileobj)


@pytest.mark.parametrize("app", ["app", "jittery"])
def test_mixtures(server, app):
    seed = random.randrange(1 << 32) if os.environ.get("SOAK") else 1
    rnd = random.Random(seed)
    s = server(app=f"_table_app:{app}", keepalive="60")
    for _ in range(ROUNDS):
        mixtures = [Mixture(s, rnd) for _ in range(CONNECTIONS)]
        play(mixtures, rnd)
        for m in mixtures:
            try:
                m.check()
            except AssertionError as e:
                raise AssertionError(f"seed {seed}: {e}: " + ", ".join(
                    map(str, m.cases))) from e
