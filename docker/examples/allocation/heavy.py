"""Holds a large table: two workers are enough for its calls, and all that
should pay for its memory."""

import math

from limits import MAX_SIEVED
from placed import Placed


class Heavy(Placed):
    workers = 2

    def init(self):
        """The sieve of Eratosthenes: 1 for a prime, 0 for another number."""
        table = bytearray([1]) * MAX_SIEVED
        table[:2] = 0, 0
        for number in range(2, math.isqrt(MAX_SIEVED) + 1):
            if table[number]:
                multiples = range(number * number, MAX_SIEVED, number)
                table[multiples.start::number] = bytes(len(multiples))
        self.table = table

    def primes_below(self, number):
        """How many there are."""
        return self.table.count(1, 0, number)
