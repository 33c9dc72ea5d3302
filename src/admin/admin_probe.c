/*
 * One row a page. Readiness is about workers, liveness about the arbiter:
 * a server whose workers are all busy or gone is alive, and restarting its
 * container would not help it.
 */
#include "admin/admin_probe.h"

#include <stdatomic.h>
#include <stdio.h>

#include "admin/admin.h"
#include "board/board.h"
#include "role/role.h"

#include "base/banned.h"

static const struct admin_answer ok = { 200, "OK", "ok" };

static struct admin_answer
not_now(const char *text)
{
	return (struct admin_answer){ 503, "Service Unavailable", text };
}

static struct admin_answer
livez(const struct board *b, uint64_t now_ms)
{
	uint64_t stamp = atomic_load(&b->arbiter_ms);

	/* Before the first stamp the start counts. */
	if (stamp == 0)
		stamp = atomic_load(&b->started_ms);
	if (now_ms > stamp && now_ms - stamp > ADMIN_STALE_MS)
		return not_now("the arbiter gives no sign of life");
	return ok;
}

static struct admin_answer
readyz(const struct board *b, uint64_t now_ms)
{
	(void)now_ms;
	switch (atomic_load(&b->phase)) {
	case BOARD_STARTING:
		return not_now("starting");
	case BOARD_STOPPING:
		return not_now("stopping");
	default:
		break;
	}
	if (atomic_load(&b->n_ready) == 0)
		return not_now("no worker serves");
	return ok;
}

static struct admin_answer
startupz(const struct board *b, uint64_t now_ms)
{
	(void)now_ms;
	if (atomic_load(&b->phase) == BOARD_STARTING)
		return not_now("starting");
	return ok;
}

/* Sums over all HTTP workers, a number a line: "requests 12". */
static struct admin_answer
statusz(const struct board *b, uint64_t now_ms)
{
	static char text[512]; /* one thread, and sent before the next one */
	uint64_t open = 0, requests = 0, waiting = 0, since = 0, busy = 0;
	unsigned workers = 0;

	for (unsigned i = 0; i < BOARD_ROWS; i++) {
		const struct board_row *row = &b->rows[i];
		uint64_t ms = atomic_load(&row->ready_ms);

		if (atomic_load(&row->state) < BOARD_READY ||
		    atomic_load(&row->role) != ROLE_WORKER)
			continue;
		workers++;
		open += atomic_load(&row->n_open);
		requests += atomic_load(&row->n_requests);
		waiting += atomic_load(&row->n_ready);
		if (ms != 0 && (since == 0 || ms < since))
			since = ms;
		for (unsigned k = 0; k < BOARD_SLOTS; k++)
			busy +=
			    atomic_load(&row->slots[k].call_started_ms) != 0;
	}
	since = since == 0 || since > now_ms ? 0 : now_ms - since;
	snprintf(text, sizeof(text),
	    "workers %u\nconnections %llu\nrequests %llu\nbusy %llu\n"
	    "waiting %llu\nwaiting_ms %llu",
	    workers, (unsigned long long)open, (unsigned long long)requests,
	    (unsigned long long)busy, (unsigned long long)waiting,
	    (unsigned long long)since);
	return (struct admin_answer){ 200, "OK", text };
}

static const struct {
	const char *path;
	struct admin_answer (*answer)(const struct board *b, uint64_t now_ms);
} pages[] = {
	{ "/livez", livez },
	{ "/readyz", readyz },
	{ "/startupz", startupz },
	{ "/statusz", statusz },
};
#define N_PAGES (sizeof(pages) / sizeof(pages[0]))

struct admin_answer
admin_probe(
    const struct admin_request *r, const struct board *b, uint64_t now_ms)
{
	size_t i;

	for (i = 0; i < N_PAGES; i++) {
		if (!str_eq(r->path, str_of(pages[i].path)))
			continue;
		if (!str_eq(r->method, STR("GET")) &&
		    !str_eq(r->method, STR("HEAD")))
			return (struct admin_answer){ 405, "Method Not Allowed",
				"GET and HEAD only" };
		return pages[i].answer(b, now_ms);
	}
	return (struct admin_answer){ 404, "Not Found",
		"there are /livez, /readyz, /startupz and /statusz" };
}
