/*
 * The life of PID 1: one loop that waits for signals, reaps, and goes through
 * the phases of init_state.h. No Python, no memory beyond the stack.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "init/init_become.h"
#include "init/init_state.h"
#include "sys/log_out.h"
#include "sys/sys_fork.h"
#include "sys/sys_time.h"

#include "base/banned.h"

/* Orphans in one turn; more wait for the next, after a look at signals. */
#define REAP_MAX 256
/* How long a turn may sleep: what matters wakes us by a signal. */
#define TICK_MS 5000
/* While sweeping: strangers that are not our children end silently. */
#define SWEEP_TICK_MS 20

#define EVERYONE (-1)

_Noreturn static void
run_child(const struct init *i)
{
	log_set_pid((int)getpid());
	init_tty_enter(i->job);
	if (i->signals >= 0)
		(void)close(i->signals);
	if (i->job->once)
		signals_restore(&i->given);
	exit(i->job->start(i->job->arg));
}

static int
start(struct init *i)
{
	pid_t pid = sys_fork(0);

	if (pid == 0)
		run_child(i);
	if (pid < 0)
		return (int)pid;
	i->child = pid;
	i->born_ms = clock_ms();
	i->phase = INIT_RUNNING;
	return 0;
}

/* The pause after this end, and the double of it for the next. */
static unsigned
next_pause(struct init *i)
{
	unsigned pause;

	if (i->pause_ms == 0 || clock_ms() - i->born_ms >= INIT_STEADY_MS)
		i->pause_ms = INIT_PAUSE_MIN_MS;
	pause = i->pause_ms;
	i->pause_ms =
	    pause * 2 > INIT_PAUSE_MAX_MS ? INIT_PAUSE_MAX_MS : pause * 2;
	i->resume_ms = clock_ms() + pause;
	return pause;
}

/* Asks whoever is meant to end; a sweep of nobody ends at the next look. */
static void
sweep(struct init *i, pid_t whom)
{
	i->phase = INIT_SWEEPING;
	i->left = whom;
	i->killed = false;
	i->due_ms = clock_ms() + INIT_GRACE_MS;
	/* Nobody there, or nobody whom we may signal: the look says so. */
	(void)kill(whom, SIGTERM);
	(void)kill(whom, SIGCONT);
}

/* What the child left is its successor's. */
static void
succeed(struct init *i, const struct child_end *end)
{
	enum init_end what =
	    i->job->succession->on_end(i->job->arg, end, i->stopping);

	i->again = what != INIT_END_FINAL && !i->stopping;
	if (!i->again) {
		sweep(i, EVERYONE);
		return;
	}
	i->phase = INIT_PAUSING;
	i->resume_ms = clock_ms();
	if (what == INIT_END_AGAIN)
		log_event(EV_INIT_CHILD_SIGNALLED, signals_name(end->sig),
		    next_pause(i));
}

static void
child_ended(struct init *i, const struct child_end *end)
{
	pid_t group = i->child;

	i->child = 0;
	i->last = *end;
	if (i->job->once && end->sig == 0 && end->status == 0 && !i->stopping)
		init_become();
	if (i->job->succession != NULL) {
		succeed(i, end);
		return;
	}
	i->again = end->sig != 0 && !i->stopping && !i->job->once;
	if (i->again)
		log_event(EV_INIT_CHILD_SIGNALLED, signals_name(end->sig),
		    next_pause(i));
	/*
	 * Before a new start only what the server left is ended: a shell that
	 * somebody has entered the container with stays.
	 */
	sweep(i, i->again ? -group : EVERYONE);
}

static void
orphan_ended(struct init *i, const struct child_end *end)
{
	log_event(EV_INIT_REAPED, (int)end->pid);
	if (i->job->succession != NULL)
		i->job->succession->on_orphan(i->job->arg, end);
}

/* Returns whether there may be more to reap. */
static bool
reap(struct init *i)
{
	struct child_end end;
	int n;

	if (i->child > 0 && !i->job->once && child_continue(&i->child) > 0)
		log_event(EV_INIT_CONTINUED, (int)i->child);
	for (n = 0; n < REAP_MAX; n++) {
		if (child_reap(&end) <= 0)
			return false;
		if (end.pid == i->child)
			child_ended(i, &end);
		else
			orphan_ended(i, &end);
	}
	return true;
}

static void
swept(struct init *i)
{
	i->phase = i->again ? INIT_PAUSING : INIT_DONE;
}

