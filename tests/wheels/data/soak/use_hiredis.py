"""Redis' answers parsed, in pieces."""
import hiredis

reader = hiredis.Reader(encoding="utf-8")
for byte in "*3\r\n$5\r\nkäse\r\n:42\r\n-ERR no\r\n".encode():
    reader.feed(bytes([byte]))
text, number, error = reader.gets()
assert (text, number) == ("käse", 42)
assert isinstance(error, hiredis.ReplyError)
assert hiredis.pack_command(("SET", "a", 1)) == \
    b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n"
