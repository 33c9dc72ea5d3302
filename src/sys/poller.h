/*
 * poller: an epoll set. What is watched is named by a cookie of the caller's,
 * never by a pointer, since an event may outlive what it was for.
 */
#ifndef SYS_POLLER_H
#define SYS_POLLER_H

#include <stdint.h>

#define POLLER_BATCH 256 /* events of one wait */

/* What to watch for, and what was seen; a set. */
enum poller_events {
	POLLER_IN = 1,
	POLLER_OUT = 2,
	POLLER_HALF = 4,       /* the peer will not write any more */
	POLLER_ERROR = 8,      /* reset or error; always watched for */
	POLLER_EDGE = 16,      /* watch: tell of changes only */
	POLLER_EXCLUSIVE = 32, /* watch: wake only some of those who wait */
};

struct poller_event {
	uint64_t cookie;
	unsigned events;
};

/* The set's descriptor (readable when an event waits), or -E_SYSTEM. */
int poller_open(void);

/* 0 or -E_SYSTEM. */
int poller_add(int poller, int fd, unsigned events, uint64_t cookie);
int poller_change(int poller, int fd, unsigned events, uint64_t cookie);
/* Never fails for a descriptor that is in the set. */
void poller_remove(int poller, int fd);

/*
 * Fills at most POLLER_BATCH of ev; how many, 0 when timeout_ms passed
 * (-1: none) or a signal came, or -E_SYSTEM.
 */
int poller_wait(int poller, struct poller_event *ev, int timeout_ms);

#endif
