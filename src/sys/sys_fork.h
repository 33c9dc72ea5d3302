/*
 * sys_fork: new processes, and holding on to them.
 */
#ifndef SYS_SYS_FORK_H
#define SYS_SYS_FORK_H

#include <sys/types.h>

/*
 * fork(2) for processes without Python, with extra clone flags (CLONE_PARENT
 * or 0). Returns the pid, 0 in the child, or -E_SYSTEM.
 */
pid_t sys_fork(unsigned long flags);

/* A descriptor (close-on-exec) that means that process; -E_SYSTEM. */
int sys_pidfd_open(pid_t pid);
/* 0, -E_NOT_FOUND when the process has ended, or -E_SYSTEM. */
int sys_pidfd_signal(int pidfd, int sig);

/* The path by which this process was executed; static memory. */
const char *sys_exec_path(void);

/* Orphans among the descendants become children of this process. */
int sys_set_subreaper(void);
/*
 * This process gets sig when the *thread* that made it ends. parent is the
 * pid it was made by: -E_GONE when that is no longer the parent.
 */
int sys_set_pdeathsig(int sig, pid_t parent);

#endif
