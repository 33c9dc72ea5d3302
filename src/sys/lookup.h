/*
 * lookup: the address of a name, looked up by a thread: name servers may not
 * answer for seconds, and who supervises cannot wait. For whoever needs one
 * address now and then; a name that is not found is tried again until it is.
 */
#ifndef SYS_LOOKUP_H
#define SYS_LOOKUP_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"
#include "sys/sock.h"

#define LOOKUP_HOST_MAX 254
#define LOOKUP_WAIT_MS 100    /* most are found at once */
#define LOOKUP_AGAIN_MS 30000 /* those that are not found */

/*
 * to: the address, or NULL: it was not found yet, said once. By a thread of
 * the lookup's own, or in lookup_start.
 */
typedef void lookup_done(const struct sock_addr *to);

/* Static memory, with LOOKUP_INIT; its fields are the module's. */
struct lookup {
	lookup_done *done;
	pthread_mutex_t lock;
	pthread_cond_t moved;
	unsigned turn; /* the thread of an older one gives up */
	bool pending;
	pid_t owner; /* whose threads there are */
	char host[LOOKUP_HOST_MAX];
	uint16_t port;
};

#define LOOKUP_INIT(on_done) \
	{ \
		.done = (on_done), .lock = PTHREAD_MUTEX_INITIALIZER, \
		.moved = PTHREAD_COND_INITIALIZER \
	}

/*
 * Begins, in place of what was begun before; waits for wait_ms at most. An
 * address in numbers is done at once. 0, -E_BAD_VALUE (no host's name) or
 * -E_SYSTEM (no thread).
 */
int lookup_start(
    struct lookup *l, struct str host, uint16_t port, unsigned wait_ms);

/* When this returns, done is not called any more. */
void lookup_stop(struct lookup *l);

/*
 * In a process that was forked while it was pending (else nothing happens):
 * begins anew, without a wait.
 */
void lookup_resume(struct lookup *l);

#endif
