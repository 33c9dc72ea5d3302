"""While the workers are replaced, every client is answered."""

import re
import signal
import threading

GET = b"GET /while HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /while HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok"


class Client(threading.Thread):
    def __init__(self, proxy, request):
        super().__init__()
        self.proxy, self.request = proxy, request
        self.stop, self.n, self.bad = False, 0, []

    def run(self):
        c = self.proxy.connect()
        while not self.stop:
            try:
                answer = c.ask(self.request)
                status = answer.status
                # As nginx does after a thousand requests.
                if answer.field("Connection") == "close":
                    c = self.proxy.connect()
            except (AssertionError, OSError) as e:
                status, c = repr(e), self.proxy.connect()
            self.n += 1
            if status != 200:
                self.bad.append(status)


def n_ready(proxy):
    return len(re.findall(r"Booting worker", proxy.server.log()))


def test_reload(proxy):
    clients = [Client(proxy, GET) for _ in range(4)] + \
        [Client(proxy, POST) for _ in range(2)]
    for c in clients:
        c.start()
    try:
        for _ in range(3):
            before = n_ready(proxy)
            proxy.server.kill(signal.SIGHUP)
            proxy.server.wait_log("Handling signal: hup")
            proxy.until(lambda: n_ready(proxy) >= before + 2, "new workers")
    finally:
        for c in clients:
            c.stop = True
        for c in clients:
            c.join()
    assert all(c.n > 10 for c in clients)
    assert [c.bad for c in clients] == [[]] * 6
    proxy.check()
