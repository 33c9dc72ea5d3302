/*
 * workers: as many as wanted, alive, of the newest generation. Run by the
 * arbiter. A worker here is a record of what was asked for and seen; the
 * process itself writes its state into its row of the board.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "config/config.h"
#include "role/role.h"
#include "sys/fd.h"
#include "sys/signals.h"
#include "sys/sys_fork.h"

#include "arbiter/arbiter.h"
#include "arbiter/arbiter_state.h"
#include "base/banned.h"

#define BACKOFF_FIRST_MS 100
#define BACKOFF_LAST_MS 5000
#define BOOT_MS 30000       /* a start may take longer than a request */
#define ABORT_GRACE_MS 1000 /* for the stacks to be written, before KILL */
#define DRAIN_GRACE_MS 1000 /* workers end themselves a little before */
/* A look that is so late: we were stopped, or the whole container was. */
#define LATE_MS 2000

static struct worker *
worker_at(struct list *node)
{
	return LIST_OF(node, struct worker, node);
}

struct worker *
workers_by_pid(struct arbiter *a, pid_t pid)
{
	struct list *n;

	for (n = a->workers.next; n != &a->workers; n = n->next)
		if (worker_at(n)->pid == pid)
			return worker_at(n);
	return NULL;
}

static struct worker *
by_row(struct arbiter *a, unsigned row)
{
	struct list *n;

	for (n = a->workers.next; n != &a->workers; n = n->next)
		if (worker_at(n)->row == row)
			return worker_at(n);
	return NULL;
}

bool
workers_any(const struct arbiter *a)
{
	return !list_empty(&a->workers);
}

unsigned
workers_of(const struct arbiter *a, const struct generation *g)
{
	struct list *n;
	unsigned count = 0;

	for (n = a->workers.next; n != &a->workers; n = n->next)
		if (worker_at(n)->generation == g)
			count++;
	return count;
}

static void
forget(struct arbiter *a, struct worker *w)
{
	fd_close(w->pidfd);
	board_free_row(a->board, w->row);
	list_remove(&w->node);
	free(w);
}

static void
send_signal(const struct worker *w, int sig)
{
	int rc;

	if (w->pid <= 0)
		return;
	/* Not reaped yet, so the number is still this process's. */
	rc = w->pidfd < 0 ? kill(w->pid, sig) : sys_pidfd_signal(w->pidfd, sig);
	if (rc < 0 && rc != -E_NOT_FOUND)
		log_errno(
		    EV_ARBITER_SIGNAL_FAILED, signals_name(sig), (int)w->pid);
}

void
workers_signal(struct arbiter *a, int sig)
{
	struct list *n;

	for (n = a->workers.next; n != &a->workers; n = n->next)
		send_signal(worker_at(n), sig);
}

static struct worker *
create(struct generation *g)
{
	struct worker *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->generation = g;
	w->pidfd = -1;
	return w;
}

struct worker *
workers_add(struct arbiter *a, struct generation *g, unsigned row, pid_t pid)
{
	struct worker *w = create(g);

	if (w == NULL)
		return NULL;
	w->row = row;
	w->pid = pid;
	list_append(&a->workers, &w->node);
	return w;
}

/* Asks g's template for one more worker. */
static int
spawn(struct arbiter *a, struct generation *g)
{
	struct link_message m = { .type = LINK_SPAWN };
	struct worker *w;
	int rc;

	w = create(g);
	if (w == NULL)
		return -E_NOMEM;
	w->asked_ms = clock_ms();
	w->row = board_take_row(a->board, ROLE_WORKER, g->number);
	if (w->row == BOARD_NO_ROW) {
		free(w);
		return -E_FULL;
	}
	list_append(&a->workers, &w->node);
	m.row = w->row;
	w->age = ++g->n_forked;
	a->n_spawned++;
	m.number = (int32_t)w->age;
	rc = link_send(g->link, &m);
	if (rc < 0)
		forget(a, w);
	return rc;
}

static void
back_off(struct arbiter *a)
{
	uint64_t delay = BACKOFF_FIRST_MS;

	for (unsigned i = 0; i < a->n_boot_deaths && delay < BACKOFF_LAST_MS;
	     i++)
		delay *= 2;
	if (delay > BACKOFF_LAST_MS)
		delay = BACKOFF_LAST_MS;
	a->n_boot_deaths++;
	a->spawn_again_ms = clock_ms() + delay;
}

