"""Needs hardly any memory: every worker holds it."""

from placed import Placed


class Light(Placed):
    def factors(self, number):
        """Its prime factors, the smallest first."""
        found = []
        factor = 2
        while factor * factor <= number:
            while number % factor == 0:
                found.append(factor)
                number //= factor
            factor += 1
        return found + [number] if number > 1 else found
