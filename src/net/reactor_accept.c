/*
 * Accepting. Listeners are watched level-triggered and exclusively: several
 * workers wait for the same ones.
 */
#include "net/reactor_accept.h"

#include <errno.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/list.h"
#include "base/log.h"
#include "board/board.h"
#include "net/reactor_state.h"
#include "net/siblings.h"
#include "sys/fd.h"
#include "sys/poller.h"

#include "base/banned.h"

#define BATCH 64          /* of one listener before others' turn */
#define REST_MAX 4096     /* of one that closes: more than its queue has */
#define BACKOFF_MS 100    /* without descriptors */
#define STARVED 20        /* after so many of these it gets no better */
#define SAY_FULL_MS 10000 /* once in */
#define YIELD_MS 1        /* for a sibling to accept */
#define LOOK_MS 8         /* new connections are looked for so often */

static bool
may_accept(const struct reactor *r)
{
	return r->n_free > 0 && !r->backing_off && r->pool.n < r->pool.max;
}

/* What siblings go by. */
static void
publish(struct reactor *r)
{
	struct board_row *row = r->options.row;
	bool takes = may_accept(r) && !r->draining;

	if (r->options.siblings == NULL)
		return;
	atomic_store_explicit(
	    &row->n_free, takes ? r->n_free : 0, memory_order_relaxed);
	atomic_store_explicit(&row->n_open, r->pool.n, memory_order_relaxed);
}

/* Everybody is woken: who sleeps most deeply may be a stopped process. */
static void
watch_queue(struct reactor *r, bool want)
{
	const struct siblings *s = r->options.siblings;

	if (s == NULL || r->queue_watched == want)
		return;
	if (!want)
		poller_remove(r->poller, s->take);
	else if (poller_add(r->poller, s->take, POLLER_IN,
		     reactor_cookie(REACTOR_QUEUE, 0, 0)) < 0)
		want = false;
	r->queue_watched = want;
}

/* Puts the listeners into the set or takes them out, as it should be. */
static void
update(struct reactor *r)
{
	bool want = may_accept(r) && !r->yielding;

	publish(r);
	if (want == r->accepting)
		return;
	r->accepting = want;
	for (unsigned i = 0; i < r->n_listeners; i++) {
		if (!want)
			poller_remove(r->poller, r->listeners[i].fd);
		else if (poller_add(r->poller, r->listeners[i].fd,
			     POLLER_IN | POLLER_EXCLUSIVE,
			     reactor_cookie(REACTOR_LISTENER, 0, i)) < 0)
			r->accepting = false; /* tried again at an update */
	}
	watch_queue(r, want);
}

static void
on_backoff(struct timer *t)
{
	struct reactor *r = LIST_OF(t, struct reactor, backoff_timer);

	r->backing_off = false;
	update(r);
}

static void
drain_step(struct reactor *r)
{
	uint64_t end = r->drain_ms + REACTOR_ACCEPT_MS;
	uint64_t quiet = r->last_accept_ms + REACTOR_QUIET_MS;
	uint64_t due = quiet < end ? quiet : end;

	if (r->now_ms < due) {
		timer_set(&r->timers, &r->drain_timer, due);
		return;
	}
	reactor_accept_rest(r);
	reactor_accept_close(r);
}

static void
on_drain_timer(struct timer *t)
{
	drain_step(LIST_OF(t, struct reactor, drain_timer));
}

static void on_yielded(struct timer *t);

void
reactor_accept_init(struct reactor *r)
{
	timer_init(&r->yield_timer, on_yielded);
	timer_init(&r->drain_timer, on_drain_timer);
	timer_init(&r->backoff_timer, on_backoff);
}

int
reactor_listen(struct reactor *r, int fd)
{
	struct listener *l = &r->listeners[r->n_listeners];
	int rc;

	if (r->n_listeners == REACTOR_LISTENERS_MAX)
		return -E_FULL;
	rc = fd_nonblock(fd);
	if (rc == 0)
		rc = listener_from(l, fd);
	if (rc < 0)
		return rc;
	if (r->accepting)
		rc = poller_add(r->poller, fd, POLLER_IN | POLLER_EXCLUSIVE,
		    reactor_cookie(REACTOR_LISTENER, 0, r->n_listeners));
	if (rc < 0)
		return rc;
	r->n_listeners++;
	update(r);
	return 0;
}

void
reactor_set_free(struct reactor *r, unsigned n_slots)
{
	r->n_free = n_slots;
	update(r);
}

void
reactor_on_room(struct reactor *r)
{
	if (!r->accepting)
		update(r);
}

static void
say_full(struct reactor *r)
{
	if (r->full_said_ms != 0 && r->now_ms < r->full_said_ms + SAY_FULL_MS)
		return;
	r->full_said_ms = r->now_ms;
	log_errno(EV_REACTOR_FULL);
}

