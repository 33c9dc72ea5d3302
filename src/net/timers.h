/*
 * timers: deadlines in milliseconds, kept in a heap. Setting one to a later
 * time only notes it (most of them never run out): the heap looks again when
 * the earlier time has come. Bounded by what reserves room.
 */
#ifndef NET_TIMERS_H
#define NET_TIMERS_H

#include <stddef.h>
#include <stdint.h>

#define TIMER_OFF UINT64_MAX

struct timer {
	uint64_t due;                  /* TIMER_OFF: does not run */
	uint64_t key;                  /* where it stands in the heap, <= due */
	size_t place;                  /* in the heap, from 1; 0: not in it */
	void (*fire)(struct timer *t); /* it has run out and is off */
};

struct timers {
	struct timer **heap; /* [1..n] */
	size_t n, size;
};

/* No allocation yet. */
void timers_init(struct timers *ts);
/* The timers in it are forgotten. */
void timers_finish(struct timers *ts);
/* Room for n timers in all: 0 or -E_NOMEM. Never gets smaller. */
int timers_reserve(struct timers *ts, size_t n);

void timer_init(struct timer *t, void (*fire)(struct timer *t));
/* Runs out at due_ms. There must be room reserved for it. */
void timer_set(struct timers *ts, struct timer *t, uint64_t due_ms);
/* Does not run; may stay in the heap for a while. */
void timer_off(struct timer *t);
/* Out of the heap: before its memory goes. */
void timer_remove(struct timers *ts, struct timer *t);

/* Lets all fire whose time has come. */
void timers_run(struct timers *ts, uint64_t now_ms);
/* When to run next, at the latest; TIMER_OFF when there is none. */
uint64_t timers_next(const struct timers *ts);

#endif