void
workers_drain(struct worker *w)
{
	w->draining = true;
	w->told_ms = clock_ms();
	send_signal(w, SIGTERM);
}

void
workers_dismiss(struct arbiter *a, const struct generation *g)
{
	struct list *n;

	for (n = a->workers.next; n != &a->workers; n = n->next) {
		struct worker *w = worker_at(n);

		if (w->generation == g && !w->draining)
			workers_drain(w);
	}
}

/* How those that are not draining stand, while g is the newest generation. */
struct standing {
	unsigned ours;  /* of g */
	unsigned ready; /* of these, ready */
	unsigned older; /* to be replaced: of other generations, or retiring */
};

static bool
is_older(const struct worker *w, const struct generation *g)
{
	return w->generation != g || w->retiring;
}

static struct standing
count(const struct arbiter *a, const struct generation *g)
{
	struct standing s = { 0 };
	struct list *n;

	for (n = a->workers.next; n != &a->workers; n = n->next) {
		const struct worker *w = worker_at(n);

		if (w->draining)
			continue;
		if (is_older(w, g))
			s.older++;
		else
			s.ours++;
		if (!is_older(w, g) && w->ready)
			s.ready++;
	}
	return s;
}

/* Of those that are to be replaced, the first not draining. */
static struct worker *
oldest(struct arbiter *a, const struct generation *g)
{
	struct list *n;

	for (n = a->workers.next; n != &a->workers; n = n->next) {
		struct worker *w = worker_at(n);

		if (!w->draining && w->pid > 0 && is_older(w, g))
			return w;
	}
	return NULL;
}

/*
 * Of g's, where there are too many: one that does not serve yet, else the
 * oldest. NULL: the next turn will know its pid.
 */
static struct worker *
surplus(struct arbiter *a, const struct generation *g)
{
	struct worker *found = NULL;
	struct list *n;

	for (n = a->workers.next; n != &a->workers; n = n->next) {
		struct worker *w = worker_at(n);

		if (w->draining || is_older(w, g))
			continue;
		if (!w->ready)
			return w->pid > 0 ? w : NULL;
		if (found == NULL)
			found = w;
	}
	return found;
}

bool
workers_settled(const struct arbiter *a)
{
	struct standing s;

	if (a->candidate != NULL || a->current == NULL)
		return false;
	s = count(a, a->current);
	return s.older == 0 && s.ready >= a->n_workers;
}

/*
 * While older workers serve, new ones come one at a time: a second full set
 * would not fit a memory limit. Without any, all are asked for at once.
 */
static bool
may_spawn(const struct arbiter *a, const struct standing *s)
{
	if (s->ours >= a->n_workers || clock_ms() < a->spawn_again_ms)
		return false;
	return s->older == 0 || s->ours == s->ready;
}

void
workers_balance(struct arbiter *a)
{
	struct generation *g;
	struct worker *w;
	struct standing s;
	int rc;

	g = a->candidate;
	if (g == NULL || g->state != GENERATION_LIVE)
		g = a->current; /* one that is being made holds up nobody */
	if (g == NULL || g->state != GENERATION_LIVE || a->stop != STOP_NONE ||
	    g->end_ms != 0)
		return;
	s = count(a, g);
	while (may_spawn(a, &s)) {
		rc = spawn(a, g);
		if (rc < 0) {
			log_event(EV_ARBITER_SPAWN_FAILED, error_text(rc));
			back_off(a);
			break;
		}
		s = count(a, g);
	}
	/* One older worker goes for each new one that is ready. */
	while (s.older > 0 && s.ready + s.older > a->n_workers) {
		w = oldest(a, g);
		if (w == NULL)
			break;
		workers_drain(w);
		s.older--;
	}
	while (s.older == 0 && s.ours > a->n_workers) {
		w = surplus(a, g);
		if (w == NULL)
			break;
		workers_drain(w);
		s.ours--;
	}
}

/* The worker's pid is known now; it may have died already. */
static void
settle(struct arbiter *a, struct worker *w, pid_t pid)
{
	struct child_end end;

	w->pid = pid;
	if (a->stop != STOP_NONE)
		send_signal(w, a->stop == STOP_QUICK ? SIGQUIT : SIGTERM);
	else if (w->draining)
		workers_drain(w); /* its generation was given up meanwhile */
	if (reap_claim(a, pid, &end))
		workers_on_exit(a, w, &end);
}

