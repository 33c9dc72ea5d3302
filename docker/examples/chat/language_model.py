"""A small language model: which word follows which two, as counted in the
documentation that Python carries inside."""

import collections
import random
import re

from pydoc_data.topics import topics

END = ""  # follows the last word of a sentence


class LanguageModel:
    def __init__(self):
        self.followers = collections.defaultdict(list)  # two words: the third
        self.openings = collections.defaultdict(list)  # word: first two words
        for words in map(str.split, sentences()):
            for first, second, third in zip(words, words[1:],
                                            [*words[2:], END]):
                self.followers[first, second].append(third)
            for word in set(map(bare, words)):
                self.openings[word].append((words[0], words[1]))

    def words(self, question):
        """Yields the words of an answer, sentence by sentence, for ever. Its
        sentences begin like those with the question's longest known word."""
        known = [word for word in map(bare, question.split())
                 if word in self.openings]
        subject = max(known, key=len, default="python")
        while True:
            first, second = random.choice(self.openings[subject])
            yield first
            while second != END:
                yield second
                first, second = second, random.choice(
                    self.followers[first, second])


def sentences():
    """Sentences of at least two words, without tables, code and grammar."""
    for topic in topics.values():
        for paragraph in topic.split("\n\n"):
            if re.search(r"^ {3}|\*\*\*|===|---|::=|\|", paragraph, re.M):
                continue
            text = " ".join(paragraph.split())
            for sentence in re.split(r"(?<=[.?!])\s+", text):
                if re.fullmatch(r"[A-Z].* .*[.?!]", sentence):
                    yield sentence


def bare(word):
    """What is left of a word without signs and capitals."""
    return re.sub(r"\W", "", word).lower()
