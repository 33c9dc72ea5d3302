/*
 * worker_leader: leader and followers. The leader is the application slot
 * that turns the reactor and runs what became ready itself. While it is in
 * the application nobody turns; another slot that has nothing else to do may
 * then lead, is woken to do so when the leader blocks, and when there is none
 * the *deputy* leads: a thread without Python that only moves bytes.
 *
 * Knows the reactor, and neither Python nor the application. All state, but
 * where it says so, is guarded by the reactor's lock. The threads of slots are
 * the caller's.
 */
#ifndef WORKER_WORKER_LEADER_H
#define WORKER_WORKER_LEADER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

struct reactor;

/*
 * A place of code where the application let go of the GIL, and how long that
 * lasted, on average.
 */
struct worker_site {
	_Atomic(const void *) address;
	_Atomic uint32_t mean_us;
};
#define WORKER_SITES 256

/* One thread that leads and, but for the deputy, calls the application. */
struct worker_slot {
	struct list idle; /* in the leadership's list of idle slots */
	/* With the reactor's lock. Waited for by the slot's own thread, and by
	 * those that its application has started. */
	pthread_cond_t wake;
	bool called; /* out of the idle list: has something to do */
	bool in_app; /* a request was taken, or will be; its call may run */
	bool late;   /* for worker_leader_next: it has to wait to run one */
	/* Of the slot's own thread; others only read it. When the application
	 * let go of the GIL, by time_us; 0: it has it, or waits for it. */
	_Atomic uint64_t blocked_us;
	struct worker_site *site; /* where; NULL: not measured */
};

struct worker_leader {
	struct reactor *reactor;
	_Atomic(struct worker_slot *) leader; /* NULL: nobody yet */
	struct list idle;                     /* slots that wait to be called */
	atomic_uint n_idle;                   /* written with the lock only */
	int turn_ms;         /* the longest turn: its end is a sign of life */
	atomic_bool turning; /* somebody is within reactor_turn */
	pthread_cond_t turn_over; /* signalled when one waits for that */
	pthread_cond_t main;      /* of worker_leader_watch */
	/* The deputy looks at these two without the lock. */
	_Atomic uint64_t n_turns;
	_Atomic uint64_t n_returns;   /* of slots from the application */
	struct worker_slot *returned; /* which one was the last */
	unsigned n_in_app;            /* slots that have a request */
	bool turn_wanted;             /* by the deputy, of the next one */
	atomic_bool stopping;
	bool told, calls_main; /* of worker_leader_watch */
	/* Could a slot call the application at once? NULL: it always could. */
	bool (*may_run)(void);
	/* Called with the lock whenever somebody has looked around; or NULL. */
	void (*look)(struct worker_leader *l);

	struct worker_slot deputy;
	pthread_t deputy_thread;
	bool deputy_runs;
	/* What the deputy waits with, lest it want the reactor's lock at each
	 * tick; taken within that one. */
	pthread_mutex_t tick_lock;
	bool deputy_sleeps; /* written with both locks */
	struct worker_site sites[WORKER_SITES];
};

/* Starts the deputy. No turn lasts longer than turn_ms. 0 or -E_SYSTEM. */
int
worker_leader_start(struct worker_leader *l, struct reactor *r, int turn_ms);
/*
 * Calls all slots: worker_leader_next neither leads nor waits any more, and
 * gives what is still ready. Ends the deputy.
 */
void worker_leader_stop(struct worker_leader *l);

void worker_slot_init(struct worker_slot *s);

/*
 * The next request for s, whose last one is over: its ready node, or NULL.
 * With ms == 0 only what is ready; else it leads, or waits to be called, one
 * time and so long at most (-1: for ever).
 * NULL and s->late: there are some, but it could not call the application
 * now (may_run). They stay on the list, from where they may go to others; s
 * waits until it can, and asks again with ms == 0.
 */
struct list *
worker_leader_next(struct worker_leader *l, struct worker_slot *s, int ms);

/*
 * For a slot in the application that waits for something of its own request,
 * or a thread that this has started: returns after something may have
 * happened, a turn at most. With the lock.
 */
void worker_leader_wait(struct worker_leader *l, struct worker_slot *s);
/* What it waited for has come. With the lock. */
void worker_leader_waited(struct worker_leader *l, struct worker_slot *s);
/* Whoever waits in s looks again. With the lock. */
void worker_leader_wake(struct worker_slot *s);

/*
 * The application in s has let go of the GIL at that address, and is about
 * to take it again. On the slot's thread, without the GIL and the lock;
 * errno is kept.
 */
void worker_leader_blocks(
    struct worker_leader *l, struct worker_slot *s, const void *site);
void worker_leader_unblocks(struct worker_slot *s);

/* Makes worker_leader_watch return. With the lock. */
void worker_leader_call_main(struct worker_leader *l);
/*
 * For a thread that is no slot: returns after ms, or when the worker should
 * stop or has drained, perhaps earlier.
 */
void worker_leader_watch(struct worker_leader *l, int ms);

#endif
