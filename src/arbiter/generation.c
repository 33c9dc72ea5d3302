/*
 * generation: one configuration with the template that read it, from its
 * start to the end of its last worker. Run by the arbiter.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/version.h"
#include "config/config.h"
#include "role/role.h"
#include "sys/fd.h"
#include "sys/signals.h"

#include "arbiter/arbiter.h"
#include "arbiter/arbiter_state.h"
#include "base/banned.h"

#define SHOWN_MAX ((size_t)1 << 21)
#define CONFIG_MEM_LEN (256 * 1024)
#define BOOT_REMINDER_MS 30000
#define TEMPLATE_AGAIN_MS 1000ull /* doubles with each death in a row */
#define TEMPLATE_DOUBLINGS 5

static struct generation *
generation_at(struct list *node)
{
	return LIST_OF(node, struct generation, node);
}

struct generation *
generation_by_template(struct arbiter *a, pid_t pid)
{
	struct list *n;

	for (n = a->generations.next; n != &a->generations; n = n->next)
		if (generation_at(n)->template_pid == pid)
			return generation_at(n);
	return NULL;
}

void
generation_signal(struct arbiter *a, int sig)
{
	struct list *n;

	for (n = a->generations.next; n != &a->generations; n = n->next)
		if (generation_at(n)->template_pid > 0)
			kill(generation_at(n)->template_pid, sig);
}

static void
close_link(struct generation *g)
{
	if (g->link >= 0)
		fd_close(g->link);
	g->link = -1;
}

static void
destroy(struct generation *g)
{
	arbiter_log_forget(g);
	close_link(g);
	config_draft_destroy(g->draft);
	buf_finish(&g->shown);
	if (g->config_mem != NULL)
		munmap(g->config_mem, CONFIG_MEM_LEN);
	free(g);
}

