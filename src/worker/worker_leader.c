/*
 * Who leads, and when that changes. Four ways lead away from a slot:
 *
 *   it blocks, where applications were seen to block for long: an idle slot
 *      is called at once (worker_leader_blocks);
 *   it blocks elsewhere, or computes: the deputy notices at its next tick,
 *      and calls an idle slot, or leads itself;
 *   another slot comes back from the application and finds nothing ready: it
 *      leads, unless somebody turns;
 *   it waits for its own request: it turns itself, until something becomes
 *      ready that an idle slot could serve.
 */
#include "worker/worker_leader.h"

#include <errno.h>
#include <time.h>

#include "base/check.h"
#include "base/error.h"
#include "net/reactor.h"
#include "sys/sys_time.h"
#include "sys/thread.h"

#include "base/banned.h"

/* The deputy looks so often, while applications are called. */
#define TICK_MS 2
/* Calling another costs some 4 µs: where blocks last longer, at once. */
#define LONG_US 30
/* A block counts for so much of its site's mean: 1/8. */
#define MEAN_SHIFT 3
#define DEPUTY_STACK (128 * 1024)

static void
make_cond(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

void
worker_slot_init(struct worker_slot *s)
{
	*s = (struct worker_slot){ .in_app = false };
	list_init(&s->idle);
	make_cond(&s->wake);
}

static struct worker_slot *
leader_of(const struct worker_leader *l)
{
	return atomic_load_explicit(&l->leader, memory_order_relaxed);
}

static void
set_leader(struct worker_leader *l, struct worker_slot *s)
{
	atomic_store_explicit(&l->leader, s, memory_order_relaxed);
}

/* One writer at a time. */
static void
count(_Atomic uint64_t *n)
{
	atomic_store_explicit(n,
	    atomic_load_explicit(n, memory_order_relaxed) + 1,
	    memory_order_relaxed);
}

static uint64_t
counted(const _Atomic uint64_t *n)
{
	return atomic_load_explicit(n, memory_order_relaxed);
}

static bool
is_turning(const struct worker_leader *l)
{
	return atomic_load_explicit(&l->turning, memory_order_relaxed);
}

/* --- calling slots --- */

static unsigned
n_idle(const struct worker_leader *l)
{
	return atomic_load_explicit(&l->n_idle, memory_order_relaxed);
}

static void
count_idle(struct worker_leader *l, int more)
{
	atomic_store_explicit(
	    &l->n_idle, n_idle(l) + (unsigned)more, memory_order_relaxed);
}

static void
call(struct worker_leader *l, struct worker_slot *s)
{
	list_remove(&s->idle);
	count_idle(l, -1);
	s->called = true;
	pthread_cond_signal(&s->wake);
}

/* The last one that became idle: its memory is the warmest. */
static struct worker_slot *
call_idle(struct worker_leader *l)
{
	struct worker_slot *s;

	if (list_empty(&l->idle))
		return NULL;
	s = LIST_OF(l->idle.next, struct worker_slot, idle);
	call(l, s);
	return s;
}

/* An idle slot leads from now on. False: there is none. */
static bool
hand_over(struct worker_leader *l)
{
	struct worker_slot *s = call_idle(l);

	if (s == NULL)
		return false;
	set_leader(l, s);
	return true;
}

/* What is ready waits for one who does not come soon: one more does. */
static void
call_for_ready(struct worker_leader *l)
{
	if (reactor_has_ready(l->reactor))
		(void)call_idle(l);
}

/* New connections are for a slot that is there to serve them. */
static void
set_free(struct worker_leader *l, const struct worker_slot *s)
{
	bool itself = !s->in_app && s != &l->deputy;

	reactor_set_free(l->reactor, n_idle(l) + itself);
}

static void
stand_by(struct worker_leader *l, struct worker_slot *s, int ms)
{
	list_prepend(&l->idle, &s->idle);
	count_idle(l, 1);
	/* A slot that waits may be turning, as if there were no other. */
	set_free(l, leader_of(l));
	s->called = false;
	reactor_sleep(l->reactor, &s->wake, ms);
	if (!s->called) {
		list_remove(&s->idle);
		count_idle(l, -1);
	}
}

/* --- turning --- */

void
worker_leader_call_main(struct worker_leader *l)
{
	l->calls_main = true;
	pthread_cond_signal(&l->main);
}

/* The main thread of a worker whose slots are others has to know. */
static void
tell_main(struct worker_leader *l)
{
	bool first = reactor_is_stopping(l->reactor) && !l->told;

	if (!first && !reactor_drained(l->reactor))
		return;
	l->told = true;
	worker_leader_call_main(l);
}

static void
turn(struct worker_leader *l, struct worker_slot *s, int ms)
{
	struct reactor *r = l->reactor;

	set_leader(l, s);
	set_free(l, s);
	count(&l->n_turns);
	l->turn_wanted = false;
	atomic_store_explicit(&l->turning, true, memory_order_relaxed);
	(void)reactor_turn(r, ms); /* it has logged what failed */
	atomic_store_explicit(&l->turning, false, memory_order_relaxed);
	if (leader_of(l) != s)
		pthread_cond_broadcast(&l->turn_over);
	tell_main(l);
	if (l->look != NULL)
		l->look(l);
}

/* The deputy leads: s does, as soon as the deputy's turn is over. */
static void
take_over(struct worker_leader *l, struct worker_slot *s)
{
	set_leader(l, s);
	while (is_turning(l)) {
		reactor_wake(l->reactor);
		reactor_sleep(l->reactor, &l->turn_over, l->turn_ms);
		/* We came late, and the deputy thought that we never would. */
		set_leader(l, s);
	}
}

/* Nobody turns, and nobody who should is about to. */
static bool
may_lead(const struct worker_leader *l, const struct worker_slot *s)
{
	const struct worker_slot *leader = leader_of(l);

	if (is_turning(l))
		return false;
	return leader == NULL || leader == s || leader->in_app;
}

/* Somebody is in the application, where he can stay. */
static void
rouse_deputy(struct worker_leader *l)
{
	if (!l->deputy_sleeps)
		return;
	pthread_mutex_lock(&l->tick_lock);
	l->deputy_sleeps = false;
	pthread_cond_signal(&l->deputy.wake);
	pthread_mutex_unlock(&l->tick_lock);
}

static void
begin(struct worker_leader *l, struct worker_slot *s)
{
	s->in_app = true;
	l->n_in_app++;
	rouse_deputy(l);
}

static void
come_back(struct worker_leader *l, struct worker_slot *s)
{
	s->in_app = false;
	l->n_in_app--;
	l->returned = s;
	count(&l->n_returns);
}

/*
 * More is ready, but nobody has turned for a while: s does, without waiting.
 * It keeps the GIL, for whoever has the reactor's lock waits for nothing.
 */
static void
turn_between(struct worker_leader *l, struct worker_slot *s)
{
	if (l->turn_wanted && may_lead(l, s))
		turn(l, s, 0);
}

/* ms != 0: s does not have what it needs to run it yet. */
static struct list *
take(struct worker_leader *l, struct worker_slot *s, int ms)
{
	s->late = ms != 0 && l->may_run != NULL &&
	    reactor_has_ready(l->reactor) && !l->may_run();
	return s->late ? NULL : reactor_take_ready(l->reactor);
}

struct list *
worker_leader_next(struct worker_leader *l, struct worker_slot *s, int ms)
{
	struct list *node;

	/* Looked at without the lock, for it is looked at often. */
	if (ms == 0 && !reactor_has_ready(l->reactor))
		return NULL;
	reactor_lock(l->reactor);
	if (s->in_app)
		come_back(l, s);
	if (ms == 0)
		turn_between(l, s);
	reactor_accept_due(l->reactor);
	node = take(l, s, ms);
	if (node == NULL && !s->late && ms != 0 && leader_of(l) == &l->deputy) {
		take_over(l, s);
		node = take(l, s, ms);
	}
	if (node == NULL && !s->late && ms != 0 && !l->stopping) {
		if (may_lead(l, s))
			turn(l, s, ms < 0 ? l->turn_ms : ms);
		else
			stand_by(l, s, ms);
		node = take(l, s, ms);
	}
	if (node != NULL || s->late)
		begin(l, s);
	reactor_unlock(l->reactor);
	return node;
}

/* --- a slot that waits --- */

void
worker_leader_wait(struct worker_leader *l, struct worker_slot *s)
{
	if (!may_lead(l, s)) {
		reactor_sleep(l->reactor, &s->wake, l->turn_ms);
		return;
	}
	/* Often what it waits for comes at once: no other thread for that. */
	turn(l, s, l->turn_ms);
	if (reactor_has_ready(l->reactor))
		(void)hand_over(l);
}

void
worker_leader_waited(struct worker_leader *l, struct worker_slot *s)
{
	if (leader_of(l) == s)
		rouse_deputy(l);
}

void
worker_leader_wake(struct worker_slot *s)
{
	/* Several threads of one application may wait. */
	pthread_cond_broadcast(&s->wake);
}

/* --- a slot that blocks --- */

/* A direct-mapped table: sites that share a place forget one another. */
static struct worker_site *
site_of(struct worker_leader *l, const void *address)
{
	uintptr_t n = (uintptr_t)address;
	struct worker_site *site = &l->sites[(n ^ n >> 8) % WORKER_SITES];

	if (atomic_load_explicit(&site->address, memory_order_relaxed) !=
	    address) {
		atomic_store_explicit(
		    &site->address, address, memory_order_relaxed);
		atomic_store_explicit(&site->mean_us, 0, memory_order_relaxed);
	}
	return site;
}

static void
learn(struct worker_site *site, uint64_t us)
{
	uint32_t mean =
	    atomic_load_explicit(&site->mean_us, memory_order_relaxed);

	/* One of a second says no more than one of 16 ms. */
	if (us > 16384)
		us = 16384;
	mean = mean - (mean >> MEAN_SHIFT) + (uint32_t)(us >> MEAN_SHIFT);
	atomic_store_explicit(&site->mean_us, mean, memory_order_relaxed);
}

static void
blocks_long(struct worker_leader *l, const struct worker_slot *s)
{
	reactor_lock(l->reactor);
	if (leader_of(l) == s && !is_turning(l))
		(void)hand_over(l);
	else
		call_for_ready(l);
	reactor_unlock(l->reactor);
}

void
worker_leader_blocks(
    struct worker_leader *l, struct worker_slot *s, const void *address)
{
	struct worker_site *site;
	int saved = errno;

	/* There is nobody to call, or nothing to do for him. */
	if (n_idle(l) == 0 ||
	    (leader_of(l) != s && !reactor_has_ready(l->reactor)))
		return;
	site = site_of(l, address);
	s->site = site;
	atomic_store_explicit(&s->blocked_us, time_us(), memory_order_relaxed);
	if (atomic_load_explicit(&site->mean_us, memory_order_relaxed) >
	    LONG_US)
		blocks_long(l, s);
	errno = saved;
}

void
worker_leader_unblocks(struct worker_slot *s)
{
	uint64_t since =
	    atomic_load_explicit(&s->blocked_us, memory_order_relaxed);
	int saved = errno;

	if (since == 0)
		return;
	learn(s->site, time_us() - since);
	atomic_store_explicit(&s->blocked_us, 0, memory_order_relaxed);
	errno = saved;
}

/* --- the deputy --- */

/* The leader has not turned for a whole tick. */
static void
replace(struct worker_leader *l, const struct worker_slot *leader)
{
	bool blocked = atomic_load_explicit(
			   &leader->blocked_us, memory_order_relaxed) != 0;

	/* While it computes it has the GIL, which another slot needs too. */
	if (!blocked || !hand_over(l)) {
		set_leader(l, &l->deputy);
		call_for_ready(l);
	}
}

/* With the tick's lock. */
static void
sleep_a_tick(struct worker_leader *l)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += TICK_MS * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_nsec -= 1000000000L;
		until.tv_sec++;
	}
	pthread_cond_timedwait(&l->deputy.wake, &l->tick_lock, &until);
}