void
workers_on_spawned(struct arbiter *a, unsigned row, pid_t pid)
{
	struct worker *w = by_row(a, row);

	if (w != NULL) /* else its generation was given up meanwhile */
		settle(a, w, pid);
}

void
workers_on_unspawned(struct arbiter *a, unsigned row, int err)
{
	struct worker *w = by_row(a, row);

	log_event(EV_ARBITER_SPAWN_FAILED, strerror(err));
	if (w != NULL)
		forget(a, w);
	back_off(a);
}

void
workers_on_template_gone(struct arbiter *a, struct generation *g)
{
	struct list *n, *next;
	pid_t pid;

	for (n = a->workers.next; n != &a->workers; n = next) {
		struct worker *w = worker_at(n);

		next = n->next;
		if (w->generation != g || w->pid != 0)
			continue;
		/* A child writes its pid before anything else. */
		pid = atomic_load(&a->board->rows[w->row].pid);
		if (pid == 0)
			forget(a, w);
		else
			settle(a, w, pid);
	}
}

/*
 * Why, and with which status, no more workers are tried; NULL: they are, with
 * pauses, as long as others serve. What is broken on disk shall not end those
 * who have what was there before.
 */
static const char *
boot_reason(struct arbiter *a, struct generation *g,
    const struct child_end *end, int *status)
{
	unsigned tries = g->config->boot_retries;

	if (g == a->current && atomic_load(&a->board->n_ready) > 0)
		return NULL;
	*status = end->sig == 0 ? end->status : 0;
	if (*status == ARBITER_EXIT_BOOT)
		return "Worker failed to boot.";
	if (*status == ARBITER_EXIT_APP_LOAD)
		return "App failed to load.";
	*status = ARBITER_EXIT_BOOT;
	if (tries == 0 || a->n_boot_deaths <= tries)
		return NULL;
	return "Workers die before they are ready.";
}

/* What an exit before READY means for the server. */
static void
boot_death(struct arbiter *a, struct generation *g, const struct child_end *end)
{
	const char *reason;
	int status;

	back_off(a);
	reason = boot_reason(a, g, end, &status);
	if (reason == NULL)
		return;
	if (g == a->candidate && a->current != NULL) {
		generation_fail(a, g, status);
		return;
	}
	log_event(EV_ARBITER_BOOT_REASON, reason);
	stop_begin(a, STOP_GRACEFUL, status);
}

static void
log_death(const struct worker *w, const struct child_end *end)
{
	if (end->sig == SIGKILL && !w->killed)
		log_event(EV_ARBITER_WORKER_KILLED, (int)end->pid);
	else if (end->sig == SIGTERM)
		log_event(EV_ARBITER_WORKER_ENDED, (int)end->pid);
	else if (end->sig != 0)
		log_event(EV_ARBITER_WORKER_SIGNALLED, (int)end->pid,
		    signals_name(end->sig));
	else if (end->status != 0)
		log_event(EV_ARBITER_WORKER_EXITED, (int)end->pid, end->status);
}

void
workers_on_exit(
    struct arbiter *a, struct worker *w, const struct child_end *end)
{
	struct generation *g = w->generation;
	bool expected = w->draining || a->stop != STOP_NONE;
	bool ready = w->ready;

	log_death(w, end);
	arbiter_hooks_child_exit(a, g, w->age, end->pid);
	forget(a, w); /* nothing below may signal its pid */
	if (ready && !expected)
		atomic_fetch_add(&a->board->n_restarts, 1);
	else if (!expected && g->config != NULL)
		boot_death(a, g, end);
}

/* Whether a worker has become ready, as its row says. */
static void
look_ready(struct arbiter *a, struct worker *w, uint32_t state)
{
	if (w->ready || state != BOARD_READY)
		return;
	w->ready = true;
	a->n_boot_deaths = 0;
	a->spawn_again_ms = 0;
	if (!w->generation->proven) {
		w->generation->proven = true;
		generation_promote(a, w->generation);
	}
}

