/*
 * worker_forks: children that the application forks. They keep nothing of
 * the server: no listener, no connection, no place in the epoll set; and one
 * that returns from the application's call ends there.
 */
#ifndef WORKER_WORKER_FORKS_H
#define WORKER_WORKER_FORKS_H

#include <stdbool.h>

struct reactor;

/* From here on, children of this process let go of r. 0 or -E_NOMEM. */
int worker_forks_start(struct reactor *r);

/* Is this process such a child? */
bool worker_forks_is_child(void);

#endif