/*
 * No descriptor or memory: what waits stays in the queue, which is the
 * siblings' too, and accepting rests a while. An application that has used up
 * this process's descriptors may never give them back: another worker has
 * some, and this one serves on until it is there.
 */
static void
on_full(struct reactor *r)
{
	const struct siblings *s = r->options.siblings;
	bool is_ours = errno == EMFILE;

	say_full(r);
	if (is_ours && ++r->n_full == STARVED && s != NULL) {
		log_event(EV_REACTOR_STARVED);
		board_retire(s->board, s->row);
	}
	r->backing_off = true;
	timer_set(&r->timers, &r->backoff_timer, r->now_ms + BACKOFF_MS);
	update(r);
}

/* One connection: false when no further can be had now. */
static bool
accept_next(struct reactor *r, const struct listener *l)
{
	struct sock_addr peer;
	struct conn *c;
	int fd = sock_accept(l->fd, &peer);

	if (fd == -E_GONE)
		return true;
	if (fd == -E_FULL || fd == -E_SYSTEM)
		on_full(r);
	if (fd < 0)
		return false;
	r->n_accepted++;
	r->n_full = 0;
	r->last_accept_ms = r->now_ms;
	c = conn_open(r, l, fd, &peer);
	if (c == NULL)
		return false;
	/* Most have their request with them. */
	conn_service(c);
	return true;
}

/* The same, false also when another worker may take what would wait here. */
static bool
accept_one(struct reactor *r, const struct listener *l)
{
	return accept_next(r, l) && (r->options.alone || list_empty(&r->ready));
}

/* A sibling has fewer connections: the listeners are its for a moment. */
static bool
yield(struct reactor *r)
{
	if (!siblings_yield(r))
		return false;
	r->yielding = true;
	timer_set(&r->timers, &r->yield_timer, r->now_ms + YIELD_MS);
	return true;
}

static void
accept_some(struct reactor *r, const struct listener *l)
{
	for (unsigned i = 0; i < BATCH && may_accept(r); i++) {
		if (yield(r) || !accept_one(r, l))
			break;
		publish(r);
	}
}

void
reactor_accept_on_event(struct reactor *r, uint32_t place)
{
	if (place < r->n_listeners)
		accept_some(r, &r->listeners[place]);
	update(r);
}

void
reactor_accept_all(struct reactor *r)
{
	for (unsigned i = 0; i < r->n_listeners; i++)
		accept_some(r, &r->listeners[i]);
	update(r);
}

void
reactor_accept_due(struct reactor *r)
{
	unsigned n_free = r->n_free;

	if (list_empty(&r->ready) || r->n_listeners == 0 ||
	    r->now_ms - r->looked_ms < LOOK_MS)
		return;
	/* The last turn's time is as old as its wait for the kernel. */
	r->now_ms = r->looked_ms = clock_ms();
	r->turning = true;
	r->n_free = n_free > 0 ? n_free : 1;
	reactor_accept_all(r);
	r->turning = false;
	reactor_set_free(r, n_free);
}

/* The sibling had its time: what still waits is ours. */
static void
on_yielded(struct timer *t)
{
	struct reactor *r = LIST_OF(t, struct reactor, yield_timer);

	r->yielding = false;
	for (unsigned i = 0; i < r->n_listeners && may_accept(r); i++)
		(void)accept_one(r, &r->listeners[i]);
	update(r);
}

void
reactor_accept_passed(struct reactor *r)
{
	for (unsigned i = 0; i < BATCH && may_accept(r); i++)
		if (!siblings_take(r) || !list_empty(&r->ready))
			break;
	update(r);
}

/* There may be no sibling left who would take what waits. */
static void
empty_queue(struct reactor *r)
{
	while (siblings_take(r))
		;
}

void
reactor_accept_rest(struct reactor *r)
{
	empty_queue(r);
	for (unsigned i = 0; i < r->n_listeners; i++)
		for (unsigned n = 0;
		     n < REST_MAX && !r->backing_off && r->pool.n < r->pool.max;
		     n++)
			if (!accept_next(r, &r->listeners[i]))
				break;
}

void
reactor_accept_drain(struct reactor *r, bool handed_on)
{
	r->drain_ms = r->last_accept_ms = r->now_ms;
	publish(r);
	if (!handed_on) {
		drain_step(r);
		return;
	}
	empty_queue(r);
	reactor_accept_close(r);
}

void
reactor_accept_close(struct reactor *r)
{
	for (unsigned i = 0; i < r->n_listeners; i++) {
		if (r->accepting)
			poller_remove(r->poller, r->listeners[i].fd);
		fd_close(r->listeners[i].fd);
	}
	watch_queue(r, false);
	r->n_listeners = 0;
	timer_off(&r->drain_timer);
	timer_off(&r->yield_timer);
}