/* A tick, or as long as somebody turns who did when we looked. */
static void
rest(struct worker_leader *l)
{
	pthread_mutex_lock(&l->tick_lock);
	while (l->deputy_sleeps && !l->stopping)
		pthread_cond_wait(&l->deputy.wake, &l->tick_lock);
	if (!l->stopping)
		sleep_a_tick(l);
	pthread_mutex_unlock(&l->tick_lock);
}

/* Nobody has turned for a tick, in which slots have returned, or not. */
static void
look(struct worker_leader *l, bool returned)
{
	const struct worker_slot *leader = leader_of(l);

	if (leader == NULL)
		return;
	if (is_turning(l)) {
		/* Nothing to do but wait for the kernel: so do we. */
		pthread_mutex_lock(&l->tick_lock);
		l->deputy_sleeps = true;
		pthread_mutex_unlock(&l->tick_lock);
	} else if (returned && !l->turn_wanted) {
		/* Calls are short, and many: between two of them is soon. */
		l->turn_wanted = true;
	} else {
		replace(l, leader);
	}
}

/*
 * The only slot that has something to do comes back from the application
 * again and again: it leads. Where there are more of them, they block.
 */
static void
resign(struct worker_leader *l)
{
	if (l->n_in_app != 1 || !l->returned->in_app)
		return;
	set_leader(l, l->returned);
	l->turn_wanted = true;
}

