"""docker/examples/embedding in its image: the real model, asked from outside.

Read-only, without capabilities, as uid 65532.
"""

import concurrent.futures
import http.client
import json
import math
import os

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
MEMORY = ["--memory=1g"]  # as the compose file says
DEADLINE = 60  # seconds: a machine that is busy with other things


@pytest.fixture(scope="module")
def embedding_image(build_example):
    return build_example("embedding")


@pytest.fixture(scope="module")
def embedding(module_container, embedding_image):
    c = module_container(embedding_image, ports=[8000], options=MEMORY)
    c.wait_log("Ready:")
    return c


@pytest.fixture(scope="module")
def reference():
    """What sentence-transformers computes with the same weights: see
    data/make_reference_embeddings.py."""
    with open(f"{HERE}/data/reference_embeddings.json") as f:
        return json.load(f)


def dirty_workers(c):
    return {pid for pid, (_, title) in c.processes().items()
            if ": dirty-worker" in title}


def cosine(a, b):
    return sum(x * y for x, y in zip(a, b))


def test_vectors_are_those_of_the_reference(embedding, ask_json, reference):
    status, answer = ask_json(
        embedding.url(8000, "/embed"),
        {"texts": [known["text"] for known in reference]}, DEADLINE)
    assert status == 200
    vectors = answer["embeddings"]
    assert len(vectors) == len(reference)
    for vector, known in zip(vectors, reference):
        assert len(vector) == 384
        assert math.isclose(cosine(vector, vector), 1, abs_tol=1e-5)
        worst = max(abs(a - b) for a, b in zip(vector, known["vector"]))
        assert worst < 2e-6, known["text"][:40]


def test_what_is_alike_is_near(embedding, ask_json):
    status, answer = ask_json(embedding.url(8000, "/embed"), {"texts": [
        "How do I reset my password?",
        "I forgot my login credentials.",
        "The weather in Lisbon is lovely today."]}, DEADLINE)
    assert status == 200
    password, login, weather = answer["embeddings"]
    assert cosine(password, login) > 0.5 > 0.2 > cosine(password, weather)


def test_two_workers_hold_the_model(embedding, ask_json, wait_until):
    def asked():
        status, answer = ask_json(embedding.url(8000, "/health"))
        assert status == 200 and answer["status"] == "ok"
        assert answer["model"] == "all-MiniLM-L6-v2"
        return answer["pid"]
    seen = set()
    wait_until(lambda: seen.add(asked()) or len(seen) == 2, "two workers",
               DEADLINE)
    assert seen == dirty_workers(embedding)


def test_they_share_its_memory(embedding, ask_json):
    """What is shared and was written: that is what the fork left to both."""
    assert ask_json(embedding.url(8000, "/health"))[0] == 200
    for pid in dirty_workers(embedding):
        said = embedding.exec("/greencorn", "python", "-c",
                              f"print(open('/proc/{pid}/smaps_rollup').read())")
        shared = next(line.split() for line in said.stdout.splitlines()
                      if line.startswith("Shared_Dirty:"))
        assert int(shared[1]) > 80 * 1024, said.stdout


def test_many_callers_at_once(embedding, ask_json, reference):
    """More than HTTP has threads; each gets its own answer."""
    def ask(known):
        return ask_json(embedding.url(8000, "/embed"),
                        {"texts": [known["text"]]}, DEADLINE)
    wanted = [reference[i % 4] for i in range(40)]
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        for known, (status, answer) in zip(wanted, pool.map(ask, wanted)):
            assert status == 200
            assert cosine(answer["embeddings"][0], known["vector"]) > 0.9999


def test_as_much_as_is_allowed(embedding, ask_json):
    """64 texts longer than the model reads, within the memory that the
    compose file gives."""
    text = "Green corn grows in the morning sun. " * 270
    status, answer = ask_json(embedding.url(8000, "/embed"),
                              {"texts": [text] * 64}, 2 * DEADLINE)
    assert status == 200 and len(answer["embeddings"]) == 64
    assert not embedding.inspect()["State"]["OOMKilled"]


@pytest.mark.parametrize("document, says", [
    (b"", "body: Invalid JSON"),
    (b"green corn", "body: Invalid JSON"),
    (b"[" * 100_000, "body: Invalid JSON"),
    (b'{"texts": ["\xff"]}', "body: Invalid JSON"),
    (rb'{"texts": ["\ud800"]}', "body: Invalid JSON"),
    ([], "body: Input should be an object"),
    ({}, "texts: Field required"),
    ({"texts": "corn"}, "texts: Input should be a valid array"),
    ({"texts": []}, "texts: List should have at least 1 item"),
    ({"texts": ["corn"] * 65}, "texts: List should have at most 64 items"),
    ({"texts": ["corn", 7]}, "texts.1: Input should be a valid string"),
    ({"texts": ["x" * 10_001]}, "texts.0: String should have at most 10000"),
], ids=str)
def test_what_is_wrong_is_said(embedding, ask_json, document, says):
    status, answer = ask_json(embedding.url(8000, "/embed"), document)
    assert status == 400
    assert len(answer["errors"]) == 1
    assert answer["errors"][0].startswith(says)


def test_too_large_a_body(embedding, ask_json):
    status, answer = ask_json(embedding.url(8000, "/embed"), b"x" * (5 << 20))
    assert status == 413 and "errors" in answer


def test_a_killed_worker_is_replaced(container, embedding_image, ask_json,
                                     wait_until):
    c = container(embedding_image, ports=[8000], options=MEMORY)

    def two():
        return len(dirty_workers(c)) == 2 and \
            ask_json(c.url(8000, "/health"))[0] == 200
    c.wait_log("Ready:")
    wait_until(two, "two workers", DEADLINE)
    before = dirty_workers(c)
    killed = min(before)
    c.exec("/greencorn", "python", "-c", f"import os; os.kill({killed}, 9)")
    wait_until(lambda: killed not in dirty_workers(c), "its end")
    status, answer = ask_json(c.url(8000, "/embed"), {"texts": ["corn"]},
                              DEADLINE)
    assert status == 200 and len(answer["embeddings"]) == 1
    wait_until(lambda: dirty_workers(c) != before and two(), "its successor",
               DEADLINE)


def test_a_stop_lets_it_finish(container, embedding_image, ask_json):
    c = container(embedding_image, ports=[8000], options=MEMORY)
    c.wait_log("Ready:")
    assert ask_json(c.url(8000, "/health"))[0] == 200
    connection = http.client.HTTPConnection("127.0.0.1", c.ports[8000],
                                            timeout=DEADLINE)
    connection.request("POST", "/embed", json.dumps(
        {"texts": ["Green corn grows in the morning sun. " * 60] * 16}))
    c.kill("TERM")
    with connection.getresponse() as answer:
        assert answer.status == 200
        assert len(json.load(answer)["embeddings"]) == 16
    assert c.wait(DEADLINE) == 0
