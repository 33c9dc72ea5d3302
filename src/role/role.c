/*
 * role: becoming what a row of roles[] says. The steps are the same for every
 * role, so that none can forget one.
 */
#include "role/role.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/check.h"
#include "base/error.h"
#include "base/log.h"
#include "board/board.h"
#include "role/handover.h"
#include "role/heritage.h"
#include "sys/fd.h"
#include "sys/signals.h"
#include "sys/sys_fork.h"
#include "sys/title.h"

#include "base/banned.h"

#define TITLE_MAX 128

static const struct heritage *own;

const struct heritage *
role_heritage(void)
{
	return own;
}

/* What a process gets when its arbiter has died. */
static int
death_signal(enum role_name name)
{
	switch (name) {
	case ROLE_WORKER:
	case ROLE_DIRTY_ARBITER:
	case ROLE_DIRTY_WORKER:
		return SIGTERM; /* finish what runs, then leave */
	case ROLE_TEMPLATE:
	case ROLE_DIRTY_TEMPLATE:
	case ROLE_ADMIN:
		return SIGKILL; /* they hold nothing that anyone waits for */
	default:
		return 0;
	}
}

void
role_watch_parent(enum role_name name, const struct heritage *h)
{
	int sig = death_signal(name);
	int rc;

	/* Under init another arbiter comes, and adopts the workers. */
	if (sig == 0 || (name == ROLE_WORKER && h->under_init))
		return;
	rc = sys_set_pdeathsig(sig, h->arbiter_pid);
	if (rc == -E_GONE)
		raise(sig);
	else if (rc < 0)
		log_errno(EV_ROLE_DEATH_SIGNAL);
}

void
role_enter(enum role_name name, struct heritage *h)
{
	const struct role *role = &roles[name];
	char title[TITLE_MAX];

	CHECK(name > ROLE_NONE && name < ROLE_MAX && role->run != NULL);
	log_set_pid((int)getpid());
	if (h->row != BOARD_NO_ROW) {
		atomic_store(&h->board->rows[h->row].pid, (int)getpid());
		board_set_state(h->board, h->row, BOARD_BOOTING);
	}
	h->role = name;
	own = h;
	role_watch_parent(name, h);
	if (name != ROLE_DIRTY_ARBITER) {
		/* Its end must be seen by those who wait there. */
		fd_close(h->dirty_listener);
		h->dirty_listener = -1;
		fd_close(h->dirty_door[0]);
		h->dirty_door[0] = -1;
	}
	/* As Gunicorn with setproctitle: "gunicorn: worker [name]". */
	snprintf(title, sizeof(title), "%s: %s [%s]", h->server, role->title,
	    h->name);
	title_set(title);
}

/* A copy that stays would keep an address open that nobody serves any more. */
static void
close_parents(enum role_name name, struct heritage *h)
{
	for (unsigned i = 0; i < h->n_listeners; i++)
		fd_close(h->listeners[i]);
	h->n_listeners = 0;
	for (unsigned i = 0; i < h->n_controls; i++)
		fd_close(h->controls[i]);
	h->n_controls = 0;
	if (name == ROLE_ADMIN)
		return;
	fd_close(h->admin_listener);
	h->admin_listener = -1;
}

pid_t
role_start(enum role_name name, struct heritage *h)
{
	pid_t pid;

	pid = sys_fork(0);
	if (pid != 0)
		return pid;
	/* Blocked until the role has its handlers, or reads them itself. */
	signals_default_in_child();
	fd_close(h->handover->init_link); /* what it says, init does */
	h->handover->init_link = -1;
	close_parents(name, h);
	role_enter(name, h);
	_exit(roles[name].run(h));
}
