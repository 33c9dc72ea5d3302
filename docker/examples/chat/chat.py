"""What the dirty workers run: a model that answers word by word."""

import itertools
import time

from gunicorn.dirty import DirtyApp
from language_model import LanguageModel

MAX_WORDS = 120
PAUSE = 0.05  # seconds a word: a larger model would compute meanwhile


class Chat(DirtyApp):
    def init(self):
        self.model = LanguageModel()

    def reply(self, message):
        """Yields the words of an answer, each as soon as it is there.

        When the caller leaves, the generator is closed: GeneratorExit comes
        from the yield, and what holds a resource can give it back.
        """
        said = 0
        try:
            words = self.model.words(message)
            for word in itertools.islice(words, MAX_WORDS):
                time.sleep(PAUSE)
                yield word
                said += 1
            print(f"answered with {said} words", flush=True)
        except GeneratorExit:
            print(f"cancelled after {said} words", flush=True)
            raise
