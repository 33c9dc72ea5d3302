/*
 * siblings: what the workers of a server do for one another, so that nobody
 * waits behind a slow request while one of them is idle. The one with the
 * fewest connections accepts the next (the board says who that is, its bell
 * tells it); and a request that waited SIBLINGS_PASS_MS goes, with its
 * connection, into a queue from which whoever has time takes.
 *
 * Called by the holder of the reactor. Where there are no siblings (NULL among
 * the reactor's options) nothing happens.
 */
#ifndef NET_SIBLINGS_H
#define NET_SIBLINGS_H

#include <stdbool.h>

struct board;
struct reactor;

#define SIBLINGS_PASS_MS 50
/* Whoever comes first, this worker too, then takes it: this one may die. */
#define SIBLINGS_PASS_ANYWAY_MS 1000
#define SIBLINGS_LOOK_MS 8 /* so often, while requests wait */

struct siblings {
	struct board *board;
	unsigned row;     /* this worker's */
	const int *bells; /* by rows; not owned */
	unsigned n_bells;
	int take, put; /* ends of the server's queue (sys/message) */
	/* The time that a request may wait is bounded, and this worker has
	 * the clock: to those who serve it at once, and to nobody else. */
	bool idle_only;
};

/* What wakes this worker; -1: its reactor has to have one of its own. */
int siblings_bell(const struct siblings *s);
/* In a child of the application: closes the queue's ends. */
void siblings_forget(const struct siblings *s);

/*
 * Should a sibling accept what waits? Then it has been told, and this worker
 * leaves it alone for a moment.
 */
bool siblings_yield(const struct reactor *r);
/* A sibling has told this worker so. Once for each time. */
bool siblings_asked(const struct reactor *r);

/* The longest that a turn may wait, when it would wait for timeout_ms. */
int siblings_look_ms(const struct reactor *r, int timeout_ms);
/* Passes on what has waited long enough, as far as siblings are idle. */
void siblings_pass(struct reactor *r);
/*
 * Takes one request from the queue. False: there was none, or there is no
 * place for one more connection.
 */
bool siblings_take(struct reactor *r);

#endif
