/*
 * The dirty arbiter's loop: signals, its template, callers, workers, time.
 */
#include "dirty/dirty_router.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "board/board.h"
#include "sys/fd.h"
#include "sys/log_out.h"
#include "sys/poller.h"
#include "sys/signals.h"
#include "sys/sys_owner.h"

#include "dirty/dirty_stash.h"
#include "dirty/dirty_state.h"
#include "base/banned.h"

#define TICK_MS 1000
#define TICK_MIN_MS 20
#define TICK_BUSY_MS 50      /* while calls run, or something is awaited */
#define TEMPLATE_END_MS 2000 /* for its hooks at the end */
#define EXIT_BOOT 3

static int
read_apps(struct dirty_router *r)
{
	for (unsigned i = 0; i < r->cfg->dirty_apps.n; i++) {
		struct dirty_app *app = &r->apps[r->n_apps];
		const char *spec = r->cfg->dirty_apps.items[i];

		if (r->n_apps == DIRTY_APPS_MAX ||
		    dirty_apps_parse(str_of(spec), app) < 0) {
			log_event(EV_DIRTY_APP_SPEC, spec);
			return -E_BAD_VALUE;
		}
		if (dirty_apps_find(r->apps, r->n_apps, app->path) != NULL)
			continue; /* said twice */
		list_init(&app->queue);
		r->n_apps++;
	}
	return 0;
}

/* Where calls come in: the address, and the door of the tree. */
static void
watch_entrances(struct dirty_router *r)
{
	if (!r->door_watched && r->door >= 0)
		r->door_watched = poller_add(r->poller, r->door, POLLER_IN,
				      DIRTY_SOURCE_DOOR) == 0;
	if (r->listener_watched || r->listener < 0)
		return;
	r->listener_watched = poller_add(r->poller, r->listener, POLLER_IN,
				  DIRTY_SOURCE_LISTENER) == 0;
}

static int
prepare(struct dirty_router *r, struct heritage *h)
{
	struct owner owner;

	r->h = h;
	r->cfg = h->config;
	r->server_board = h->board;
	r->server_row = h->row;
	r->listener = h->dirty_listener;
	r->door = h->dirty_door[0];
	list_init(&r->flush);
	r->uid = geteuid();
	if (owner_find(&owner, r->cfg->user, r->cfg->group) == 0)
		r->uid = owner.uid;
	r->template_link = -1;
	r->callers.kind = DIRTY_KIND_CALLER;
	r->calls.kind = DIRTY_KIND_CALL;
	r->workers.kind = DIRTY_KIND_WORKER;
	r->n_wanted = r->cfg->dirty_workers;
	list_init(&r->pool);
	h->link = -1;
	signals_block(NULL);
	if (read_apps(r) < 0)
		return -E_BAD_VALUE;
	r->stash = dirty_stash_create(r->cfg->dirty_stash_size);
	r->board = board_create();
	r->signal_fd = signals_fd();
	r->poller = poller_open();
	if (r->stash == NULL || r->board == NULL || r->signal_fd < 0 ||
	    r->poller < 0)
		return -E_SYSTEM;
	watch_entrances(r);
	return poller_add(
	    r->poller, r->signal_fd, POLLER_IN, DIRTY_SOURCE_SIGNALS);
}

/* --- signals --- */

static void
close_door(struct dirty_router *r)
{
	if (r->door_watched)
		poller_remove(r->poller, r->door);
	r->door_watched = false;
	fd_close(r->door);
	r->door = -1;
}

static void
stop_begin(struct dirty_router *r)
{
	if (r->stopping)
		return;
	r->stopping = true;
	r->stop_until_ms = clock_ms() + r->cfg->dirty_graceful_timeout;
	if (r->listener_watched)
		poller_remove(r->poller, r->listener);
	r->listener_watched = false;
	fd_close(r->listener);
	r->listener = -1;
	close_door(r);
	dirty_callers_leave(r);
}

/* Another one has come in our place. */
static void
be_succeeded(struct dirty_router *r)
{
	if (r->stopping)
		return;
	close_door(r); /* or our own knock would come back */
	dirty_heir_pass(r);
	stop_begin(r);
}

static void
reap(struct dirty_router *r)
{
	struct child_end end;

	while (child_reap(&end) > 0)
		if (!dirty_parent_on_exit(r, &end))
			(void)dirty_pool_on_exit(r, &end);
	dirty_calls_dispatch(r);
}

static void
reopen_logs(struct dirty_router *r)
{
	(void)log_out_reopen();
	if (r->template_pid > 0)
		kill(r->template_pid, SIGUSR1);
	dirty_pool_signal(r, SIGUSR1);
}

/* New code: a new template, and then workers of it in place of all. */
static void
renew(struct dirty_router *r)
{
	r->renewing = true;
	r->template_again_ms = 0;
	if (r->template_pid > 0)
		kill(r->template_pid, SIGKILL);
}

static void
more(struct dirty_router *r)
{
	if (r->n_wanted < BOARD_ROWS / 2)
		r->n_wanted++;
}

static void
fewer(struct dirty_router *r)
{
	if (r->n_wanted > dirty_apps_least(r->apps, r->n_apps))
		r->n_wanted--;
}

