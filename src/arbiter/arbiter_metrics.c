/*
 * arbiter_metrics: what only the arbiter knows, to statsd. Nobody waits.
 */
#include "arbiter/arbiter_state.h"
#include "config/config.h"
#include "sys/sock.h"
#include "telemetry/statsd.h"

#include "base/banned.h"

#define EVERY_MS 1000
#define WORKERS_EVERY 10 /* of those: a server that comes later knows, too */

static unsigned
count_workers(const struct arbiter *a)
{
	struct list *n;
	unsigned count = 0;

	for (n = a->workers.next; n != &a->workers; n = n->next)
		count += LIST_OF(n, struct worker, node)->pid > 0;
	return count;
}

/* Connections that nobody has accepted, at all listeners that can tell. */
static void
send_backlog(const struct arbiter *a)
{
	unsigned sum = 0;
	bool known = false;

	for (unsigned i = 0; i < a->n_listening; i++) {
		int n = sock_backlog(a->listening[i].fd);

		if (n < 0)
			continue;
		known = true;
		sum += (unsigned)n;
	}
	if (known)
		statsd_number(STR("gunicorn.backlog"), sum, STR("h"));
}

void
arbiter_metrics_tick(struct arbiter *a, uint64_t now)
{
	static unsigned last = UINT32_MAX, ticks;
	static uint64_t next_ms;
	unsigned workers = count_workers(a);
	bool due = now >= next_ms;

	if (workers != last || (due && ticks % WORKERS_EVERY == 0))
		statsd_number(STR("gunicorn.workers"), workers, STR("g"));
	last = workers;
	if (!due)
		return;
	ticks++;
	next_ms = now + EVERY_MS;
	/* What an arbiter has adopted has no configuration at first. */
	if (a->current != NULL && a->current->config != NULL &&
	    a->current->config->enable_backlog_metric)
		send_backlog(a);
}
