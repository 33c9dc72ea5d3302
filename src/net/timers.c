/*
 * The heap of deadlines. Run by the holder of the reactor.
 */
#include <stdlib.h>

#include "base/check.h"
#include "base/error.h"
#include "net/timers.h"

#include "base/banned.h"

void
timers_init(struct timers *ts)
{
	*ts = (struct timers){ .heap = NULL };
}

void
timers_finish(struct timers *ts)
{
	for (size_t i = 1; i <= ts->n; i++)
		ts->heap[i]->place = 0;
	free(ts->heap);
	timers_init(ts);
}

int
timers_reserve(struct timers *ts, size_t n)
{
	size_t size = ts->size == 0 ? 64 : ts->size;
	struct timer **heap;

	if (n <= ts->size)
		return 0;
	while (size < n)
		size *= 2;
	heap = realloc(ts->heap, (size + 1) * sizeof(struct timer *));
	if (heap == NULL)
		return -E_NOMEM;
	ts->heap = heap;
	ts->size = size;
	return 0;
}

void
timer_init(struct timer *t, void (*fire)(struct timer *t))
{
	*t = (struct timer){ .due = TIMER_OFF, .fire = fire };
}

static void
put(struct timers *ts, size_t place, struct timer *t)
{
	ts->heap[place] = t;
	t->place = place;
}

static void
sift_up(struct timers *ts, struct timer *t)
{
	size_t place = t->place, up;

	while ((up = place / 2) > 0 && ts->heap[up]->key > t->key) {
		put(ts, place, ts->heap[up]);
		place = up;
	}
	put(ts, place, t);
}

static void
sift_down(struct timers *ts, struct timer *t)
{
	size_t place = t->place, down;

	while ((down = place * 2) <= ts->n) {
		if (down < ts->n &&
		    ts->heap[down + 1]->key < ts->heap[down]->key)
			down++;
		if (ts->heap[down]->key >= t->key)
			break;
		put(ts, place, ts->heap[down]);
		place = down;
	}
	put(ts, place, t);
}

void
timer_set(struct timers *ts, struct timer *t, uint64_t due_ms)
{
	t->due = due_ms;
	if (t->place == 0) {
		CHECK(ts->n < ts->size);
		t->key = due_ms;
		put(ts, ++ts->n, t);
		sift_up(ts, t);
	} else if (due_ms < t->key) {
		t->key = due_ms;
		sift_up(ts, t);
	}
}

void
timer_off(struct timer *t)
{
	t->due = TIMER_OFF;
}

void
timer_remove(struct timers *ts, struct timer *t)
{
	struct timer *last;

	t->due = TIMER_OFF;
	if (t->place == 0)
		return;
	last = ts->heap[ts->n--];
	if (last != t) {
		put(ts, t->place, last);
		sift_up(ts, last);
		sift_down(ts, last);
	}
	t->place = 0;
}

/* The first in the heap has come up: fires, moves to its real time, or goes. */
static void
run_first(struct timers *ts, struct timer *t, uint64_t now_ms)
{
	if (t->due <= now_ms) {
		timer_remove(ts, t);
		t->fire(t);
	} else if (t->due == TIMER_OFF) {
		timer_remove(ts, t);
	} else {
		t->key = t->due;
		sift_down(ts, t);
	}
}

void
timers_run(struct timers *ts, uint64_t now_ms)
{
	/* One that sets itself to now again has its turn the next time. */
	size_t rounds = ts->n;

	while (rounds-- > 0 && ts->n > 0 && ts->heap[1]->key <= now_ms)
		run_first(ts, ts->heap[1], now_ms);
}

uint64_t
timers_next(const struct timers *ts)
{
	return ts->n == 0 ? TIMER_OFF : ts->heap[1]->key;
}
