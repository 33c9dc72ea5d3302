/*
 * worker_overdue: calls of the application that last longer than the setting
 * request_timeout. The client is answered 504 at once, and the log gets the
 * stack of the thread. Where another thread can, it raises an exception in it;
 * a call that goes on for WORKER_OVERDUE_GRACE_MS in spite of that costs the
 * worker its life: it is replaced, as after max_requests.
 */
#ifndef WORKER_WORKER_OVERDUE_H
#define WORKER_WORKER_OVERDUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct board_slot;
struct worker_process;

#define WORKER_OVERDUE_GRACE_MS 2000

/* What is known of an application slot's call. All zero: nothing yet. */
struct worker_call {
	struct board_slot *board; /* says since when it runs */
	const void *slot;         /* request.slot of those it serves */
	void *thread;             /* PyThreadState of its thread */
	/* Of the call that was found overdue: its board's call_started_ms; 0:
	 * none was. Written with the reactor's lock, as the next two. */
	_Atomic uint64_t found;
	uint64_t found_ms;
	bool given_up;
	bool raised; /* with the GIL */
};

/*
 * Has its call lasted too long? With the reactor's lock, on any thread,
 * without the GIL. True: its thread should have an exception raised now.
 */
bool worker_overdue_look(struct worker_call *c, struct worker_process *w);
/* On a thread that is not the slot's, with the GIL. */
void worker_overdue_raise(struct worker_call *c);
/* The call has returned: what was raised late is nobody's. With the GIL. */
void worker_overdue_returned(struct worker_call *c);

#endif
