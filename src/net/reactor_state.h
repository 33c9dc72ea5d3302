/*
 * reactor_state: the inside of a reactor, for the files of net alone.
 */
#ifndef NET_REACTOR_STATE_H
#define NET_REACTOR_STATE_H

#include <stdatomic.h>

#include "net/conn_pool.h"
#include "net/listener.h"
#include "net/reactor.h"
#include "net/timers.h"

#define REACTOR_LISTENERS_MAX 64

/* Cookies: what it is (8 bits), slot (24), generation (32). */
enum reactor_kind {
	REACTOR_CONN,
	REACTOR_LISTENER,
	REACTOR_TIMER,
	REACTOR_BELL,
	REACTOR_QUEUE /* of siblings */
};
#define REACTOR_SLOT_MAX 0xffffffu

struct reactor {
	struct reactor_options options;
	int poller, timer_fd, bell;
	uint64_t now_ms;
	uint64_t timer_due; /* what timer_fd is set to */

	struct timers timers;
	struct conn_pool pool;
	pthread_mutex_t lock;
	atomic_uint n_locking; /* threads that wait for the lock */
	bool waiting;          /* a turn waits for the kernel, unlocked */
	bool called;           /* it was, by the bell */

	struct list ready; /* complete requests */
	atomic_uint n_ready;
	uint64_t ready_ms; /* since when there were some; 0: there are none */
	struct list runnable; /* connections with something to do */
	size_t turn_read;     /* bytes, in this turn */
	unsigned unpolled;    /* turns since the last look at the kernel */
	bool turning;         /* whoever has the lock is within a turn */
	bool timers_due;      /* timer_fd has run out */

	struct listener listeners[REACTOR_LISTENERS_MAX];
	unsigned n_listeners;
	unsigned n_free;    /* slots that are there for what becomes ready */
	bool accepting;     /* the listeners are in the set */
	bool queue_watched; /* that of siblings is, too */
	bool draining;
	bool stop_seen; /* over_timer runs */
	bool refusing;  /* it has run out: no request is served any more */
	atomic_bool stopping; /* it will drain as soon as it is turned */
	uint64_t drain_ms, last_accept_ms;
	uint64_t looked_ms; /* when connections could last be accepted */
	struct timer drain_timer, backoff_timer, yield_timer, over_timer;
	bool backing_off;      /* no descriptors: accepting rests */
	unsigned n_full;       /* tries in a row that had none */
	bool yielding;         /* a sibling should accept first */
	uint64_t passed_ms;    /* when requests were passed on last */
	uint64_t full_said_ms; /* when that was logged last */

	unsigned n_idle;
	uint64_t n_accepted;
	uint64_t n_closed[CLOSE_MAX];

	/* What connections read into; they keep only what is left over. */
	char *read_mem; /* CONN_READ_MAX bytes */
};

static inline uint64_t
reactor_cookie(enum reactor_kind kind, uint32_t slot, uint32_t generation)
{
	return (uint64_t)kind << 56 | (uint64_t)slot << 32 | generation;
}

/* Milliseconds: of this turn, or now, for an application may have run long. */
uint64_t reactor_now_ms(const struct reactor *r);

/* One more, or one less (-1), is on the ready list. */
void reactor_count_ready(struct reactor *r, int more);

/* A timer was set: whoever waits has to know, when it is the first one. */
void reactor_timer_set(struct reactor *r, uint64_t due_ms);

/* Events of its descriptor come; out: when it can be written to, too. */
void conn_watch(struct conn *c, bool out);

/* A connection has gone: there may be room to accept again. */
void reactor_on_room(struct reactor *r);

#endif
