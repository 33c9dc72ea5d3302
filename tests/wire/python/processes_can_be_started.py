"""multiprocessing in its three ways, with and without /proc and /tmp."""

import pytest

PIPES = """
import multiprocessing, sys
def square(x, end):
    end.send(x * x)
if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    ours, theirs = context.Pipe()
    p = context.Process(target=square, args=(7, theirs))
    p.start()
    assert ours.poll(60)
    print(ours.recv())
    p.join()
    print(p.exitcode)
"""
POOL = """
import concurrent.futures, multiprocessing, sys
def square(x):
    return x * x
if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    with context.Pool(2) as pool:
        print(pool.map(square, range(4)))
    with concurrent.futures.ProcessPoolExecutor(
            2, mp_context=context) as pool:
        print(list(pool.map(square, range(4))))
"""
METHODS = ("fork", "spawn", "forkserver")


@pytest.mark.parametrize("proc", (False, True))
@pytest.mark.parametrize("tmp", (False, True))
@pytest.mark.parametrize("method", METHODS)
def test_process_and_pipe(empty_root, method, tmp, proc):
    empty_root.write("/app/p.py", PIPES)
    # Nobody's user, so that no folder can be written to.
    out = empty_root.python("/app/p.py", method, tmp=tmp, proc=proc,
                            uid=65532)
    assert out == "49\n0\n"


@pytest.mark.parametrize("proc", (False, True))
@pytest.mark.parametrize("method", METHODS)
def test_pool(empty_root, method, proc):
    empty_root.write("/app/p.py", POOL)
    out = empty_root.python("/app/p.py", method, shm=True, proc=proc)
    assert out == "[0, 1, 4, 9]\n" * 2


def test_asyncio_subprocess(empty_root):
    code = """
import asyncio, sys
async def main():
    p = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "print(42)", stdout=asyncio.subprocess.PIPE)
    print((await p.communicate())[0].decode(), end="")
asyncio.run(main())
"""
    assert empty_root.python("-c", code) == "42\n"
