/*
 * stop: readiness ends at once, then accepting, then the requests that run,
 * then everything. Run by the arbiter; each step has its time.
 */
#include <signal.h>

#include "base/clock.h"
#include "base/log.h"
#include "config/config.h"

#include "arbiter/arbiter_state.h"
#include "base/banned.h"

#define GRACEFUL_DEFAULT_MS 30000 /* before any configuration is known */
#define KILL_GRACE_MS 1000        /* workers end themselves a little before */
#define QUICK_MS 2000             /* for those who do not wait for requests */

/* Tells all workers once the readiness has been down for shutdown_delay. */
static void
tell_workers(struct arbiter *a, uint64_t now)
{
	const struct config *cfg = generation_config(a);
	uint64_t graceful =
	    cfg != NULL ? cfg->graceful_timeout : GRACEFUL_DEFAULT_MS;

	if (a->stop == STOP_QUICK && graceful > QUICK_MS)
		graceful = QUICK_MS;
	a->stop_told_ms = 0;
	a->stop_until_ms = now + graceful + KILL_GRACE_MS;
	workers_signal(a, a->stop == STOP_QUICK ? SIGQUIT : SIGTERM);
}

void
stop_begin(struct arbiter *a, enum stop_kind kind, int exit_status)
{
	const struct config *cfg = generation_config(a);
	uint64_t now = clock_ms();

	if (a->stop == STOP_NONE)
		a->exit_status = exit_status;
	if (kind <= a->stop)
		return; /* it is on its way */
	if (a->stop == STOP_NONE)
		systemd_stopping(a);
	a->stop = kind;
	atomic_store(&a->board->handed_on, a->new_pid != 0);
	atomic_store(&a->board->phase, BOARD_STOPPING);
	a->stop_told_ms = now;
	if (kind == STOP_GRACEFUL && cfg != NULL && workers_any(a))
		a->stop_told_ms += cfg->shutdown_delay;
	if (a->stop_told_ms <= now)
		tell_workers(a, now);
}

/* Admin goes last, templates when no worker's end is to be told any more. */
static bool
end_helpers(struct arbiter *a, bool overdue, uint64_t now)
{
	struct list *n;
	bool any = a->admin_pid > 0;

	/* They are last: requests that run may call them. */
	if (!workers_any(a) && arbiter_dirty_stop(a, now))
		any = true;

	for (n = a->generations.next; n != &a->generations; n = n->next) {
		struct generation *g = LIST_OF(n, struct generation, node);

		any = any || g->template_pid > 0;
		if (overdue || !workers_any(a) || !arbiter_hooks_at_end(g))
			arbiter_hooks_end(
			    a, g, g == a->current || a->current == NULL, now);
	}
	if (!workers_any(a) && a->admin_pid > 0)
		kill(a->admin_pid, SIGKILL);
	return any;
}

bool
stop_proceed(struct arbiter *a, uint64_t now)
{
	bool overdue;

	if (a->stop_told_ms != 0) {
		if (now < a->stop_told_ms)
			return false;
		tell_workers(a, now);
	}
	overdue = workers_any(a) && now > a->stop_until_ms;
	if (overdue) {
		log_event(EV_ARBITER_STOP_OVERDUE);
		workers_signal(a, SIGKILL);
		a->stop_until_ms = now + KILL_GRACE_MS;
	}
	if (end_helpers(a, overdue, now) || workers_any(a))
		return false;
	return true;
}
