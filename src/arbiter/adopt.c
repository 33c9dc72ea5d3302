/*
 * adopt: under init, an arbiter that follows another finds that one's workers
 * in the scoreboard, serving. They are no children of its: signals go by
 * pidfd, and how they end init writes into their rows. They are replaced one
 * by one by workers of the new template, as at a reload.
 */
#include <signal.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "role/role.h"
#include "sys/sys_fork.h"

#include "arbiter/arbiter_state.h"
#include "base/banned.h"

/* Templates and admin have ended with their arbiter. */
static bool
is_worker(struct board_row *row)
{
	return atomic_load(&row->role) == ROLE_WORKER &&
	    atomic_load(&row->pid) > 0;
}

/* The process of a row, if it lives: 0 or -E_*. */
static int
adopt(struct arbiter *a, struct generation *g, unsigned n)
{
	struct board_row *row = &a->board->rows[n];
	uint32_t state = atomic_load(&row->state);
	struct worker *w;

	if (kill(atomic_load(&row->pid), 0) < 0)
		return -E_NOT_FOUND;
	w = workers_add(a, g, n, atomic_load(&row->pid));
	if (w == NULL)
		return -E_NOMEM;
	w->adopted = true;
	w->pidfd = sys_pidfd_open(w->pid);
	if (w->pidfd < 0)
		w->pidfd = -1; /* an old kernel: then by number */
	w->ready = state >= BOARD_READY;
	w->draining = state == BOARD_DRAINING;
	w->told_ms = clock_ms();
	return 0;
}

/* The newest generation among the rows in use; 0: there are none. */
static unsigned
newest(struct board *b)
{
	unsigned max = 0, number;

	for (unsigned i = 0; i < BOARD_ROWS; i++) {
		if (atomic_load(&b->rows[i].state) == BOARD_FREE)
			continue;
		number = atomic_load(&b->rows[i].generation);
		max = number > max ? number : max;
	}
	return max;
}

int
adopt_all(struct arbiter *a)
{
	unsigned number = newest(a->board), n = 0;
	struct generation *g;

	if (number == 0)
		return 0;
	g = generation_adopt(a, number);
	if (g == NULL)
		return -E_NOMEM;
	for (unsigned i = 0; i < BOARD_ROWS; i++) {
		struct board_row *row = &a->board->rows[i];

		if (atomic_load(&row->state) == BOARD_FREE)
			continue;
		if (is_worker(row) && adopt(a, g, i) == 0)
			n++;
		else
			board_free_row(a->board, i);
	}
	if (n > 0)
		a->current = g; /* else the sweep takes it */
	log_event(EV_ARBITER_ADOPTS, n);
	return 0;
}
