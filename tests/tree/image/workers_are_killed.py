"""A hundred workers killed under load: only what they had taken is lost."""

import os
import signal
import socket
import threading
import time

KILLS = 100
CLIENTS = 4
REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def host_pids(c):
    """{pid in the container: pid out here} of all its processes."""
    space = os.readlink(f"/proc/{c.pid}/ns/pid")
    found = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{entry}/ns/pid") != space:
                continue
            with open(f"/proc/{entry}/status") as f:
                line = next(row for row in f if row.startswith("NSpid:"))
        except (OSError, StopIteration):
            continue
        found[int(line.split()[-1])] = int(entry)
    return found


class Client(threading.Thread):
    """Asks, one connection a request, and writes down how each went."""

    def __init__(self, port, stop):
        super().__init__()
        self.port, self.stop = port, stop
        self.answered, self.lost, self.wrong = 0, 0, []

    def ask(self):
        with socket.create_connection(("127.0.0.1", self.port), 20) as s:
            try:
                s.sendall(REQUEST)
                answer = b""
                while part := s.recv(4096):
                    answer += part
            except ConnectionError:
                answer = b""
        if answer.startswith(b"HTTP/1.1 200 OK\r\n") and \
                answer.rpartition(b"\r\n\r\n")[2].isdigit():
            self.answered += 1
        else:
            self.lost += 1

    def run(self):
        while not self.stop.is_set():
            try:
                self.ask()
            except OSError as e:  # not even accepted, or silent
                self.wrong.append(repr(e))


def workers_of(get, c):
    seen = set()
    for _ in range(20):
        status, body = get(c.url(8000))
        if status == 200:
            seen.add(int(body))
    return seen


def test_only_what_they_had_taken_is_lost(server, get, wait_until):
    c = server(env={"WEB_CONCURRENCY": "2"})
    stop = threading.Event()
    clients = [Client(c.ports[8000], stop) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    killed = set()
    try:
        for _ in range(KILLS):
            pid = wait_until(lambda: workers_of(get, c) - killed,
                             "a living worker").pop()
            killed.add(pid)
            os.kill(host_pids(c)[pid], signal.SIGKILL)
    finally:
        stop.set()
        for client in clients:
            client.join(30)
    assert len(killed) == KILLS
    assert not [w for client in clients for w in client.wrong]
    lost = sum(client.lost for client in clients)
    answered = sum(client.answered for client in clients)
    print(f"{answered} answered, {lost} lost with {KILLS} workers")
    # A sync worker takes one request at a time.
    assert lost <= KILLS and answered > 10 * KILLS
    assert c.running
