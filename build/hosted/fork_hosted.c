/*
 * What our libc has and the machine's has not, for the hosted build alone.
 */
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

pid_t greencorn_fork(unsigned long flags);

/*
 * fork() with further flags for the clone. The machine's libc cannot be told
 * them; a bare clone skips its fork handlers, which tools can live with.
 */
pid_t
greencorn_fork(unsigned long flags)
{
	if (flags == 0)
		return fork();
	return (pid_t)syscall(SYS_clone, SIGCHLD | flags, 0, 0, 0, 0);
}
