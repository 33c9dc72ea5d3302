"""A password hashed in threads, and checked."""
import argon2

hasher = argon2.PasswordHasher(time_cost=1, memory_cost=8192, parallelism=4)
made = hasher.hash("corn")
assert hasher.verify(made, "corn")
try:
    hasher.verify(made, "Corn")
except argon2.exceptions.VerifyMismatchError:
    pass
else:
    raise AssertionError("a wrong password was taken")
