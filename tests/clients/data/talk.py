"""A WebSocket client; arguments: the server's host and port."""

import sys

from websockets.sync.client import connect

with connect("ws://%s:%s/chat" % tuple(sys.argv[1:]),
             close_timeout=5) as socket:
    for text in ["hello", "x" * 100000] + ["again"] * 200:
        socket.send(text)
        assert socket.recv(timeout=10) == text.upper()
    socket.send("bye")
    print("closed:", *socket)
print(socket.close_code)