static void
look_at_rest(struct init *i)
{
	if (kill(i->left, 0) < 0) {
		swept(i);
		return;
	}
	if (clock_ms() < i->due_ms)
		return;
	if (i->killed) {
		swept(i);
		return;
	}
	log_event(EV_INIT_KILL);
	(void)kill(i->left, SIGKILL);
	i->killed = true;
	i->due_ms = clock_ms() + INIT_KILL_MS;
}

static void
look_at_pause(struct init *i)
{
	unsigned pause;

	if (clock_ms() < i->resume_ms || start(i) == 0)
		return;
	i->born_ms = clock_ms(); /* it never lived: the pauses go on growing */
	pause = next_pause(i);
	log_errno(EV_INIT_FORK, pause);
}

void
init_revive(struct init *i)
{
	if (i->phase == INIT_PAUSING && i->job->succession != NULL)
		(void)start(i); /* else what is left is swept */
}

void
init_hurry(struct init *i)
{
	bool again = i->again;

	i->again = false;
	if (i->phase == INIT_PAUSING || (i->phase == INIT_SWEEPING && again))
		sweep(i, EVERYONE);
	else if (i->phase == INIT_SWEEPING && !i->killed)
		i->due_ms = 0;
}

static bool
is_silent(const struct init *i, uint64_t now)
{
	uint64_t sign = i->job->succession->last_sign(i->job->arg);

	if (sign < i->born_ms)
		sign = i->born_ms;
	return now > sign && now - sign > INIT_STUCK_MS;
}

/*
 * A server that neither ends nor goes on is of no use to those that it has
 * left in our care. Seen twice: after a pause of the whole container it needs
 * a moment to say that it lives.
 */
static void
look_stuck(struct init *i)
{
	uint64_t now = clock_ms();

	if (i->job->succession == NULL || i->child == 0)
		return;
	if (!is_silent(i, now)) {
		i->stuck_ms = 0;
		return;
	}
	if (i->stuck_ms == 0 || now < i->stuck_ms) {
		i->stuck_ms = now;
		return;
	}
	if (now - i->stuck_ms < TICK_MS / 2)
		return;
	i->stuck_ms = 0;
	log_event(EV_INIT_STUCK, (int)i->child);
	(void)kill(i->child, SIGKILL);
}

static int
wait_ms(const struct init *i)
{
	uint64_t now = clock_ms();

	if (i->phase == INIT_SWEEPING)
		return SWEEP_TICK_MS;
	if (i->phase == INIT_PAUSING)
		return i->resume_ms > now ? (int)(i->resume_ms - now) : 0;
	return TICK_MS;
}

static void
wait_for_signal(struct init *i, int timeout_ms)
{
	struct signals_event ev;
	int rc = signals_wait(i->signals, &ev, timeout_ms);

	if (rc > 0)
		init_signals_handle(i, &ev);
	if (rc >= 0 || i->signals < 0)
		return;
	/* A descriptor that does not work: go on without one. */
	log_errno(EV_INIT_SIGNALS);
	(void)close(i->signals);
	i->signals = -1;
}

static void
turns(struct init *i)
{
	bool more = false;

	while (i->phase != INIT_DONE) {
		wait_for_signal(i, more ? 0 : wait_ms(i));
		more = reap(i);
		if (i->phase == INIT_SWEEPING)
			look_at_rest(i);
		else if (i->phase == INIT_PAUSING)
			look_at_pause(i);
		else
			look_stuck(i);
	}
}

static void
prepare(struct init *i)
{
	struct sigaction standard = { .sa_handler = SIG_DFL };

	/* First of all: from here on a signal is kept until it is read. */
	signals_block(&i->given);
	/* Ignored, as it may have been given, it would hide every end. */
	(void)sigaction(SIGCHLD, &standard, NULL);
	init_stdio_open();
	time_start();
	log_out_start();
	log_set_pid((int)getpid());
	i->signals = signals_fd();
	if (i->signals < 0)
		log_errno(EV_INIT_SIGNALS);
}

int
init_run(const struct init_job *job)
{
	struct init i = { .job = job, .signals = -1 };

	/* Anybody else's kill(-1) would end the machine's processes. */
	CHECK(getpid() == 1);
	prepare(&i);
	if (start(&i) < 0) {
		log_errno(EV_INIT_START);
		return 1;
	}
	turns(&i);
	return child_status(&i.last);
}
