"""A server and its clients as greenlets, queues, a pool of threads."""
from gevent import monkey

monkey.patch_all()

import time  # noqa: E402

import gevent  # noqa: E402
from gevent import pool, queue, server, socket, threadpool  # noqa: E402


def shout(sock, _):
    sock.sendall(sock.recv(100).upper())
    sock.close()


def ask(address, text):
    with socket.create_connection(address) as s:
        s.sendall(text)
        return s.recv(100)


listening = server.StreamServer(("127.0.0.1", 0), shout)
listening.start()
where = ("127.0.0.1", listening.server_port)
asked = [gevent.spawn(ask, where, b"corn %d" % i) for i in range(100)]
gevent.joinall(asked, timeout=20, raise_error=True)
assert {g.value for g in asked} == {b"CORN %d" % i for i in range(100)}
listening.stop()

began = time.monotonic()
gevent.joinall([gevent.spawn(time.sleep, 0.2) for _ in range(50)])
assert time.monotonic() - began < 5
numbers = queue.Queue()
for n in pool.Pool(3).imap_unordered(lambda n: n * n, range(10)):
    numbers.put(n)
assert sum(numbers.get() for _ in range(10)) == 285
assert threadpool.ThreadPool(2).apply(sum, ([1, 2, 3],)) == 6
assert gevent.socket.gethostbyname("127.0.0.1") == "127.0.0.1"
