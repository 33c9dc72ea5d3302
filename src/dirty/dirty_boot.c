/*
 * Applications that cannot be made. Who shares a worker with one goes on
 * without it: after its first failure it is in no worker's set, and only a
 * probe, a worker with nothing else, tries again from time to time, so that
 * nobody else's memory is taken for that. When a probe succeeds, workers are
 * replaced by such that hold it, one after another. Run by the dirty arbiter.
 */
#include "dirty/dirty_state.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/num.h"

#include "base/banned.h"

#define AGAIN_MS 500ull /* doubles with each failure in a row */
#define DOUBLINGS 4
#define LIMIT_MAX 1000000

static struct dirty_worker *
worker_at(struct list *node)
{
	return LIST_OF(node, struct dirty_worker, node);
}

void
dirty_boot_on_hello(struct dirty_router *r, struct str text)
{
	uint64_t limit;

	while (text.len > 0) {
		struct str line = str_cut(&text, '\n');
		struct str path = str_cut(&line, '\t');
		struct dirty_app *app =
		    dirty_apps_find(r->apps, r->n_apps, path);

		if (app == NULL || num_dec(line, LIMIT_MAX, &limit) < 0)
			continue;
		if (!app->limit_given)
			app->limit = (unsigned)limit;
		app->limit_known = true;
	}
}

void
dirty_boot_on_making(
    struct dirty_router *r, struct dirty_worker *w, struct str path)
{
	w->making = dirty_apps_find(r->apps, r->n_apps, path);
	w->boot_ms = clock_ms();
}

void
dirty_boot_on_ready(struct dirty_router *r, struct dirty_worker *w)
{
	r->n_boot_deaths = 0;
	w->making = NULL;
	for (unsigned i = 0; i < r->n_apps; i++)
		if (w->apps.has[i])
			r->apps[i].n_failures = 0;
	if (!w->probe)
		return;
	if (dirty_pool_n_staying(r) < r->n_wanted)
		w->probe = false;
	else
		dirty_pool_retire(r, w, NULL);
}

static uint64_t
again_ms(unsigned n_failures)
{
	unsigned doublings = n_failures < DOUBLINGS ? n_failures : DOUBLINGS;

	return clock_ms() + (AGAIN_MS << doublings);
}

void
dirty_boot_on_death(struct dirty_router *r, const struct dirty_worker *w)
{
	struct dirty_app *app = w->making;

	log_event(EV_DIRTY_WORKER_BOOT_FAILED, (int)w->pid);
	if (app == NULL) {
		r->spawn_again_ms = again_ms(r->n_boot_deaths++);
		return;
	}
	app->again_ms = again_ms(app->n_failures++);
	log_event(EV_DIRTY_APP_FAILED, STR_ARG(app->path), app->n_failures);
}

bool
dirty_boot_any_failed(const struct dirty_router *r)
{
	for (unsigned i = 0; i < r->n_apps; i++)
		if (r->apps[i].n_failures > 0)
			return true;
	return false;
}

static void
probe(struct dirty_router *r, struct dirty_app *app, uint64_t now)
{
	struct dirty_apps_set set = { .n = 1 };

	if (now < app->again_ms)
		return;
	set.has[app - r->apps] = true;
	if (dirty_pool_spawn(r, &set, true) < 0)
		app->again_ms = now + AGAIN_MS;
}

/* The oldest worker that lacks it; NULL: none, or somebody still boots. */
static struct dirty_worker *
without(struct dirty_router *r, const struct dirty_app *app)
{
	struct dirty_worker *found = NULL;
	struct list *n;

	for (n = r->pool.next; n != &r->pool; n = n->next) {
		struct dirty_worker *w = worker_at(n);

		if (w->state == DIRTY_WORKER_BOOTING)
			return NULL;
		if (w->state == DIRTY_WORKER_READY && found == NULL &&
		    !w->apps.has[app - r->apps])
			found = w;
	}
	return found;
}

void
dirty_boot_mend(struct dirty_router *r, uint64_t now)
{
	struct dirty_apps_set set;
	struct dirty_worker *w;

	for (unsigned i = 0; i < r->n_apps; i++) {
		struct dirty_app *app = &r->apps[i];

		if (!dirty_apps_lacks(app, r->n_wanted))
			continue;
		if (app->n_failures > 0) {
			/* Nobody is at it just now. */
			if (app->n_holders == app->n_ready)
				probe(r, app, now);
			continue;
		}
		w = dirty_pool_n_staying(r) < r->n_wanted ? NULL
							  : without(r, app);
		if (w == NULL)
			continue;
		set = w->apps;
		set.has[i] = true;
		set.n++;
		dirty_pool_retire(r, w, &set);
	}
}
