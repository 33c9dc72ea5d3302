/*
 * arbiter_signals: what each signal means to a server, as Gunicorn's users
 * know it. Signals arrive through a signalfd, so nothing happens in a handler.
 */
#include <signal.h>
#include <stddef.h>

#include "base/log.h"
#include "sys/log_out.h"
#include "sys/signals.h"

#include "arbiter/arbiter_state.h"
#include "base/banned.h"

static void
on_term(struct arbiter *a)
{
	stop_begin(a, STOP_GRACEFUL, 0);
}

static void
on_quit(struct arbiter *a)
{
	stop_begin(a, STOP_QUICK, 0);
}

/* Ctrl-C: the first is graceful, the second quick. */
static void
on_terminal_int(struct arbiter *a)
{
	stop_begin(a, a->stop == STOP_NONE ? STOP_GRACEFUL : STOP_QUICK, 0);
}

static void
on_hup(struct arbiter *a)
{
	if (a->stop != STOP_NONE)
		return;
	log_event(EV_ARBITER_HANG_UP, "Master"); /* Gunicorn's word */
	a->n_reloads++;
	generation_reload(a);
}

static void
add(unsigned *n, int more)
{
	if ((int)*n + more >= 0)
		*n = (unsigned)((int)*n + more);
}

void
arbiter_signals_want(struct arbiter *a, unsigned n)
{
	unsigned before = a->n_workers;
	int more = (int)n - (int)before;

	atomic_fetch_add(&a->board->n_extra, more);
	a->n_workers = n;
	add(&a->n_workers_before, more);
	if (a->candidate != NULL && a->candidate->state != GENERATION_LIVE)
		add(&a->candidate->n_workers, more);
	arbiter_hooks_n_workers(a, before);
}

static void
on_ttin(struct arbiter *a)
{
	if (a->n_workers < ARBITER_WORKERS_MAX)
		arbiter_signals_want(a, a->n_workers + 1);
}

static void
on_ttou(struct arbiter *a)
{
	if (a->n_workers > 1)
		arbiter_signals_want(a, a->n_workers - 1);
}

static void
on_usr1(struct arbiter *a)
{
	(void)log_out_reopen();
	if (a->admin_pid > 0)
		kill(a->admin_pid, SIGUSR1);
	arbiter_dirty_signal(a, SIGUSR1);
	generation_signal(a, SIGUSR1);
	workers_signal(a, SIGUSR1);
}

static void
on_winch(struct arbiter *a)
{
	/* A window that changes its size is no reason. */
	if (!a->h->handover->background) {
		log_event(EV_ARBITER_WINCH);
		return;
	}
	arbiter_signals_want(a, 0);
}

static const struct action {
	int sig;
	const char *name; /* as Gunicorn's log says it */
	void (*act)(struct arbiter *a);
	bool quiet;
} actions[] = {
	{ SIGTERM, "term", on_term, false },
	{ SIGINT, "int", on_quit, false },
	{ SIGQUIT, "quit", on_quit, false },
	{ SIGHUP, "hup", on_hup, false },
	{ SIGTTIN, "ttin", on_ttin, false },
	{ SIGTTOU, "ttou", on_ttou, false },
	{ SIGUSR1, "usr1", on_usr1, false },
	{ SIGUSR2, "usr2", reexec_begin, false },
	{ SIGWINCH, "winch", on_winch, true },
	{ SIGCHLD, "chld", reap_children, true },
};

void
arbiter_signals_act(struct arbiter *a, int sig)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (actions[i].sig != sig)
			continue;
		if (!actions[i].quiet)
			log_event(EV_ARBITER_SIGNAL, actions[i].name);
		actions[i].act(a);
		return;
	}
}

static void
act_on(struct arbiter *a, const struct signals_event *ev)
{
	if (ev->sig == SIGINT && signals_by_terminal(ev)) {
		log_event(EV_ARBITER_SIGNAL, "int (terminal)");
		on_terminal_int(a);
		return;
	}
	arbiter_signals_act(a, ev->sig);
}

void
arbiter_signals_on_readable(struct arbiter *a)
{
	struct signals_event ev;

	while (signals_read(a->signal_fd, &ev) > 0)
		act_on(a, &ev);
}
