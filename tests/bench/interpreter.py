"""What the interpreter itself costs: some things that applications do.

Run by the bench with greencorn's Python and with the machine's; prints
{what: nanoseconds of processor time, the least of some rounds} as JSON.
"""

import json
import re
import time

ROUNDS = 5
RECORD = {"id": 8123, "name": "greencorn", "tags": ["a", "b", "c"],
          "rows": [{"n": n, "value": n / 7, "text": f"row {n}"}
                   for n in range(20)]}
TEXT = json.dumps(RECORD)
WORDS = TEXT.split()
PATTERN = re.compile(r'"(\w+)": (\d+)')


def dumps():
    json.dumps(RECORD)


def loads():
    json.loads(TEXT)


def strings():
    text = ",".join(word.strip('",{}[]').upper() for word in WORDS)
    text.replace("ROW", "line").encode().decode()


def dicts():
    counts = {}
    for word in WORDS:
        counts[word] = counts.get(word, 0) + 1
    sorted(counts.items(), key=lambda item: -item[1])


def loops():
    total = 0
    for n in range(300):
        if n % 3:
            total += n * n
    return total


class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def moved(self, by):
        return Point(self.x + by, self.y + by)


def objects():
    p = Point(1, 2)
    for n in range(60):
        p = p.moved(n)


def patterns():
    PATTERN.findall(TEXT)


TASKS = (dumps, loads, strings, dicts, loops, objects, patterns)


def cost(task):
    best = None
    for _ in range(ROUNDS):
        began = time.process_time_ns()
        for _ in range(200):
            task()
        spent = (time.process_time_ns() - began) / 200
        best = spent if best is None else min(best, spent)
    return best


if __name__ == "__main__":
    print(json.dumps({task.__name__: cost(task) for task in TASKS}))
