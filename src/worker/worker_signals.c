/*
 * worker_signals: TERM drains; INT and QUIT leave at once; ABRT writes the
 * stacks of all Python threads and leaves. A key of the terminal reaches the
 * whole foreground group: what it means is the arbiter's to say, so INT and
 * QUIT from the kernel are left to it.
 */
#include "worker/worker_signals.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

#include "net/reactor.h"
#include "python/python_hooks.h"
#include "python/python_stacks.h"
#include "sys/log_out.h"
#include "sys/signals.h"
#include "telemetry/access_log.h"

#include "base/banned.h"

/* Beyond the graceful time: for Python and libraries to end. */
#define OVERDUE_EXTRA_S 2
#define QUICK_EXTRA_S 2 /* for hooks, when it should leave at once */
#define BOOT_EXTRA_S 2  /* to become ready, and then leave in order */

/* Set by handlers, on whichever thread a signal comes to. */
static atomic_bool serving, draining, reopened;
static struct reactor *reactor;
static unsigned overdue_s; /* from TERM to the end, at the latest */

/*
 * Nobody else may be there to end a worker whose application does not come
 * back: its arbiter may have died.
 */
static void
on_overdue(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	(void)context;
	access_log_last_words();
	_exit(0);
}

static void
on_term(int sig, siginfo_t *info, void *context)
{
	int saved = errno;

	(void)sig;
	(void)info;
	(void)context;
	draining = true;
	/* One that loads has nothing to finish, and may hang. */
	alarm(serving ? overdue_s : BOOT_EXTRA_S);
	reactor_stopping(reactor); /* a flag and one write(2) */
	errno = saved;
}

void
worker_signals_end(int sig)
{
	struct sigaction act = { .sa_handler = SIG_DFL };

	if (sig == SIGABRT) {
		sigaction(sig, &act, NULL);
		raise(sig); /* in its own handler: when that returns */
		return;
	}
	access_log_last_words();
	_exit(0);
}

/* The first time it is the main thread's to answer, where there is a hook. */
static bool
for_hook(int sig)
{
	static atomic_bool asked;

	if (asked || !python_hooks_signal(sig))
		return false;
	asked = true;
	reactor_wake(reactor);
	return true;
}

static void
on_quick(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	if (info->si_code == SI_KERNEL)
		return;
	if (for_hook(sig)) {
		alarm(QUICK_EXTRA_S);
		return;
	}
	worker_signals_end(sig);
}

static void
on_abort(int sig, siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
	python_stacks_write();
	if (!for_hook(sig)) /* else the arbiter kills, when it takes too long */
		worker_signals_end(sig);
}

/* Logs have been moved away: open(2) and dup3(2), nothing else. */
static void
on_reopen(int sig, siginfo_t *info, void *context)
{
	int saved = errno;

	(void)sig;
	(void)info;
	(void)context;
	(void)log_out_reopen();
	access_log_reopen();
	reopened = true;
	errno = saved;
}

static void
on_ignored(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	(void)context;
}

void
worker_signals_start(struct reactor *r, uint64_t graceful_ms)
{
	static const struct {
		int sig;
		void (*act)(int, siginfo_t *, void *);
	} actions[] = {
		{ SIGTERM, on_term },
		{ SIGALRM, on_overdue },
		{ SIGINT, on_quick },
		{ SIGQUIT, on_quick },
		{ SIGABRT, on_abort },
		{ SIGHUP, on_ignored }, /* the arbiter's to act on */
		{ SIGUSR1, on_reopen },
		{ SIGUSR2, on_ignored },
		{ SIGWINCH, on_ignored },
	};

	reactor = r;
	overdue_s = (unsigned)(graceful_ms / 1000) + OVERDUE_EXTRA_S;
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		struct sigaction act = {
			.sa_sigaction = actions[i].act,
			.sa_flags = SA_SIGINFO,
		};

		/* A call that waits must return for Python to look. */
		if (!python_hooks_wants(actions[i].sig))
			act.sa_flags |= SA_RESTART;
		sigemptyset(&act.sa_mask);
		signals_take(actions[i].sig, &act);
	}
}

void
worker_signals_serve(void)
{
	serving = true;
	if (draining)
		alarm(overdue_s);
}

void
worker_signals_leave(void)
{
	draining = true;
}

bool
worker_signals_reopened(void)
{
	return reopened && atomic_exchange(&reopened, false);
}

bool
worker_signals_draining(void)
{
	return draining;
}