static void
on_signal(struct dirty_router *r, const struct signals_event *ev)
{
	if (signals_by_terminal(ev))
		return; /* the arbiter says what it means */
	switch (ev->sig) {
	case SIGCHLD:
		reap(r);
		return;
	case SIGTERM:
	case SIGINT:
		stop_begin(r);
		return;
	case SIGQUIT:
		stop_begin(r);
		r->quick = true;
		return;
	case SIGUSR2:
		be_succeeded(r);
		return;
	case SIGHUP:
		renew(r);
		return;
	case SIGUSR1:
		reopen_logs(r);
		return;
	case SIGTTIN:
		more(r);
		return;
	case SIGTTOU:
		fewer(r);
		return;
	default:
		return;
	}
}

static void
read_signals(struct dirty_router *r)
{
	struct signals_event ev;

	while (signals_read(r->signal_fd, &ev) > 0)
		on_signal(r, &ev);
}

/* --- the end --- */

/* The template's last hooks, then its end; true: it is gone. */
static bool
end_template(struct dirty_router *r, uint64_t now)
{
	struct link_message m = { .type = LINK_END };

	if (r->template_pid == 0)
		return true;
	if (r->template_end_ms == 0) {
		r->template_end_ms = now;
		if (r->cfg->dirty_worker_exit[0] != '\0' && r->template_live &&
		    link_tell(r->template_link, &m) == 0)
			r->template_end_ms += TEMPLATE_END_MS;
	}
	if (now >= r->template_end_ms)
		kill(r->template_pid, SIGKILL);
	return false;
}

/* A step further; true when all is over. */
static bool
stop_proceed(struct dirty_router *r, uint64_t now)
{
	if (r->quick) {
		dirty_pool_signal(r, SIGKILL);
		if (r->template_pid > 0)
			kill(r->template_pid, SIGKILL);
		return list_empty(&r->pool) && r->template_pid == 0;
	}
	if (r->calls.n == 0)
		dirty_pool_stop(r);
	if (now > r->stop_until_ms)
		dirty_pool_signal(r, SIGKILL);
	if (!list_empty(&r->pool) ||
	    (now <= r->stop_until_ms && !dirty_callers_have_all(r)))
		return false;
	return end_template(r, now);
}

/* --- the loop --- */

static void
on_source(struct dirty_router *r, enum dirty_source source)
{
	switch (source) {
	case DIRTY_SOURCE_LISTENER:
		if (r->listener >= 0)
			dirty_callers_accept(r);
		return;
	case DIRTY_SOURCE_DOOR:
		if (r->door >= 0)
			dirty_links_accept(r);
		return;
	case DIRTY_SOURCE_SIGNALS:
		read_signals(r);
		return;
	case DIRTY_SOURCE_TEMPLATE:
		dirty_parent_on_event(r);
		return;
	}
}

static void
on_event(struct dirty_router *r, const struct poller_event *ev)
{
	struct dirty_worker *w;
	struct dirty_conn *c;

	switch (dirty_table_kind(ev->cookie)) {
	case DIRTY_KIND_CALLER:
		c = dirty_table_get(&r->callers, ev->cookie);
		if (c != NULL)
			dirty_callers_on_event(r, c, ev->events);
		return;
	case DIRTY_KIND_WORKER:
		w = dirty_table_get(&r->workers, ev->cookie);
		if (w != NULL)
			dirty_pool_on_event(r, w, ev->events);
		return;
	default:
		on_source(r, (enum dirty_source)ev->cookie);
	}
}

static bool
is_busy(const struct dirty_router *r)
{
	return r->stopping || r->calls.n > 0 || r->n_boot_deaths > 0 ||
	    r->template_pid == 0 || r->n_alive != r->n_wanted;
}

static bool
turn(struct dirty_router *r)
{
	static struct poller_event events[POLLER_BATCH];
	uint64_t now = clock_ms();
	int n;

	if (now >= r->tick_ms) {
		r->tick_ms = now + TICK_MIN_MS;
		dirty_parent_tick(r, now);
		dirty_pool_tick(r, now);
		dirty_calls_tick(r, now);
		dirty_buf_tick(r, now);
	}
	if (!r->stopping)
		watch_entrances(r);
	else if (stop_proceed(r, now))
		return false;
	n = poller_wait(r->poller, events, is_busy(r) ? TICK_BUSY_MS : TICK_MS);
	for (int i = 0; i < n; i++)
		on_event(r, &events[i]);
	dirty_callers_flush_all(r);
	return true;
}

int
dirty_router_run(struct heritage *h)
{
	struct dirty_router *r = calloc(1, sizeof(*r));

	if (r == NULL || prepare(r, h) < 0) {
		log_event(EV_DIRTY_PREPARE);
		free(r);
		return EXIT_BOOT;
	}
	dirty_pidfile_begin(r);
	log_event(
	    EV_DIRTY_START, (int)getpid(), r->n_wanted, r->cfg->dirty_threads);
	while (turn(r))
		;
	dirty_pidfile_end(r);
	log_event(EV_DIRTY_SHUTDOWN);
	return 0;
}