/* Memory, draft and number of a new generation; NULL when there is none. */
static struct generation *
create(struct arbiter *a)
{
	struct generation *g;

	g = calloc(1, sizeof(*g));
	if (g == NULL)
		return NULL;
	g->link = -1;
	g->number = a->last_generation + 1;
	g->asked_ms = g->started_ms = clock_ms();
	g->draft =
	    config_draft_copy(a->reread != NULL ? a->reread : a->h->draft);
	g->config_mem = mmap(NULL, CONFIG_MEM_LEN, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (g->config_mem == MAP_FAILED)
		g->config_mem = NULL;
	if (g->draft == NULL || g->config_mem == NULL) {
		destroy(g);
		return NULL;
	}
	return g;
}

struct generation *
generation_adopt(struct arbiter *a, unsigned number)
{
	struct generation *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return NULL;
	g->number = number;
	g->state = GENERATION_OVER;
	g->proven = true;
	g->link = -1;
	list_append(&a->generations, &g->node);
	a->last_generation = number;
	return g;
}

const struct config *
generation_config(const struct arbiter *a)
{
	if (a->current != NULL && a->current->config != NULL)
		return a->current->config;
	return a->candidate != NULL ? a->candidate->config : NULL;
}

/* Forks g's template. 0 or -E_*. */
static int
start_template(struct arbiter *a, struct generation *g)
{
	struct heritage h = *a->h;
	int ends[2], rc, saved;
	pid_t pid;

	rc = link_pair(ends);
	if (rc < 0)
		return rc;
	rc = -E_FULL;
	h.row = board_take_row(a->board, ROLE_TEMPLATE, g->number);
	if (h.row == BOARD_NO_ROW)
		goto close_ends;
	h.generation = g->number;
	h.config_mem = g->config_mem;
	h.config_mem_len = CONFIG_MEM_LEN;
	h.link = ends[1];
	arbiter_open(a, &h);
	pid = role_start(ROLE_TEMPLATE, &h);
	rc = (int)pid;
	if (pid < 0)
		goto free_row;
	fd_close(ends[1]);
	g->link = ends[0];
	g->template_pid = pid;
	g->template_row = h.row;
	return 0;

free_row:
	board_free_row(a->board, h.row);
close_ends:
	saved = errno;
	fd_close(ends[0]);
	fd_close(ends[1]);
	errno = saved;
	return rc;
}

void
generation_retire(struct arbiter *a, struct generation *g)
{
	g->state = GENERATION_OVER;
	if (workers_of(a, g) == 0 || !g->loaded)
		arbiter_hooks_end(a, g, false, clock_ms());
}

static void
give_up_candidate(struct arbiter *a)
{
	effects_undo(a, a->candidate);
	generation_retire(a, a->candidate);
	workers_dismiss(a, a->candidate);
	a->candidate = NULL;
}

int
generation_start(struct arbiter *a)
{
	struct generation *g;
	int rc = -E_NOMEM;

	if (a->candidate != NULL)
		give_up_candidate(a);
	a->template_again_ms = 0;
	g = create(a);
	if (g != NULL)
		rc = start_template(a, g);
	if (rc < 0) {
		log_event(EV_ARBITER_TEMPLATE_FAILED,
		    rc == -E_SYSTEM ? strerror(errno) : error_text(rc));
		if (g != NULL)
			destroy(g);
		a->template_again_ms = clock_ms() + TEMPLATE_AGAIN_MS;
		return rc;
	}
	a->last_generation = g->number;
	list_append(&a->generations, &g->node);
	a->candidate = g;
	return 0;
}

void
generation_reload(struct arbiter *a)
{
	struct config_problem problem = { "out of memory" };
	struct config_draft *d = config_draft_create();
	int rc = -E_NOMEM;

	if (d != NULL)
		rc = config_read(d, a->h->argc, a->h->argv, environ, &problem);
	if (rc < 0) {
		config_draft_destroy(d);
		log_event(EV_ARBITER_CONFIG, problem.text);
		log_event(EV_ARBITER_RELOAD_FAILED);
		return;
	}
	config_draft_destroy(a->reread);
	a->reread = d;
	a->n_boot_deaths = 0; /* those were of what it replaces */
	a->spawn_again_ms = 0;
	if (generation_start(a) < 0)
		return;
	a->candidate->is_reload = true;
	systemd_reloading(a);
}

/* After a pause, which doubles with each try in a row. */
static void
try_again(struct arbiter *a)
{
	unsigned doublings = a->n_template_deaths;

	if (doublings > TEMPLATE_DOUBLINGS)
		doublings = TEMPLATE_DOUBLINGS;
	a->template_again_ms = clock_ms() + (TEMPLATE_AGAIN_MS << doublings);
	a->n_template_deaths++;
}

void
generation_fail(struct arbiter *a, struct generation *g, int exit_status)
{
	if (a->candidate == g)
		give_up_candidate(a);
	if (a->current == NULL) {
		stop_begin(a, STOP_GRACEFUL, exit_status);
		return;
	}
	log_event(EV_ARBITER_RELOAD_FAILED);
	if (a->current->template_pid == 0 && a->template_again_ms == 0)
		try_again(a); /* nobody is there to replace workers */
}

/* The configuration file's name, as whoever started us has it. */
static const char *
file_name(const struct generation *g)
{
	const char *name = config_draft_text(g->draft, "config");

	return name[0] == '\0' ? "gunicorn.conf.py" : name;
}

static void
on_setting(
    struct arbiter *a, struct generation *g, const struct link_message *m)
{
	struct config_problem problem = { "" };
	struct str text = m->text;
	struct str name = str_cut(&text, '\0');
	char name_z[64];

	if (str_to_z(name, name_z, sizeof(name_z)) < 0)
		return;
	if (config_draft_set(g->draft, CONFIG_SOURCE_FILE, file_name(g), name_z,
		text, &problem) == -E_BAD_VALUE) {
		log_event(EV_ARBITER_CONFIG, problem.text);
		generation_fail(a, g, ARBITER_EXIT_CONFIG);
	}
}

/* Hands the frozen configuration and the listeners to the template. */
static int
send_frozen(struct arbiter *a, struct generation *g)
{
	struct link_message m = { .type = LINK_FROZEN };

	m.number = !a->was_loaded ? LINK_REASON_START
	    : g->is_reload        ? LINK_REASON_RELOAD
				  : LINK_REASON_REPLACEMENT;
	for (unsigned i = 0; i < a->n_listening; i++)
		if (a->listening[i].used)
			m.fds[m.n_fds++] = a->listening[i].fd;
	return link_send(g->link, &m);
}

static bool
is_check(const struct generation *g)
{
	return g->config != NULL && config_is_check(g->config);
}

/* The first line, which the settings have a say in. */
static void
say_start(struct arbiter *a, const struct generation *g)
{
	if (a->start_logged || is_check(g))
		return;
	a->start_logged = true;
	log_event(EV_ARBITER_START, a->h->server, GREENCORN_VERSION);
}

/* Without memory there is nothing to show. */
static void
keep_shown(struct generation *g)
{
	if (g->config->control_socket[0] == '\0')
		return;
	buf_init(&g->shown, SHOWN_MAX);
	if (config_print_values(g->draft, &g->shown) < 0)
		buf_finish(&g->shown);
}

static void
on_configured(struct arbiter *a, struct generation *g)
{
	struct config_problem problem = { "" };
	int rc;

	rc = config_freeze(g->draft, g->config_mem, CONFIG_MEM_LEN, &problem);
	g->config = g->config_mem;
	if (rc == 0)
		rc = effects_logs(a, g, &problem);
	if (rc < 0) {
		g->config = NULL;
		log_event(EV_ARBITER_CONFIG, problem.text);
		generation_fail(a, g, ARBITER_EXIT_CONFIG);
		return;
	}
	arbiter_log_configured(a, g);
	say_start(a, g);
	config_warn(g->draft);
	if (mprotect(g->config_mem, CONFIG_MEM_LEN, PROT_READ) < 0)
		log_errno(EV_ARBITER_TEMPLATE_FAILED, "mprotect");
	if (g->config->print_config)
		config_print_out(g->draft);
	keep_shown(g);
	config_draft_destroy(g->draft);
	g->draft = NULL;
	if (is_check(g) && g->config->wsgi_app[0] == '\0' &&
	    g->config->paste[0] == '\0') {
		generation_fail(a, g, 0); /* nothing more to look at */
		return;
	}
	if (!is_check(g))
		background_enter(a, g->config);
	if (!is_check(g) && effects_prepare(a, g) < 0) {
		generation_fail(a, g, ARBITER_EXIT_CONFIG);
		return;
	}
	g->state = GENERATION_LOADING;
	rc = send_frozen(a, g);
	if (rc < 0) {
		log_event(EV_ARBITER_TEMPLATE_FAILED, error_text(rc));
		generation_fail(a, g, ARBITER_EXIT_BOOT);
	}
}

/* One message; false: it has no place here. */
static bool
act_on(struct arbiter *a, struct generation *g, const struct link_message *m)
{
	switch (m->type) {
	case LINK_SETTING:
		on_setting(a, g, m);
		return g->state == GENERATION_CONFIGURING ||
		    g->state == GENERATION_OVER;
	case LINK_CONFIGURED:
		if (g->state == GENERATION_CONFIGURING)
			on_configured(a, g);
		return g->state != GENERATION_CONFIGURING;
	case LINK_LOADED:
		if (g->state == GENERATION_OVER)
			return true; /* it was given up meanwhile */
		g->state = GENERATION_LIVE;
		effects_live(a, g);
		g->loaded = a->was_loaded = true;
		arbiter_log_choose(a);
		if (is_check(g))
			generation_fail(a, g, 0); /* it would start */
		return true;
	case LINK_SPAWNED:
		workers_on_spawned(a, m->row, m->number);
		return true;
	case LINK_UNSPAWNED:
		workers_on_unspawned(a, m->row, m->number);
		return true;
	default:
		return false;
	}
}

void
generation_on_link(struct arbiter *a, struct generation *g)
{
	struct link_message m;
	int rc;

	while (g->link >= 0) {
		rc = link_receive(g->link, &a->inbox, 0, &m);
		if (rc == -E_AGAIN)
			return;
		if (rc == 0 && m.n_fds == 0 && act_on(a, g, &m))
			continue;
		if (rc != -E_EOF)
			log_event(EV_ARBITER_TEMPLATE_FAILED,
			    error_text(rc < 0 ? rc : -E_PROTOCOL));
		close_link(g); /* its death, if it is one, comes by SIGCHLD */
		return;
	}
}

void
generation_promote(struct arbiter *a, struct generation *g)
{
	if (a->candidate != g)
		return;
	a->candidate = NULL;
	if (a->current != NULL)
		a->current->state = GENERATION_OVER;
	a->current = g;
	effects_settle(a, g);
	a->n_template_deaths = 0;
	if (a->h->under_init)
		(void)handover_proven(a->h->handover);
}

/* A template that forked workers is gone: they serve on, a new one comes. */
static void
replace_template(struct arbiter *a, const struct child_end *end)
{
	log_event(EV_ARBITER_TEMPLATE_DIED,
	    end->sig != 0 ? signals_name(end->sig) : "an exit");
	try_again(a);
}

/*
 * An exit status of its own says why a template could not get as far as
 * forking; a signal says nothing, and counts as a failed boot.
 */
static int
failure(const struct child_end *end)
{
	return end->sig == 0 && end->status != 0 ? end->status
						 : ARBITER_EXIT_BOOT;
}

void
generation_on_exit(
    struct arbiter *a, struct generation *g, const struct child_end *end)
{
	generation_on_link(a, g); /* what it said last */
	board_free_row(a->board, g->template_row);
	g->template_pid = 0;
	close_link(g);
	workers_on_template_gone(a, g);
	if (g->state == GENERATION_OVER || a->stop != STOP_NONE)
		return;
	if (g->state != GENERATION_LIVE) {
		generation_fail(
		    a, g, is_check(g) ? ARBITER_EXIT_CONFIG : failure(end));
		return;
	}
	if (g == a->candidate) {
		effects_undo(a, g);
		a->candidate = NULL;
	}
	g->state = GENERATION_OVER;
	if (g == a->current && a->leave_ms != 0)
		return; /* as it should: its successor is our successor's */
	replace_template(a, end);
}

/* Over, without a process, and not what the server stands on. */
static bool
is_gone(const struct arbiter *a, const struct generation *g)
{
	return g->state == GENERATION_OVER && g->template_pid == 0 &&
	    g != a->current && g != a->candidate && workers_of(a, g) == 0;
}

void
generation_sweep(struct arbiter *a)
{
	struct list *n, *next;

	for (n = a->generations.next; n != &a->generations; n = next) {
		struct generation *g = generation_at(n);

		next = n->next;
		if (g->state == GENERATION_OVER && g != a->current &&
		    g->template_pid > 0 && workers_of(a, g) == 0)
			generation_retire(a, g);
		if (!is_gone(a, g))
			continue;
		list_remove(&g->node);
		destroy(g);
	}
}

/*
 * A reload whose template takes longer than somebody has said. The first start
 * has whoever started us to look after it.
 */
static void
look_overdue(const struct arbiter *a, const struct generation *g, uint64_t now)
{
	const struct config *cfg = generation_config(a);

	if (a->current == NULL || cfg == NULL || cfg->boot_timeout == 0 ||
	    now <= g->started_ms + cfg->boot_timeout || g->template_pid <= 0)
		return;
	log_event(EV_ARBITER_TEMPLATE_STUCK,
	    (unsigned)((now - g->started_ms) / 1000));
	kill(g->template_pid, SIGKILL);
}

void
generation_tick(struct arbiter *a, uint64_t now)
{
	struct generation *g = a->candidate;

	if (a->template_again_ms != 0 && now >= a->template_again_ms &&
	    a->stop == STOP_NONE)
		generation_start(a);
	if (g == NULL || g->state == GENERATION_LIVE)
		return;
	look_overdue(a, g, now);
	if (now < g->asked_ms + BOOT_REMINDER_MS)
		return;
	g->asked_ms = now;
	log_event(EV_ARBITER_STILL_BOOTING,
	    g->state == GENERATION_CONFIGURING ? "the configuration file"
					       : "what is preloaded");
}