static void
abort_silent(struct arbiter *a, struct worker *w)
{
	char call[BOARD_CALL_MAX] = "its start";

	if (w->ready)
		board_call_text(
		    board_longest_call(&a->board->rows[w->row]), call);
	log_event(EV_ARBITER_WORKER_TIMEOUT, (int)w->pid,
	    call[0] == '\0' ? "no request" : call);
	w->aborted = true;
	w->told_ms = clock_ms();
	send_signal(w, SIGABRT);
}

/* Of the last ms until now: in how many of them could we have seen anything? */
static uint64_t
awake(const struct arbiter *a, uint64_t ms, uint64_t now)
{
	if (ms <= now - a->woke_ms)
		return ms;
	return ms > a->slept_ms ? ms - a->slept_ms : 0;
}

/* A template that does not answer is ended, and so replaced. */
static void
look_answered(
    const struct arbiter *a, struct worker *w, uint64_t limit, uint64_t now)
{
	const struct generation *g = w->generation;

	if (limit == 0 || g->template_pid <= 0 ||
	    awake(a, now - w->asked_ms, now) <= limit)
		return;
	log_event(
	    EV_ARBITER_TEMPLATE_STUCK, (unsigned)((now - w->asked_ms) / 1000));
	w->asked_ms = now;
	kill(g->template_pid, SIGKILL);
}

/* For the stacks to be written and the hook, if there is one, to look. */
static uint64_t
abort_grace(const struct config *cfg)
{
	return cfg->worker_abort[0] == '\0' ? ABORT_GRACE_MS
					    : 2 * ABORT_GRACE_MS;
}

/* Too long since it was asked for, or since it last gave a sign of life. */
static bool
is_silent(const struct arbiter *a, const struct worker *w,
    const struct config *cfg, uint64_t now)
{
	struct board_row *row = &a->board->rows[w->row];
	uint64_t limit = cfg->timeout;

	if (w->ready)
		return limit > 0 &&
		    awake(a, board_silence_ms(row, now), now) > limit;
	if (limit > 0 && limit < BOOT_MS)
		limit = BOOT_MS;
	if (cfg->boot_timeout > 0)
		limit = cfg->boot_timeout;
	return limit > 0 &&
	    awake(a, now - atomic_load(&row->started_ms), now) > limit;
}

static void
look_alive(struct arbiter *a, struct worker *w, uint64_t now)
{
	const struct config *cfg = w->generation->config;

	if (cfg == NULL)
		cfg = generation_config(a); /* adopted: the newest counts */
	if (cfg == NULL)
		return;
	if (w->pid == 0)
		look_answered(a, w, cfg->timeout, now);
	if (w->pid <= 0 || w->killed)
		return;
	if (w->aborted) {
		if (now < w->told_ms + abort_grace(cfg))
			return;
		w->killed = true;
		send_signal(w, SIGKILL);
		return;
	}
	if (w->draining &&
	    now > w->told_ms + cfg->graceful_timeout + DRAIN_GRACE_MS) {
		w->killed = true;
		send_signal(w, SIGKILL);
		return;
	}
	if (is_silent(a, w, cfg, now))
		abort_silent(a, w);
}

/* docker pause stops us and them, and time goes on. */
static void
look_late(struct arbiter *a, uint64_t now)
{
	if (a->looked_ms != 0 && now - a->looked_ms > LATE_MS) {
		a->woke_ms = now;
		a->slept_ms = now - a->looked_ms;
	}
	a->looked_ms = now;
}

void
workers_look(struct arbiter *a, uint64_t now)
{
	struct list *n, *next;
	unsigned n_ready = 0;

	look_late(a, now);

	for (n = a->workers.next; n != &a->workers; n = next) {
		struct worker *w = worker_at(n);
		struct child_end end;
		uint32_t state;

		next = n->next;
		if (w->adopted && board_end(&a->board->rows[w->row], &end)) {
			workers_on_exit(a, w, &end);
			continue;
		}
		state = atomic_load(&a->board->rows[w->row].state);
		look_ready(a, w, state);
		if (atomic_load(&a->board->rows[w->row].retiring) != 0)
			w->retiring = true;
		look_alive(a, w, now);
		if (state == BOARD_READY)
			n_ready++;
	}
	atomic_store(&a->board->n_ready, n_ready);
	atomic_store(&a->board->n_workers, a->n_workers);
}
