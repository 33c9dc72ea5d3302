/*
 * The terminal of `docker run -it`. init leads the session that has it.
 *
 * A command takes over as its foreground group and gets keys by itself. A
 * server does not: the kernel would give Ctrl-C to all of its processes at
 * once, and a worker must not stop before the arbiter says so. It goes into
 * a session without a terminal, and init, which stays in the foreground,
 * gets the keys and passes them on.
 */
#include <unistd.h>

#include "init/init_state.h"

#include "base/banned.h"

/* Our controlling terminal among the standard streams, or -1. */
static int
terminal(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (tcgetpgrp(fd) >= 0)
			return fd;
	return -1;
}

void
init_tty_enter(const struct init_job *job)
{
	int fd;

	/*
	 * A fresh child leads no group, so neither can fail. A terminal that
	 * refuses is none that we have: the command goes without.
	 */
	if (!job->once) {
		(void)setsid();
		return;
	}
	(void)setpgid(0, 0);
	fd = terminal();
	/* TTOU, which this raises in a background group, is blocked here. */
	if (fd >= 0)
		(void)tcsetpgrp(fd, getpgrp());
}

void
init_tty_return(void)
{
	int fd = terminal();

	if (fd >= 0)
		(void)tcsetpgrp(fd, getpgrp()); /* TTOU is blocked here, too */
}
