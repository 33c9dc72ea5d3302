"""docker/examples/chat in its image: server-sent events, read from outside.

Read-only, without capabilities, as uid 65532.
"""

import concurrent.futures
import http.client
import json
import time
import urllib.parse

import pytest

QUESTION = "/chat?message=" + urllib.parse.quote("What is a generator?")
AT_ONCE = 32  # answers: dirty_workers times dirty_threads


@pytest.fixture(scope="module")
def chat_image(build_example):
    return build_example("chat")


@pytest.fixture
def chat(container, chat_image):
    c = container(chat_image, ports=[8000], options=["--memory=256m"])
    c.wait_log("Ready:")
    return c


class Answer:
    """An answer that is being read; iterates over (event, data)."""

    def __init__(self, c, path=QUESTION):
        self.connection = http.client.HTTPConnection(
            "127.0.0.1", c.ports[8000], timeout=30)
        self.connection.request("GET", path)
        self.response = self.connection.getresponse()

    def __iter__(self):
        kind = None
        for line in self.response:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "event":
                kind = value
            elif name == "data":
                yield kind, json.loads(value)

    def leave(self):
        self.connection.sock.close()
        self.response.close()
        self.connection.close()


def test_words_come_one_by_one(chat):
    answer = Answer(chat)
    assert answer.response.status == 200
    assert answer.response.headers["Content-Type"].startswith(
        "text/event-stream")
    came = [(time.monotonic(), *event) for event in answer]
    words = [data for _, kind, data in came if kind == "word"]
    assert len(words) == 120 and came[-1][1:] == ("end", "")
    # The worker pauses 50 ms before each: sent together they would come
    # together.
    gaps = [b[0] - a[0] for a, b in zip(came, came[1:-1])]
    assert sorted(gaps)[len(gaps) // 2] > 0.03
    chat.wait_log("answered with 120 words")


def test_who_leaves_ends_the_generator(chat):
    answer = Answer(chat)
    events = iter(answer)
    assert [next(events)[0] for _ in range(5)] == ["word"] * 5
    answer.leave()
    chat.wait_log("cancelled after")
    assert "answered with" not in chat.logs()


def test_those_who_left_hold_no_place(chat):
    """As many as there are places leave, twice; then there are places."""
    for round in (1, 2):
        answers = [Answer(chat) for _ in range(AT_ONCE)]
        for answer in answers:
            assert next(iter(answer))[0] == "word"
        for answer in answers:
            answer.leave()
        chat.wait_log("cancelled after", count=round * AT_ONCE)
    assert "answered with" not in chat.logs()
    assert list(Answer(chat))[-1] == ("end", "")


def test_many_at_once(chat):
    """One that streams holds up no other: two at a time would take 96 s."""
    def whole(_):
        return list(Answer(chat))[-1]
    begun = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        ends = list(pool.map(whole, range(AT_ONCE)))
    assert ends == [("end", "")] * AT_ONCE
    assert time.monotonic() - begun < 60


def test_a_killed_worker_is_said(chat):
    answers = [Answer(chat) for _ in range(2)]
    events = [iter(answer) for answer in answers]
    assert {next(each)[0] for each in events} == {"word"}
    for pid in (pid for pid, (_, title) in chat.processes().items()
                if ": dirty-worker" in title):
        chat.exec("/greencorn", "python", "-c",
                  f"import os; os.kill({pid}, 9)")
    for each in events:
        kind, data = list(each)[-1]
        assert kind == "failed" and "no answer" in data
    assert list(Answer(chat))[-1] == ("end", "")


@pytest.mark.parametrize("path", ["/chat", "/chat?message=%20",
                                  "/chat?message=" + "x" * 1001])
def test_what_is_wrong_is_said(chat, ask_json, path):
    status, answer = ask_json(chat.url(8000, path))
    assert status == 400 and answer["error"].startswith("message")


def test_the_page(chat, get):
    for path in ("/", "/static/chat.js", "/static/chat.css"):
        status, body = get(chat.url(8000, path))
        assert status == 200 and body


def test_a_stop_lets_it_finish(chat):
    answer = Answer(chat)
    events = iter(answer)
    assert next(events)[0] == "word"
    chat.kill("TERM")
    assert list(events)[-1] == ("end", "")
    assert chat.wait() == 0
