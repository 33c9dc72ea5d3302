"""docker/examples/allocation in its image: who holds what, from outside.

Read-only, without capabilities, as uid 65532.
"""

import pytest


@pytest.fixture(scope="module")
def allocation_image(build_example):
    return build_example("allocation")


@pytest.fixture
def allocation(container, allocation_image, ask_json, wait_until):
    c = container(allocation_image, ports=[8000], options=["--memory=512m"])
    c.wait_log("Ready:")
    wait_until(lambda: holders(c, ask_json) == (4, 2, 1), "four workers")
    return c


def told(c, ask_json):
    """{pid: {name: calls}}, as the service tells it."""
    status, answer = ask_json(c.url(8000, "/allocation"))
    assert status == 200
    return {int(pid): worker["calls"] for pid, worker in answer.items()}


def with_app(name, seen):
    return {pid for pid, calls in seen.items() if name in calls}


def holders(c, ask_json):
    seen = told(c, ask_json)
    return tuple(len(with_app(name, seen))
                 for name in ("Light", "Heavy", "Single"))


def dirty_workers(c):
    return {pid for pid, (_, title) in c.processes().items()
            if ": dirty-worker" in title}


def test_as_the_documentation_shares_out(allocation, ask_json):
    seen = told(allocation, ask_json)
    assert with_app("Light", seen) == dirty_workers(allocation)
    # The first has all three, the second two, the others one.
    assert sorted(map(len, seen.values())) == [1, 1, 2, 3]
    for name, each in (("Light", 3), ("Heavy", 6), ("Single", 12)):
        assert {calls[name] for calls in seen.values()
                if name in calls} == {each}, name


def test_who_holds_it_pays_for_it(allocation, ask_json):
    answer = ask_json(allocation.url(8000, "/allocation"))[1]
    memory = {True: [], False: []}
    for worker in answer.values():
        memory["Heavy" in worker["calls"]].append(worker["memory"])
    assert min(memory[True]) > max(memory[False]) + 60


def test_answers(allocation, ask_json):
    def ask(path):
        return ask_json(allocation.url(8000, path))
    assert ask("/factors/2026") == (
        200, {"number": 2026, "factors": [2, 1013]})
    assert ask("/primes/1000000") == (
        200, {"below": 1000000, "primes": 78498})
    assert [ask("/visits")[1]["visit"] for _ in range(20)] == \
        list(range(1, 21))
    assert ask("/factors/0")[0] == 400
    assert ask(f"/primes/{10**9}")[0] == 400


def test_a_successor_holds_the_same(allocation, ask_json, wait_until):
    seen = told(allocation, ask_json)
    killed = with_app("Single", seen).pop()
    allocation.exec("/greencorn", "python", "-c",
                    f"import os; os.kill({killed}, 9)")
    wait_until(lambda: killed not in dirty_workers(allocation), "its end")
    assert ask_json(allocation.url(8000, "/visits")) == (200, {"visit": 1})
    wait_until(lambda: holders(allocation, ask_json) == (4, 2, 1),
               "a successor")
    after = told(allocation, ask_json)
    assert len(after.keys() & seen.keys()) == 3 and killed not in after
    for pid in after.keys() & seen.keys():
        assert after[pid].keys() == seen[pid].keys()


def test_the_page(allocation, get):
    status, body = get(allocation.url(8000))
    assert status == 200
    page = body.decode()
    for pid in dirty_workers(allocation):
        assert f"<th>{pid}</th>" in page
    assert page.count('class="holds"') == 4 + 2 + 1


def test_stops_with_status_0(allocation):
    allocation.kill("TERM")
    assert allocation.wait() == 0
