/*
 * One row a page. Readiness is about workers, liveness about the arbiter:
 * a server whose workers are all busy or gone is alive, and restarting its
 * container would not help it.
 */
#include "admin/admin_probe.h"

#include <stdatomic.h>

#include "admin/admin.h"
#include "board/board.h"

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

static const struct {
	const char *path;
	struct admin_answer (*answer)(const struct board *b, uint64_t now_ms);
} pages[] = {
	{ "/livez", livez },
	{ "/readyz", readyz },
	{ "/startupz", startupz },
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
		"there are /livez, /readyz and /startupz" };
}
