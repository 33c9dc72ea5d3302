"""What may be asked: known to HTTP, which refuses more, and to the workers."""

MAX_FACTORED = 10**12  # some 50 ms of a worker
MAX_SIEVED = 64 * 1024 * 1024  # Heavy's table has a byte for each number
