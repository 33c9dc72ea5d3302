"""Each rule of rules/, sent in every way: see README.md."""

import json
import re
import socket

import pytest

from _table import Answer, rules

GOOD = b"GET /good HTTP/1.1\r\nHost: a\r\n\r\n"
BATCH = 200  # connections open at a time
RULES = rules()


@pytest.fixture(params=RULES, ids=lambda rule: rule.name)
def rule(request):
    return request.param


@pytest.fixture
def table(server, rule):
    return server(**{"app": "_table_app:app", "keepalive": "60",
                     **rule.settings})


def connect(server, case):
    c = server.connect(case.source)
    c.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return c


def check_refusal(got, case):
    """Complete, and nothing of what the peer sent in it."""
    assert got.field("Date"), got.head
    assert got.field("Connection") == ("close" if case.ends else "keep-alive")
    assert got.field("Content-Type"), got.head
    assert re.fullmatch(r"HTTP/1\.1 \d\d\d [A-Z][A-Za-z ]+", got.line)
    assert len(got.body) < 1000


def check_answer(got, want, case):
    assert got.status == want.status, (got.head, got.body)
    if want.reason is not None:
        assert got.line.split(" ", 2)[2] == want.reason
    for name, value in want.fields:
        assert got.field(name) == value, got.head
    if want.body is not None:
        assert got.body == want.body
    if want.environ:
        seen = json.loads(got.body)
        for key, value in want.environ.items():
            assert seen.get(key) == value, (key, seen.get(key), value)
    if got.status >= 400:
        check_refusal(got, case)


def next_answer(c, want, strict):
    while True:
        got = c.answer(want.head_only)
        if got.status != 100 or want.status == 100 or strict:
            return got


def send_part(c, case, part):
    try:
        c.send(part)
    except (BrokenPipeError, ConnectionResetError):
        assert case.early


def check_end(c, case):
    try:
        assert c.rest() == b""
    except ConnectionResetError:
        # Who says that it was the last and goes on may be cut off.
        assert case.early


def go_on(c, case, steps, strict):
    """The rest of a case, once what its first step sends is on its way."""
    for step in steps:
        if isinstance(step, Answer):
            check_answer(next_answer(c, step, strict), step, case)
        elif step == "shut":
            c.end()
        else:
            c.send(step)
    if case.ends:
        check_end(c, case)
    else:
        if "shut" not in steps:
            got = c.ask(GOOD)
            assert got.status == 200 and b"/good" in got.body
        assert c.buffer == b""
    c.close()


def run(server, case, first_parts, strict=False, before=0):
    c = connect(server, case)
    for part in first_parts:
        send_part(c, case, part)
    for _ in range(before):
        assert c.answer().status == 200
    go_on(c, case, case.steps[1:], strict)


def wait_until_read(server):
    """What others have sent is read by the time that this is answered."""
    c = server.connect()
    assert c.ask(GOOD).status == 200
    c.close()


def cuts(data):
    """Every place; in what is long, those where something can happen."""
    if len(data) <= 400:
        return list(range(1, len(data)))
    near = {0, len(data)} | {m.start() for m in re.finditer(b"[\r\n:]", data)}
    near = sorted(near)
    if len(near) > 60:
        near = near[:20] + near[-20:]
    places = {at + d for at in near for d in (-1, 0, 1, 2)}
    places |= set(range(0, len(data), max(97, len(data) // 40)))
    return sorted(at for at in places if 0 < at < len(data))


def run_cut(server, case):
    data, steps = case.steps[0], case.steps[1:]
    places = cuts(data)
    for i in range(0, len(places), BATCH):
        batch = [(connect(server, case), at) for at in places[i:i + BATCH]]
        for c, at in batch:
            c.send(data[:at])
        wait_until_read(server)
        for c, at in batch:
            send_part(c, case, data[at:])
        for c, at in batch:
            try:
                go_on(c, case, steps, False)
            except (AssertionError, OSError) as e:
                raise AssertionError(f"{case}: cut at {at}: {e}") from e


def test_whole(table, rule):
    for case in rule.cases:
        run(table, case, [case.steps[0]], strict=True)
    for pattern in rule.log:
        table.wait_log(pattern)


def test_behind_a_good_request(table, rule):
    for case in rule.cases:
        if case.alone:
            continue
        run(table, case, [GOOD + case.steps[0]], before=1)
        run(table, case, [3 * GOOD + case.steps[0]], before=3)


def test_cut_at_each_byte(table, rule):
    for case in rule.cases:
        if not case.uncut:
            run_cut(table, case)


def test_byte_by_byte(table, rule):
    for case in rule.cases:
        if not case.uncut and len(case.steps[0]) <= 400:
            run(table, case, [bytes([b]) for b in case.steps[0]])
