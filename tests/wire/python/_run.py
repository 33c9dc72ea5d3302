"""Running a command of a test to its end."""

import subprocess

DEADLINE = 120  # seconds


def finish(command, env=None, cwd=None, stdin="", timeout=DEADLINE, fails=0):
    """Runs command; its output, or a failure that shows all of it."""
    done = subprocess.run(
        command,
        input=stdin,
        capture_output=True,
        text=True,
        env={} if env is None else env,
        cwd=cwd,
        timeout=timeout,
    )
    assert done.returncode == fails, (
        f"{command} ended with {done.returncode}\n"
        f"{done.stdout}\n{done.stderr}"
    )
    return done.stderr if fails else done.stdout
