/*
 * arbiter_hooks: what templates are told so that hooks can run. Run by the
 * arbiter, which waits for none of them: a message that has no room is lost,
 * and a template that does not end in time is killed.
 */
#include <signal.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/hook.h"
#include "base/log.h"
#include "config/config.h"

#include "arbiter/arbiter_state.h"
#include "base/banned.h"

#define END_MS 5000   /* for the hooks of the end */
#define HANGS_MS 5000 /* a hook that runs for longer is named */
#define HANGS_AGAIN_MS 30000

/* Does anything in the template look at that? What server shows, always. */
static bool
is_wanted(const struct config *cfg, enum link_type type)
{
	if (type == LINK_WHEN_READY)
		return cfg->when_ready[0] != '\0';
	if (type == LINK_PRE_EXEC)
		return cfg->pre_exec[0] != '\0';
	return true;
}

bool
arbiter_hooks_at_end(const struct generation *g)
{
	return g->loaded && g->link >= 0 &&
	    (g->config->on_exit[0] != '\0' ||
		g->config->child_exit[0] != '\0' ||
		config_has_logger(g->config));
}

void
arbiter_hooks_tell(
    struct generation *g, enum link_type type, unsigned row, int number)
{
	struct link_message m = { .type = type, .row = row, .number = number };
	int rc;

	if (g == NULL || !g->loaded || g->link < 0 ||
	    !is_wanted(g->config, type))
		return;
	rc = link_tell(g->link, &m);
	if (rc < 0 && rc != -E_EOF)
		log_event(EV_ARBITER_HOOK_LOST, error_text(rc));
}

static bool
can_hear(const struct generation *g)
{
	return g != NULL && g->loaded && g->link >= 0 && g->end_ms == 0;
}

uint64_t
arbiter_hooks_pre_exec(struct generation *g, uint64_t now)
{
	const struct link_message run = { .type = LINK_PRE_EXEC };
	const struct link_message end = { .type = LINK_END };

	if (!can_hear(g) || !is_wanted(g->config, LINK_PRE_EXEC) ||
	    link_tell(g->link, &run) < 0 || link_tell(g->link, &end) < 0)
		return 0;
	g->end_ms = now + END_MS;
	return g->end_ms;
}

void
arbiter_hooks_child_exit(
    struct arbiter *a, struct generation *g, unsigned age, pid_t pid)
{
	/* Whose template has died leaves its workers to the next one. */
	if (!can_hear(g))
		g = can_hear(a->current) ? a->current : a->candidate;
	arbiter_hooks_tell(g, LINK_CHILD_EXIT, age, (int)pid);
}

void
arbiter_hooks_n_workers(struct arbiter *a, unsigned before)
{
	if (a->n_workers != before)
		arbiter_hooks_tell(
		    a->current, LINK_N_WORKERS, a->n_workers, (int)before);
}

void
arbiter_hooks_end(
    struct arbiter *a, struct generation *g, bool server, uint64_t now)
{
	struct link_message m = { .type = LINK_END, .number = server };

	if (g->template_pid <= 0)
		return;
	if (g->end_ms == 0) {
		g->end_ms = now;
		arbiter_log_choose(a);
		if (arbiter_hooks_at_end(g) && link_tell(g->link, &m) == 0)
			g->end_ms += END_MS;
	}
	if (now < g->end_ms)
		return;
	arbiter_hooks_watch(a, now);
	kill(g->template_pid, SIGKILL);
}

static void
watch_row(struct board_row *row, uint64_t now)
{
	for (unsigned i = 0; i < BOARD_HOOKS; i++) {
		struct board_hook *h = &row->hooks[i];
		uint64_t since = atomic_load(&h->started_ms);
		uint64_t named = atomic_load(&h->named_ms);

		if (since == 0 || now < since + HANGS_MS ||
		    (named > since && now < named + HANGS_AGAIN_MS))
			continue;
		atomic_store(&h->named_ms, now);
		log_event(EV_ARBITER_HOOK_HANGS,
		    hook_name((enum hook)atomic_load(&h->hook)),
		    (int)atomic_load(&row->pid),
		    (unsigned)((now - since) / 1000));
	}
}

void
arbiter_hooks_watch(struct arbiter *a, uint64_t now)
{
	struct list *n;

	for (n = a->generations.next; n != &a->generations; n = n->next) {
		struct generation *g = LIST_OF(n, struct generation, node);

		if (g->template_pid > 0)
			watch_row(&a->board->rows[g->template_row], now);
	}
	for (n = a->workers.next; n != &a->workers; n = n->next)
		watch_row(
		    &a->board->rows[LIST_OF(n, struct worker, node)->row], now);
}
