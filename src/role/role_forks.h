/*
 * role_forks: what an application or a hook forks is no process of ours. It
 * keeps none of our descriptors (an address would stay open, and a
 * connection, that nobody serves any more) and none of our signal handlers. By
 * pthread_atfork, which every fork(2) comes by; an exec does the same.
 */
#ifndef ROLE_ROLE_FORKS_H
#define ROLE_ROLE_FORKS_H

#include <stdbool.h>

struct heritage;

/*
 * From here on, in this process and those that it forks. h stays the
 * caller's and lives as long as they. 0 or -E_NOMEM.
 */
int role_forks_start(struct heritage *h);

/* The next forks of this thread are ours, or no longer. */
void role_forks_ours(bool ours);

/* Others see to the descriptors of h: the signals alone are left to this. */
void role_forks_keep_descriptors(void);

#endif
