"""Ten thousand greenlets, exceptions between them, and threads."""
import threading

import greenlet


def count(upto):
    for i in range(upto):
        greenlet.getcurrent().parent.switch(i)
    raise ValueError(upto)


def work(failed):
    try:
        total = 0
        for _ in range(2500):
            g = greenlet.greenlet(count)
            total += g.switch(3) + g.switch() + g.switch()
            try:
                g.switch()
            except ValueError as e:
                assert e.args == (3,)
            else:
                raise AssertionError("no exception came over")
        assert total == 2500 * 3
    except BaseException as e:
        failed.append(e)


failed = []
threads = [threading.Thread(target=work, args=(failed,)) for _ in range(4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
assert not failed, failed
