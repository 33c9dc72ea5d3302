/*
 * child: what became of a child.
 */
#ifndef SYS_CHILD_H
#define SYS_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

struct child_end {
	pid_t pid;
	int status; /* exit status; 0 when a signal ended it */
	int sig;    /* the signal that ended it, or 0 */
	bool core;  /* it dumped core */
};

/*
 * Takes one ended child, whichever (orphans given to this process too).
 * 1 and *end filled; 0 when none has ended; -E_NOT_FOUND when there is no
 * child at all; -E_SYSTEM. Never waits.
 */
int child_reap(struct child_end *end);

/*
 * Lets one stopped child (SIGSTOP) go on, whose number is *pid or, with
 * *pid 0, whichever, which it then is. 1, or 0 when there is none. Never waits.
 */
int child_continue(pid_t *pid);

/* As a shell would say it: the exit status, or 128 + signal. */
int child_status(const struct child_end *end);

#endif
