/*
 * reexec: USR2. Under init the arbiter leaves everything as it stands to its
 * successor, which init execs. Elsewhere, as with Gunicorn, the new server is
 * our child, serves beside us, and whoever sent USR2 ends one of both.
 */
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "sys/signals.h"
#include "sys/sys_fork.h"

#include "arbiter/arbiter.h"
#include "arbiter/arbiter_state.h"
#include "base/banned.h"

/* The child: the new server, or an end. */
static _Noreturn void
become_new(struct arbiter *a)
{
	static struct handover ho; /* static: some KB */
	const char *path = sys_exec_path();

	signals_reset_in_child();
	handover_init(&ho);
	listening_give(a, &ho);
	ho.n_activated = a->h->handover->n_activated;
	ho.background = a->h->handover->background;
	ho.old = a->h->arbiter_pid;
	if (handover_to_env(&ho) == 0)
		execv(path, a->h->argv);
	log_errno(EV_ARBITER_REEXEC, path);
	_exit(ARBITER_EXIT_CONFIG);
}

static void
leave(struct arbiter *a)
{
	a->leave_ms = 0;
	if (handover_ask(a->h->handover) == 0)
		_exit(ARBITER_EXIT_OK);
	log_event(EV_ARBITER_REEXEC_UNHEARD);
	if (a->current != NULL && a->current->template_pid == 0)
		a->template_again_ms = clock_ms();
}

/* A template ends with us, so its hook goes before. */
static void
leave_to_init(struct arbiter *a)
{
	uint64_t now = clock_ms();

	if (access(sys_exec_path(), X_OK) < 0) {
		log_errno(EV_ARBITER_REEXEC, sys_exec_path());
		return;
	}
	a->leave_ms = arbiter_hooks_pre_exec(a->current, now);
	if (a->leave_ms == 0)
		leave(a);
}

static void
look_leave(struct arbiter *a)
{
	if (a->leave_ms == 0)
		return;
	if (a->stop != STOP_NONE)
		a->leave_ms = 0;
	else if (a->current == NULL || a->current->template_pid == 0 ||
	    clock_ms() >= a->leave_ms)
		leave(a);
}

static void
start_beside(struct arbiter *a)
{
	pid_t pid = sys_fork(0);

	if (pid == 0)
		become_new(a);
	if (pid < 0) {
		log_errno(EV_ARBITER_REEXEC, sys_exec_path());
		return;
	}
	a->new_pid = pid;
	arbiter_hooks_tell(a->current, LINK_PRE_EXEC, 0, 0);
	log_event(EV_ARBITER_REEXECED, (int)pid);
}

void
reexec_begin(struct arbiter *a)
{
	if (a->stop != STOP_NONE || a->leave_ms != 0)
		return;
	reexec_look(a); /* it may have gone just now */
	if (a->h->under_init)
		leave_to_init(a);
	else if (a->new_pid != 0)
		log_event(EV_ARBITER_REEXEC_AGAIN, "Child");
	else if (a->old_pid != 0)
		log_event(EV_ARBITER_REEXEC_AGAIN, "Parent");
	else
		start_beside(a);
}

void
reexec_on_exit(struct arbiter *a, const struct child_end *end)
{
	a->new_pid = 0;
	log_event(EV_ARBITER_REEXEC_ENDED, child_status(end));
}

void
reexec_look(struct arbiter *a)
{
	look_leave(a);
	if (a->old_pid == 0 || getppid() == a->old_pid)
		return;
	a->old_pid = 0;
	log_event(EV_ARBITER_PROMOTED);
	pidfile_promote(a);
}
