/*
 * background: the setting daemon. It may stand in the configuration file, so
 * that it is known only when a template runs: then the arbiter is executed
 * anew in a session of its own, which starts from the beginning, and ends.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "config/config.h"
#include "sys/signals.h"
#include "sys/sys_fork.h"

#include "arbiter/arbiter.h"
#include "arbiter/arbiter_state.h"
#include "base/banned.h"

/* Nothing of the terminal stays; what was led elsewhere may. */
static void
leave_stdio(bool inherit)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fd == STDIN_FILENO || !inherit || isatty(fd))
			(void)dup2(null, fd);
}

static _Noreturn void
become_daemon(const struct arbiter *a, const struct config *cfg)
{
	pid_t pid;

	(void)setsid();
	pid = sys_fork(0); /* no leader: no terminal becomes its own */
	if (pid != 0)
		_exit(pid < 0);
	signals_reset_in_child();
	if (handover_background() == 0) {
		leave_stdio(cfg->enable_stdio_inheritance);
		execv(sys_exec_path(), a->h->argv);
	}
	log_errno(EV_ARBITER_REEXEC, sys_exec_path());
	_exit(ARBITER_EXIT_CONFIG);
}

void
background_enter(const struct arbiter *a, const struct config *cfg)
{
	pid_t pid;

	if (!cfg->daemon || a->h->handover->background)
		return;
	if (a->h->under_init) {
		log_event(EV_ARBITER_NO_DAEMON);
		return;
	}
	pid = sys_fork(0);
	if (pid == 0)
		become_daemon(a, cfg);
	if (pid < 0)
		log_errno(EV_ARBITER_REEXEC, sys_exec_path());
	_exit(pid < 0 ? ARBITER_EXIT_CONFIG : ARBITER_EXIT_OK);
}
