/*
 * What PID 1 does about each signal: one table.
 */
#include <signal.h>

#include "base/log.h"
#include "init/init_state.h"
#include "sys/log_out.h"

#include "base/banned.h"

typedef void handler(struct init *i, const struct signals_event *ev);

static void
forward(struct init *i, const struct signals_event *ev)
{
	union sigval mark = { .sival_int = SIGNALS_TERMINAL };

	/* Not yet reaped, so that the pid is still its own. */
	if (i->child == 0)
		return;
	if (signals_by_terminal(ev) && sigqueue(i->child, ev->sig, mark) == 0)
		return;
	/* Also where the queue is full: then it goes unmarked. */
	if (kill(i->child, ev->sig) < 0)
		log_errno(EV_INIT_FORWARD, signals_name(ev->sig));
}

static void
stop(struct init *i, const struct signals_event *ev)
{
	i->stopping = true;
	init_revive(i);
	forward(i, ev);
	init_hurry(i);
}

/*
 * Means something else when the kernel raises it (a key, a background read,
 * a limit that we ran into) than when somebody sends it to the server.
 */
static void
forward_sent(struct init *i, const struct signals_event *ev)
{
	if (!signals_by_terminal(ev))
		forward(i, ev);
}

/* Whose logs were moved away is for all to know, the first of them too. */
static void
reopen(struct init *i, const struct signals_event *ev)
{
	(void)log_out_reopen();
	forward(i, ev);
}

static void
nothing(struct init *i, const struct signals_event *ev)
{
	(void)i;
	(void)ev;
}

/* Every other signal is forwarded. Faults are not blocked: none comes here. */
static handler *const actions[] = {
	[SIGTERM] = stop,
	[SIGINT] = stop,
	[SIGQUIT] = stop,
	[SIGUSR1] = reopen,
	[SIGTTIN] = forward_sent,
	[SIGTTOU] = forward_sent,
	[SIGTSTP] = forward_sent,
	[SIGWINCH] = forward_sent,
	[SIGXCPU] = forward_sent,
	[SIGXFSZ] = forward_sent,
	[SIGPIPE] = nothing,
	[SIGCHLD] = nothing, /* each turn reaps */
};
#define N_ACTIONS (int)(sizeof(actions) / sizeof(actions[0]))

void
init_signals_handle(struct init *i, const struct signals_event *ev)
{
	handler *h = ev->sig < N_ACTIONS ? actions[ev->sig] : NULL;

	(h == NULL ? forward : h)(i, ev);
}
