"""No request is seen differently by proxy and server.

Each of the list is sent to the proxy, alone and in two parts, and then the
request of somebody else, whose answer must be its own. In the end what the
application saw is held against what the proxy says it has forwarded.
"""

import concurrent.futures

from _smuggling import all_requests

ANSWER = 0.3  # seconds to wait for an answer that may never come
MORE = 0.03  # and for another one behind an answer
VICTIM = b"GET /victim HTTP/1.1\r\nHost: v\r\n\r\n"
AT_A_TIME = 16


def attack(proxy, name, parts):
    """Sends it, and takes what comes until nothing more does."""
    c = proxy.connect()
    try:
        for part in parts:
            c.send(part)
        c.socket.settimeout(ANSWER)
        while c._more():
            c.socket.settimeout(MORE)
    except (TimeoutError, OSError):
        pass
    c.close()
    check_ids(name, c.buffer)


def check_victim(victim, name):
    a = victim.ask(VICTIM)
    assert a.status == 200, name
    assert a.field("X-Seen-Uri") == "/victim", name
    assert a.field("X-Seen-Id") == a.field("X-Proxy-Id"), name


def check_ids(name, data):
    """An answer has the id of the request that it answers."""
    for head in data.split(b"\r\n\r\n"):
        ids = {line.split(b": ")[0].lower(): line.split(b": ")[1]
               for line in head.split(b"\r\n")
               if line.lower().startswith((b"x-seen-id: ", b"x-proxy-id: "))}
        if len(ids) == 2:
            assert ids[b"x-seen-id"] == ids[b"x-proxy-id"], name


def test_nothing_is_smuggled(proxy):
    requests = dict(all_requests())
    names = list(requests)
    victim = proxy.connect()
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        for i in range(0, len(names), AT_A_TIME // 2):
            batch = names[i:i + AT_A_TIME // 2]
            whole = [(name, [requests[name]]) for name in batch]
            parts = [(name, [data[:len(data) // 2], data[len(data) // 2:]])
                     for name, (data,) in whole]
            list(pool.map(lambda a: attack(proxy, *a), whole + parts))
            for _ in range(4):
                check_victim(victim, batch)
    seen = proxy.check()
    assert any(s["uri"] == "/outer" for s in seen)
    # What only a trusting server would have taken for a request is known by
    # its id; /inner comes where the proxy itself saw two requests.
    assert not [s for s in seen if s["id"] is None]


def test_ids_are_the_proxys(proxy):
    """The proof above stands on this: a client cannot choose one."""
    a = proxy.connect().ask(
        b"GET /x HTTP/1.1\r\nHost: a\r\nX-Id: mine\r\n\r\n")
    assert a.field("X-Seen-Id").endswith(a.field("X-Proxy-Id"))
