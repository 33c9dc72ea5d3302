/*
 * net: bytes between the kernel and the protocols. Knows nothing of HTTP, of
 * worker classes or of Python.
 *
 * reactor: one epoll set with everything that a worker waits for: listeners,
 * connections, its timers (a descriptor in the same set) and a bell. So the
 * whole reactor is one pollable descriptor. Who turns it, holds it: a role,
 * not a thread. It never calls an application.
 *
 * Its lock guards all of it and of its connections. reactor_turn lets go of
 * it while it waits and between events; so threads that run applications
 * write their answers meanwhile (the streams take it).
 * Where a process has one thread, nobody ever waits for it.
 */
#ifndef NET_REACTOR_H
#define NET_REACTOR_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "net/conn.h"

struct board_row;
struct config_nets;
struct proto_env;
struct proto_ops;
struct reactor;

/* Of a stopping worker, in milliseconds (see reactor_drain). */
#define REACTOR_QUIET_MS 250
#define REACTOR_ACCEPT_MS 1000
#define REACTOR_IDLE_MS 2000

struct siblings;

struct reactor_options {
	const struct proto_ops *proto; /* what every new connection speaks */
	struct proto_env *env;         /* for the protocols; outlives it */
	unsigned max_conns;            /* open at a time */
	/* Nobody else accepts there: take all that wait at once. */
	bool alone;
	/* A set of proxy_protocol_version that may come first; from whom. */
	unsigned proxy_versions;
	const struct config_nets *proxy_allow; /* NULL: proxy_versions is 0 */
	uint64_t write_timeout_ms; /* for the rest of a last answer */
	/* From reactor_stopping on: then what has no answer yet is refused,
	 * and other answers are cut; 0: never. */
	uint64_t graceful_ms;
	struct board_row *row; /* of this process, or NULL */
	/* With whom it shares the work (then row is not NULL), or NULL. */
	const struct siblings *siblings;
};

/* NULL when memory or descriptors cannot be had. */
struct reactor *reactor_create(const struct reactor_options *o);
/* Closes all connections and listeners at once; NULL is fine. */
void reactor_destroy(struct reactor *r);

/*
 * Accepts from fd, which it owns from now on. 0; -E_FULL or -E_SYSTEM, and fd
 * is still the caller's.
 */
int reactor_listen(struct reactor *r, int fd);

/* What to wait for in another loop: readable means "turn". */
int reactor_fd(const struct reactor *r);

/* Needed for all below that does not say otherwise, once there are threads. */
void reactor_lock(struct reactor *r);
void reactor_unlock(struct reactor *r);
/*
 * Lets go of the lock, sleeps until cond (of CLOCK_MONOTONIC) is signalled or
 * ms have passed (-1: for ever), and takes it again.
 */
void reactor_sleep(struct reactor *r, pthread_cond_t *cond, int ms);

/*
 * Waits up to timeout_ms (-1: for ever) for something to do and does it. 0, or
 * -E_SYSTEM when the epoll set itself fails. Not to be called from a protocol,
 * nor by two threads at a time.
 */
int reactor_turn(struct reactor *r, int timeout_ms);

/* The next complete request (its ready node), or NULL. */
struct list *reactor_take_ready(struct reactor *r);
/* Without the lock it may just have changed. */
bool reactor_has_ready(const struct reactor *r);
/* Complete requests for which no slot is there (see reactor_set_free). */
unsigned reactor_n_waiting(const struct reactor *r);

/* Makes a reactor_turn that waits return. Any thread, any time. */
void reactor_wake(struct reactor *r);

/*
 * So many application slots are there for what becomes ready. With none, new
 * connections are left in the kernel's queue. Without it: one.
 */
void reactor_set_free(struct reactor *r, unsigned n_slots);

/*
 * A slot comes back and finds requests ready: once in a while it accepts too,
 * or new connections would wait for as long as old ones have something to do.
 */
void reactor_accept_due(struct reactor *r);

/*
 * The call of the application that slot (the executor's) makes lasts too
 * long: the connection whose request that is answers without it.
 */
void reactor_overdue(struct reactor *r, const void *slot);

/*
 * reactor_drain will soon be called: answers from now on are their
 * connections' last ones, and a turn that waits returns. Any thread, any
 * time, signal handlers too: the application may be running.
 */
void reactor_stopping(struct reactor *r);
bool reactor_is_stopping(const struct reactor *r);
/*
 * The worker stops. Accepting goes on until it was quiet for
 * REACTOR_QUIET_MS, REACTOR_ACCEPT_MS at most, so that what the kernel has
 * already taken is answered; not at all when handed_on: another process holds
 * the listeners. Idle connections stay REACTOR_IDLE_MS at most; each answer
 * is its connection's last.
 */
void reactor_drain(struct reactor *r, bool handed_on);
/* Accepting has ended and no connection is left. */
bool reactor_drained(const struct reactor *r);
/*
 * The graceful time is over: what has no answer yet is refused, other answers
 * are cut, and every request is told to end.
 */
void reactor_abort(struct reactor *r);

unsigned reactor_n_conns(const struct reactor *r);
/* Connections with a request in progress. */
unsigned reactor_n_busy(const struct reactor *r);
uint64_t reactor_n_closed(const struct reactor *r, enum close_reason why);
uint64_t reactor_n_accepted(const struct reactor *r);

/*
 * In a child that the application has forked: closes every descriptor of the
 * reactor without a word to any peer. The reactor is of no use there any more.
 */
void reactor_after_fork_child(struct reactor *r);

#endif
