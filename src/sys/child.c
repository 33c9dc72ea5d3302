/*
 * Reaping. The roles that have children; never waits.
 */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/error.h"
#include "sys/child.h"

#include "base/banned.h"

int
child_reap(struct child_end *end)
{
	siginfo_t info = { 0 };
	bool signalled;
	int rc;

	do
		rc = waitid(P_ALL, 0, &info, WEXITED | WNOHANG);
	while (rc < 0 && errno == EINTR);
	if (rc < 0)
		return errno == ECHILD ? -E_NOT_FOUND : -E_SYSTEM;
	if (info.si_pid == 0)
		return 0;
	signalled = info.si_code != CLD_EXITED;
	*end = (struct child_end){
		.pid = info.si_pid,
		.status = signalled ? 0 : info.si_status,
		.sig = signalled ? info.si_status : 0,
		.core = info.si_code == CLD_DUMPED,
	};
	return 1;
}

int
child_continue(pid_t *pid)
{
	siginfo_t info = { 0 };

	if (waitid(*pid == 0 ? P_ALL : P_PID, (id_t)*pid, &info,
		WSTOPPED | WNOHANG) < 0 ||
	    info.si_pid == 0)
		return 0;
	*pid = info.si_pid;
	return kill(info.si_pid, SIGCONT) == 0;
}

int
child_status(const struct child_end *end)
{
	return end->sig != 0 ? 128 + end->sig : end->status;
}
