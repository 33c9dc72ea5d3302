"""A password hashed and checked."""
import bcrypt

made = bcrypt.hashpw(b"corn", bcrypt.gensalt(6))
assert bcrypt.checkpw(b"corn", made)
assert not bcrypt.checkpw(b"Corn", made)
assert len(bcrypt.kdf(b"a", b"b", 32, 10)) == 32
