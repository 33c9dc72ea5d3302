"""Keeps a state of which there must be one: one worker holds it, as
gunicorn.conf.py says."""

from placed import Placed


class Single(Placed):
    def init(self):
        self.visits = 0

    def visit(self):
        """The visitor's number; they begin anew with the worker."""
        self.visits += 1
        return self.visits
