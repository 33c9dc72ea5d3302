/*
 * The reactor: waiting, and giving each event to whom it belongs.
 */
#include "net/reactor.h"

#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "board/board.h"
#include "net/reactor_accept.h"
#include "net/reactor_refuse.h"
#include "net/reactor_state.h"
#include "net/siblings.h"
#include "sys/fd.h"
#include "sys/poller.h"

#include "base/banned.h"

/* So often, connections that need no event come before the kernel's news. */
#define UNPOLLED_MAX 8
/* The clock of turns has a grain; a timer must not wake before it is due. */
#define CLOCK_GRAIN_MS 4
#define OWN_TIMERS 4
/*
 * A turn that has read so much and has something to do ends: bodies are
 * handled while they are still in the processor's cache.
 */
#define TURN_READ_MAX (64 * 1024)

static int
open_descriptors(struct reactor *r)
{
	r->poller = poller_open();
	r->timer_fd = fd_timer();
	r->bell = siblings_bell(r->options.siblings);
	if (r->bell < 0)
		r->bell = fd_event();
	if (r->poller < 0 || r->timer_fd < 0 || r->bell < 0)
		return -E_SYSTEM;
	if (poller_add(r->poller, r->timer_fd, POLLER_IN,
		reactor_cookie(REACTOR_TIMER, 0, 0)) < 0)
		return -E_SYSTEM;
	return poller_add(
	    r->poller, r->bell, POLLER_IN, reactor_cookie(REACTOR_BELL, 0, 0));
}

static void
close_descriptors(struct reactor *r)
{
	fd_close(r->poller);
	fd_close(r->timer_fd);
	fd_close(r->bell);
}

struct reactor *
reactor_create(const struct reactor_options *o)
{
	struct reactor *r = malloc(sizeof(*r));
	unsigned max = o->max_conns;

	if (r == NULL)
		return NULL;
	if (max > REACTOR_SLOT_MAX)
		max = REACTOR_SLOT_MAX;
	*r = (struct reactor){ .options = *o };
	r->read_mem = malloc(CONN_READ_MAX);
	r->timer_due = TIMER_OFF;
	r->n_free = 1;
	r->now_ms = clock_ms();
	pthread_mutex_init(&r->lock, NULL); /* fails in no libc of ours */
	list_init(&r->ready);
	list_init(&r->runnable);
	timers_init(&r->timers);
	reactor_accept_init(r);
	reactor_refuse_init(r);
	if (open_descriptors(r) == 0 && r->read_mem != NULL &&
	    timers_reserve(&r->timers, max + OWN_TIMERS) == 0 &&
	    conn_pool_init(&r->pool, max) == 0)
		return r;
	close_descriptors(r);
	timers_finish(&r->timers);
	free(r->read_mem);
	free(r);
	return NULL;
}

static void
for_each_conn(struct reactor *r, void (*fn)(struct conn *c))
{
	struct conn *c;

	for (uint32_t i = 0; i < conn_pool_n_slots(&r->pool); i++) {
		c = conn_pool_at(&r->pool, i);
		if (c != NULL)
			fn(c);
	}
}

static void
close_at_once(struct conn *c)
{
	/* A request that nobody has taken yet will never be. */
	c->held = false;
	conn_close(c, CLOSE_ABORTED);
	conn_settle(c);
}

void
reactor_destroy(struct reactor *r)
{
	if (r == NULL)
		return;
	for_each_conn(r, close_at_once);
	reactor_accept_close(r);
	close_descriptors(r);
	conn_pool_finish(&r->pool);
	timers_finish(&r->timers);
	pthread_mutex_destroy(&r->lock);
	free(r->read_mem);
	free(r);
}

int
reactor_fd(const struct reactor *r)
{
	return r->poller;
}

/* The timer's descriptor follows the earliest deadline, never too late. */
static void
set_timer_fd(struct reactor *r)
{
	uint64_t next = timers_next(&r->timers);

	if (next >= r->timer_due)
		return;
	r->now_ms = clock_ms();
	r->timer_due = next;
	next = next > r->now_ms ? next - r->now_ms : 0;
	(void)fd_timer_start(r->timer_fd, next + CLOCK_GRAIN_MS);
}

void
reactor_timer_set(struct reactor *r, uint64_t due_ms)
{
	/* Else the next turn looks before it waits. */
	if (r->waiting && due_ms < r->timer_due)
		set_timer_fd(r);
}

/*
 * Deadlines are looked at last: after a long call of the application what
 * they wait for may have arrived as well.
 */
static void
run_timers(struct reactor *r)
{
	if (!r->timers_due)
		return;
	r->timers_due = false;
	fd_timer_heard(r->timer_fd);
	r->timer_due = TIMER_OFF;
	timers_run(&r->timers, r->now_ms);
}

