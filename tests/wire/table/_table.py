"""Reads the rules: see README.md."""

import pathlib
import re

RULES = pathlib.Path(__file__).resolve().parent / "rules"
ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\",
           "{": b"{"}


class Answer:
    """What is expected: status, reason or None, [(name, value or None for
    "must not be there")], body or None, {environ key: value or None}."""

    def __init__(self, text):
        status, _, reason = text.partition(" ")
        self.status, self.reason = int(status), reason or None
        self.fields, self.body, self.environ = [], None, {}
        self.head_only = False


class Case:
    def __init__(self, rule, name):
        self.rule, self.name = rule, name
        self.steps = []  # bytes to send, an Answer, or "shut"
        self.end = None  # "ends", "stays"
        self.source = None
        self.uncut = self.alone = self.early = False

    def __str__(self):
        return f"{self.rule.name}: {self.name}"

    @property
    def request(self):
        """All that is sent, as if nobody waited."""
        return b"".join(s for s in self.steps if isinstance(s, bytes))

    @property
    def answers(self):
        return [s for s in self.steps if isinstance(s, Answer)]

    @property
    def ends(self):
        if self.end:
            return self.end == "ends"
        return not self.answers or self.answers[-1].status >= 400

    def send(self, data):
        if self.steps and isinstance(self.steps[-1], bytes):
            self.steps[-1] += data
        else:
            self.steps.append(data)

    def finish(self):
        methods = re.findall(rb"(?:^|\r\n\r\n)([A-Za-z]+) \S+ HTTP", self.request)
        for answer, method in zip(
                (a for a in self.answers if a.status >= 200), methods):
            answer.head_only = method.upper() == b"HEAD"
        assert self.steps, f"{self}: nothing is sent"


class Rule:
    def __init__(self, path):
        self.name, self.path = path.stem, path
        self.settings, self.cases, self.log, self.source = {}, [], [], None
        lines = path.read_text().splitlines()
        self.sentence = lines[0]
        for number, line in enumerate(lines[1:], 2):
            try:
                self.read(line)
            except Exception as e:
                raise ValueError(f"{path.name}:{number}: {line!r}") from e
        assert self.source, f"{path.name}: no source"
        assert self.cases, f"{path.name}: no case"
        for case in self.cases:
            case.finish()

    def read(self, line):
        word, _, rest = line.partition(" ")
        if word == "#":
            self.cases.append(Case(self, rest))
        elif line in ("ends", "stays"):
            self.cases[-1].end = line
        elif line in ("uncut", "alone", "early"):
            setattr(self.cases[-1], line, True)
        elif line == "shut":
            self.cases[-1].steps.append("shut")
        elif word == "from:":
            self.cases[-1].source = rest
        elif word == "source:":
            self.source = rest
        elif word == "log:":
            self.log.append(rest)
        elif word == "with:":
            name, _, value = rest.partition("=")
            self.settings[name] = value
        elif word == ">":
            self.cases[-1].send(line_bytes(rest))
        elif word:
            self.expect(word, rest)

    def expect(self, word, rest):
        case = self.cases[-1]
        if word == "<" and rest[0].isdigit():
            case.steps.append(Answer(rest))
            return
        answer = case.answers[-1]
        if word == "<<":
            answer.body = unescape(rest)
        elif word in "<=" and rest.startswith("!"):
            self.found(answer, word, rest[1:], None)
        elif word == "<":
            self.found(answer, word, *rest.split(": ", 1))
        elif word == "=":
            self.found(answer, word, *(rest + " ").split(" ", 1))
        else:
            raise ValueError(word)

    @staticmethod
    def found(answer, word, name, value):
        if value is not None:
            value = unescape(value).decode("latin-1")
        if word == "<":
            answer.fields.append((name, value))
        else:
            answer.environ[name] = value and value[:-1]


def unescape(text):
    def one(match):
        if match[1]:
            return int(match[1]) * unescape(match[2])
        if match[3]:
            return bytes([int(match[3], 16)])
        return ESCAPES[match[4]]

    out, at = b"", 0
    for m in re.finditer(r"\{(\d+)\*([^}]*)\}|\\(?:x([0-9a-f]{2})|(.))", text):
        out += text[at:m.start()].encode("latin-1") + one(m)
        at = m.end()
    return out + text[at:].encode("latin-1")


def line_bytes(text):
    if re.search(r"(?<!\\)(\\\\)*\\$", text):
        return unescape(text[:-1])
    return unescape(text) + b"\r\n"


def rules():
    return [Rule(path) for path in sorted(RULES.glob("*.rule"))]