static void
lead(struct worker_leader *l)
{
	uint64_t n_returns = counted(&l->n_returns);

	/* An idle slot that was called may have to wait. */
	turn(l, &l->deputy,
	    n_idle(l) > 0 && reactor_has_ready(l->reactor) ? TICK_MS
							   : l->turn_ms);
	call_for_ready(l);
	if (leader_of(l) == &l->deputy && counted(&l->n_returns) != n_returns)
		resign(l);
}

static void *
deputy_main(void *arg)
{
	struct worker_leader *l = arg;
	uint64_t n_turns, n_returns;

	while (!l->stopping) {
		n_turns = counted(&l->n_turns);
		n_returns = counted(&l->n_returns);
		rest(l);
		if (n_turns != counted(&l->n_turns))
			continue;
		reactor_lock(l->reactor);
		if (n_turns == counted(&l->n_turns))
			look(l, n_returns != counted(&l->n_returns));
		while (leader_of(l) == &l->deputy && !is_turning(l) &&
		    !l->stopping)
			lead(l);
		reactor_unlock(l->reactor);
	}
	return NULL;
}

int
worker_leader_start(struct worker_leader *l, struct reactor *r, int turn_ms)
{
	*l = (struct worker_leader){ .reactor = r, .turn_ms = turn_ms };
	list_init(&l->idle);
	make_cond(&l->turn_over);
	make_cond(&l->main);
	worker_slot_init(&l->deputy);
	pthread_mutex_init(&l->tick_lock, NULL); /* fails in no libc of ours */
	l->deputy_runs =
	    thread_start(&l->deputy_thread, DEPUTY_STACK, deputy_main, l) == 0;
	return l->deputy_runs ? 0 : -E_SYSTEM;
}

void
worker_leader_stop(struct worker_leader *l)
{
	reactor_lock(l->reactor);
	l->stopping = true;
	while (call_idle(l) != NULL)
		;
	pthread_mutex_lock(&l->tick_lock);
	pthread_cond_signal(&l->deputy.wake);
	pthread_mutex_unlock(&l->tick_lock);
	reactor_wake(l->reactor);
	reactor_unlock(l->reactor);
	if (l->deputy_runs)
		pthread_join(l->deputy_thread, NULL);
	l->deputy_runs = false;
}

void
worker_leader_watch(struct worker_leader *l, int ms)
{
	reactor_lock(l->reactor);
	if (!l->calls_main)
		reactor_sleep(l->reactor, &l->main, ms);
	l->calls_main = false;
	reactor_unlock(l->reactor);
}