static bool
is_sated(const struct reactor *r)
{
	return r->turn_read > TURN_READ_MAX && reactor_has_ready(r);
}

static void
on_conn(struct reactor *r, const struct poller_event *ev)
{
	struct conn *c = conn_from(r, ev->cookie);

	/* NULL: closed earlier in this batch. */
	if (c != NULL)
		conn_on_event(c, ev->events, is_sated(r));
}

static void
dispatch(struct reactor *r, const struct poller_event *ev)
{
	switch ((enum reactor_kind)(ev->cookie >> 56)) {
	case REACTOR_CONN:
		on_conn(r, ev);
		break;
	case REACTOR_LISTENER:
		if (!is_sated(r)) /* else it is told again */
			reactor_accept_on_event(r, (uint32_t)ev->cookie);
		break;
	case REACTOR_TIMER:
		r->timers_due = true;
		break;
	case REACTOR_BELL:
		fd_event_heard(r->bell);
		if (siblings_asked(r))
			reactor_accept_all(r);
		break;
	case REACTOR_QUEUE:
		reactor_accept_passed(r);
		break;
	}
}

/* Between two events: those who wait for the lock come first. */
static void
give_way(struct reactor *r)
{
	if (atomic_load_explicit(&r->n_locking, memory_order_relaxed) == 0)
		return;
	r->turning = false;
	pthread_mutex_unlock(&r->lock);
	sched_yield();
	pthread_mutex_lock(&r->lock);
	r->turning = true;
}

/*
 * Those that are there now; what they add has its turn the next time. In a
 * list of its own: while the lock is let go of, another thread may come here
 * too. What a sated turn leaves stays in front.
 */
static void
run_runnable(struct reactor *r)
{
	struct list now, *node;

	if (list_empty(&r->runnable) || is_sated(r))
		return;
	list_init(&now);
	while ((node = list_shift(&r->runnable)) != NULL)
		list_append(&now, node);
	while (!is_sated(r) && (node = list_shift(&now)) != NULL) {
		conn_service(LIST_OF(node, struct conn, runnable));
		give_way(r);
	}
	while (!list_empty(&now)) {
		node = now.prev;
		list_remove(node);
		list_prepend(&r->runnable, node);
	}
}

void
reactor_lock(struct reactor *r)
{
	if (pthread_mutex_trylock(&r->lock) == 0)
		return;
	atomic_fetch_add(&r->n_locking, 1);
	pthread_mutex_lock(&r->lock);
	atomic_fetch_sub(&r->n_locking, 1);
}

/*
 * Before the lock goes: what the application's side left to do, while a turn
 * waits that does not know of it.
 */
static void
catch_up(struct reactor *r)
{
	if (!r->waiting || list_empty(&r->runnable))
		return;
	r->turning = true;
	r->now_ms = clock_ms();
	run_runnable(r);
	r->turning = false;
	if (r->called || (list_empty(&r->runnable) && list_empty(&r->ready)))
		return;
	/* Once is enough: it may be long until that thread can run. */
	r->called = true;
	reactor_wake(r);
}

void
reactor_unlock(struct reactor *r)
{
	catch_up(r);
	pthread_mutex_unlock(&r->lock);
}

