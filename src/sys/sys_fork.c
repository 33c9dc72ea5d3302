/*
 * Forks and pidfds. Roles without Python fork here; a process with Python
 * in it is forked by python/.
 */
#include <errno.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "sys/sys_fork.h"

#include "base/banned.h"

/* fork() with extra clone flags: libc's part, see build/patches. */
pid_t greencorn_fork(unsigned long flags);

pid_t
sys_fork(unsigned long flags)
{
	pid_t pid = greencorn_fork(flags);

	return pid < 0 ? -E_SYSTEM : pid;
}

const char *
sys_exec_path(void)
{
	unsigned long at = getauxval(AT_EXECFN);

	/* Of the kernel, on our stack; 0 where it gives none. */
	return at != 0 ? (const char *)at : "/proc/self/exe"; // NOLINT
}

int
sys_pidfd_open(pid_t pid)
{
	long fd = syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -E_SYSTEM : (int)fd;
}

int
sys_pidfd_signal(int pidfd, int sig)
{
	if (syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0) == 0)
		return 0;
	return errno == ESRCH ? -E_NOT_FOUND : -E_SYSTEM;
}

int
sys_set_subreaper(void)
{
	return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 ? -E_SYSTEM : 0;
}

int
sys_set_pdeathsig(int sig, pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, sig, 0, 0, 0) < 0)
		return -E_SYSTEM;
	/* It may have ended before the call: then no signal will come. */
	return getppid() == parent ? 0 : -E_GONE;
}
