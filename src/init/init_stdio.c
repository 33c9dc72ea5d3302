/*
 * Standard streams for a PID 1 that was started without: a file that is
 * opened later must not become somebody's standard output.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "init/init_state.h"

#include "base/banned.h"

static bool
is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0 || errno != EBADF;
}

/* Puts from at the place of fd; from is used up. */
static void
move(int from, int fd)
{
	if (from == fd)
		return;
	/* Fails in no way that could be helped: fd is free and small. */
	(void)dup2(from, fd);
	(void)close(from);
}

/*
 * Without a /dev: a pipe whose other end is closed reads as empty, and a
 * write to it fails at once, neither blocking nor filling any memory.
 */
static void
open_pipe(int fd)
{
	int ends[2], mine = fd == STDIN_FILENO ? 0 : 1;

	if (pipe(ends) < 0)
		return;
	/* The other end may lie at fd itself: then mine takes its place. */
	(void)close(ends[1 - mine]);
	move(ends[mine], fd);
}

void
init_stdio_open(void)
{
	int fd, null;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (is_open(fd))
			continue;
		null = open("/dev/null", O_RDWR);
		if (null >= 0)
			move(null, fd);
		else
			open_pipe(fd);
	}
}