void
reactor_sleep(struct reactor *r, pthread_cond_t *cond, int ms)
{
	struct timespec until;

	catch_up(r);
	if (ms < 0) {
		pthread_cond_wait(cond, &r->lock);
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_cond_timedwait(cond, &r->lock, &until);
}

/* What siblings and probes see of the queue. */
static void
stamp_ready(struct reactor *r)
{
	struct board_row *row = r->options.row;

	atomic_store_explicit(&row->n_ready, r->n_ready, memory_order_relaxed);
	atomic_store_explicit(
	    &row->ready_ms, r->ready_ms, memory_order_relaxed);
}

static int
poll_and_dispatch(struct reactor *r, int timeout_ms)
{
	struct poller_event ev[POLLER_BATCH];
	int n;

	set_timer_fd(r);
	/* What the last turn left may have been done since. */
	if (r->options.row != NULL)
		stamp_ready(r);
	r->turning = false;
	r->waiting = true;
	r->called = false;
	pthread_mutex_unlock(&r->lock);
	n = poller_wait(r->poller, ev, timeout_ms);
	reactor_lock(r);
	r->waiting = false;
	r->turning = true;
	r->now_ms = clock_ms();
	if (r->accepting)
		r->looked_ms = r->now_ms;
	r->unpolled = 0;
	for (int i = 0; i < n; i++) {
		dispatch(r, &ev[i]);
		give_way(r);
	}
	return n < 0 ? n : 0;
}

static void
stamp(struct reactor *r)
{
	struct board_row *row = r->options.row;

	if (row == NULL)
		return;
	atomic_store_explicit(
	    &row->reactor_ms, r->now_ms, memory_order_relaxed);
	atomic_store_explicit(
	    &row->n_connections, r->n_accepted, memory_order_relaxed);
	atomic_store_explicit(&row->n_open, r->pool.n, memory_order_relaxed);
	stamp_ready(r);
}

int
reactor_turn(struct reactor *r, int timeout_ms)
{
	bool pending = !list_empty(&r->runnable);
	int rc = 0;

	CHECK(!r->turning && !r->waiting);
	timeout_ms = siblings_look_ms(r, timeout_ms);
	r->turning = true;
	r->turn_read = 0;
	if (!pending || ++r->unpolled >= UNPOLLED_MAX)
		rc = poll_and_dispatch(r, pending ? 0 : timeout_ms);
	else
		r->now_ms = clock_ms();
	run_runnable(r);
	reactor_refuse_look(r);
	run_timers(r);
	siblings_pass(r);
	stamp(r);
	r->turning = false;
	return rc;
}

uint64_t
reactor_now_ms(const struct reactor *r)
{
	return r->turning ? r->now_ms : clock_ms();
}

void
reactor_count_ready(struct reactor *r, int more)
{
	unsigned n = r->n_ready + (unsigned)more;

	if (n == 0)
		r->ready_ms = 0;
	else if (r->n_ready == 0)
		r->ready_ms = reactor_now_ms(r);
	/* Written with the lock only; read without it too. */
	atomic_store_explicit(&r->n_ready, n, memory_order_relaxed);
	/* Siblings must see at once, not at the next turn, who is idle. */
	if (n == 0 && r->options.siblings != NULL)
		atomic_store_explicit(
		    &r->options.row->n_ready, 0, memory_order_relaxed);
}

struct list *
reactor_take_ready(struct reactor *r)
{
	struct list *node = list_shift(&r->ready);

	if (node != NULL)
		reactor_count_ready(r, -1);
	return node;
}

unsigned
reactor_n_waiting(const struct reactor *r)
{
	return r->n_ready > r->n_free ? r->n_ready - r->n_free : 0;
}

bool
reactor_has_ready(const struct reactor *r)
{
	return atomic_load_explicit(&r->n_ready, memory_order_relaxed) > 0;
}

void
reactor_wake(struct reactor *r)
{
	fd_event_ring(r->bell);
}

void
reactor_stopping(struct reactor *r)
{
	atomic_store_explicit(&r->stopping, true, memory_order_relaxed);
	reactor_wake(r);
}

bool
reactor_is_stopping(const struct reactor *r)
{
	return atomic_load_explicit(&r->stopping, memory_order_relaxed);
}

static void
drain_one(struct conn *c)
{
	if (!c->closing && !c->finishing)
		c->proto->on_drain(c);
	conn_settle(c);
}

void
reactor_drain(struct reactor *r, bool handed_on)
{
	if (r->draining)
		return;
	r->now_ms = clock_ms();
	r->draining = true;
	reactor_accept_drain(r, handed_on);
	for_each_conn(r, drain_one);
	reactor_timer_set(r, timers_next(&r->timers));
}

void
reactor_overdue(struct reactor *r, const void *slot)
{
	struct conn *c;

	for (uint32_t i = 0; i < conn_pool_n_slots(&r->pool); i++) {
		c = conn_pool_at(&r->pool, i);
		if (c != NULL && c->held && c->proto->on_overdue != NULL)
			c->proto->on_overdue(c, slot);
	}
}

bool
reactor_drained(const struct reactor *r)
{
	return r->draining && r->n_listeners == 0 && r->pool.n == 0;
}

static void
abort_one(struct conn *c)
{
	conn_close(c, CLOSE_ABORTED);
	conn_settle(c);
}

void
reactor_abort(struct reactor *r)
{
	r->now_ms = clock_ms();
	reactor_refuse(r);
	reactor_accept_close(r);
	for_each_conn(r, abort_one);
}

unsigned
reactor_n_conns(const struct reactor *r)
{
	return r->pool.n;
}

unsigned
reactor_n_busy(const struct reactor *r)
{
	return r->pool.n - r->n_idle;
}

uint64_t
reactor_n_closed(const struct reactor *r, enum close_reason why)
{
	return r->n_closed[why];
}

uint64_t
reactor_n_accepted(const struct reactor *r)
{
	return r->n_accepted;
}

void
reactor_after_fork_child(struct reactor *r)
{
	for_each_conn(r, conn_forget);
	for (unsigned i = 0; i < r->n_listeners; i++)
		fd_close(r->listeners[i].fd);
	r->n_listeners = 0;
	close_descriptors(r);
	r->poller = r->timer_fd = r->bell = -1;
	siblings_forget(r->options.siblings);
}
