/*
 * arbiter_dirty: keeps the dirty arbiter, while there are dirty_apps and
 * dirty_workers, and the socket that it listens at, so that callers find the
 * same address whatever happens to it. At a reload another one, of the new
 * configuration, takes over at the same socket; the old one finishes.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "config/config.h"
#include "role/role.h"
#include "sys/fd.h"
#include "sys/message.h"
#include "sys/sock.h"
#include "sys/sys_owner.h"

#include "arbiter/arbiter_state.h"
#include "base/banned.h"

#define BACKLOG 1024
#define AGAIN_MS 1000ull /* doubles with each death in a row */
#define DOUBLINGS 5
#define STEADY_MS 10000 /* after so long it is no failure in a row */
#define KILL_GRACE_MS 3000

/*
 * The door, and the address, which is named for the server's first process,
 * so that a successor of the arbiter has the same. In containers that is pid
 * 1: there the namespace tells them apart, since abstract names, and perhaps
 * /tmp, are a pod's.
 */
void
arbiter_dirty_name(struct arbiter *a)
{
	struct heritage *h = a->h;
	int pid = (int)(h->under_init ? getppid() : getpid());
	struct stat st = { .st_ino = 0 };
	const char *dir = "/tmp";

	h->dirty_listener = -1;
	if (message_pair(h->dirty_door) < 0) /* then by its address */
		h->dirty_door[0] = h->dirty_door[1] = -1;
	(void)stat("/proc/self/ns/pid", &st);
	if (access(dir, W_OK | X_OK) < 0)
		snprintf(h->dirty_address, sizeof(h->dirty_address),
		    "@greencorn-dirty-%lu-%d", (unsigned long)st.st_ino, pid);
	else if (pid == 1)
		snprintf(h->dirty_address, sizeof(h->dirty_address),
		    "%s/gunicorn_dirty_%lu_%d.sock", dir,
		    (unsigned long)st.st_ino, pid);
	else
		snprintf(h->dirty_address, sizeof(h->dirty_address),
		    "%s/gunicorn_dirty_%d.sock", dir, pid);
}

static void
unlink_address(const struct heritage *h)
{
	if (h->dirty_address[0] == '/')
		(void)unlink(h->dirty_address);
}

/* Bound and listening, or -E_*. */
static int
open_listener(const struct heritage *h, const struct config *cfg)
{
	struct owner owner;
	struct sock_addr addr;
	int fd, rc;

	rc = sock_unix(&addr, str_of(h->dirty_address));
	if (rc < 0)
		return rc;
	unlink_address(h); /* of one that is gone, with our pid */
	fd = sock_unix_bound(&addr, 0177);
	if (fd < 0)
		return fd;
	if (h->dirty_address[0] == '/' &&
	    owner_find(&owner, cfg->user, cfg->group) == 0 &&
	    owner_differs(&owner))
		rc = owner_give(&owner, h->dirty_address);
	if (rc == 0)
		rc = sock_listen(fd, BACKLOG);
	if (rc == 0)
		return fd;
	fd_close(fd);
	return rc;
}

void
arbiter_dirty_close(struct arbiter *a)
{
	struct heritage *h = a->h;

	if (h->dirty_listener < 0)
		return;
	fd_close(h->dirty_listener);
	h->dirty_listener = -1;
	unlink_address(h);
}

/* The generation whose dirty workers there should be, or NULL. */
static const struct generation *
source(const struct arbiter *a)
{
	const struct generation *g = a->current;

	if (g == NULL || g->config == NULL)
		g = a->candidate;
	return g != NULL && g->config != NULL && g->loaded ? g : NULL;
}

static bool
is_wanted(const struct config *cfg)
{
	return cfg->dirty_workers > 0 && cfg->dirty_apps.n > 0 &&
	    !config_is_check(cfg);
}

/* One more that finishes what it has. */
static void
retire(struct arbiter *a)
{
	struct arbiter_dirty *d = &a->dirty;

	if (d->pid == 0)
		return;
	if (d->n_old == ARBITER_OLD_DIRTY)
		kill(d->pid, SIGKILL);
	else
		d->old[d->n_old++] =
		    (struct arbiter_old_dirty){ d->pid, d->row, false };
	d->pid = 0;
}

/* sig: USR2 when there is a successor, who gets what they hold. */
static void
dismiss_old(struct arbiter *a, int sig)
{
	for (unsigned i = 0; i < a->dirty.n_old; i++) {
		if (a->dirty.old[i].told)
			continue;
		a->dirty.old[i].told = true;
		kill(a->dirty.old[i].pid, sig);
	}
}

static int
start(struct arbiter *a, const struct generation *g)
{
	struct heritage h = *a->h;
	pid_t pid;

	h.row = board_take_row(a->board, ROLE_DIRTY_ARBITER, g->number);
	if (h.row == BOARD_NO_ROW)
		return -E_FULL;
	h.generation = g->number;
	h.config = g->config;
	h.config_mem = g->config_mem;
	arbiter_open(a, &h);
	pid = role_start(ROLE_DIRTY_ARBITER, &h);
	if (pid < 0) {
		board_free_row(a->board, h.row);
		return (int)pid;
	}
	a->dirty.pid = pid;
	a->dirty.row = h.row;
	a->dirty.generation = g->number;
	return 0;
}

static void
try_again(struct arbiter *a)
{
	struct arbiter_dirty *d = &a->dirty;
	uint64_t now = clock_ms();

	/* Since the last death's successor; a reload's is none. */
	if (now > d->again_ms + STEADY_MS)
		d->n_deaths = 0;
	d->again_ms = now + (AGAIN_MS << d->n_deaths);
	if (d->n_deaths < DOUBLINGS)
		d->n_deaths++;
}

static void
begin(struct arbiter *a, const struct generation *g)
{
	int rc = 0;

	if (a->h->dirty_listener < 0) {
		rc = open_listener(a->h, g->config);
		if (rc >= 0)
			a->h->dirty_listener = rc;
	}
	if (rc >= 0)
		rc = start(a, g);
	if (rc >= 0)
		return;
	log_event(EV_DIRTY_ARBITER_FAILED, error_text(rc));
	try_again(a);
}

void
arbiter_dirty_keep(struct arbiter *a, uint64_t now)
{
	const struct generation *g = source(a);
	struct arbiter_dirty *d = &a->dirty;

	if (g == NULL || a->stop != STOP_NONE)
		return;
	if (d->pid != 0 && d->generation == g->number) {
		if (d->n_old > 0 &&
		    atomic_load(&a->board->rows[d->row].state) == BOARD_READY)
			dismiss_old(a, SIGUSR2);
		return;
	}
	retire(a);
	if (!is_wanted(g->config)) {
		dismiss_old(a, SIGTERM);
		arbiter_dirty_close(a);
	} else if (now >= d->again_ms) {
		begin(a, g);
	}
}

bool
arbiter_dirty_on_exit(struct arbiter *a, const struct child_end *end)
{
	struct arbiter_dirty *d = &a->dirty;

	if (end->pid == d->pid) {
		board_free_row(a->board, d->row);
		d->pid = 0;
		if (a->stop == STOP_NONE) {
			log_event(EV_DIRTY_ARBITER_DIED, (int)end->pid,
			    child_status(end));
			try_again(a);
		}
		return true;
	}
	for (unsigned i = 0; i < d->n_old; i++) {
		if (d->old[i].pid != end->pid)
			continue;
		board_free_row(a->board, d->old[i].row);
		d->old[i] = d->old[--d->n_old];
		return true;
	}
	return false;
}

void
arbiter_dirty_signal(struct arbiter *a, int sig)
{
	if (a->dirty.pid > 0)
		kill(a->dirty.pid, sig);
	for (unsigned i = 0; i < a->dirty.n_old; i++)
		kill(a->dirty.old[i].pid, sig);
}

bool
arbiter_dirty_stop(struct arbiter *a, uint64_t now)
{
	struct arbiter_dirty *d = &a->dirty;
	const struct config *cfg = generation_config(a);
	int sig = a->stop == STOP_QUICK ? SIGQUIT : SIGTERM;

	if (d->pid == 0 && d->n_old == 0) {
		arbiter_dirty_close(a);
		return false;
	}
	if (d->stop_signal != sig) {
		arbiter_dirty_signal(a, sig);
		d->stop_signal = sig;
		d->kill_ms = now + KILL_GRACE_MS;
		if (cfg != NULL && sig == SIGTERM)
			d->kill_ms += cfg->dirty_graceful_timeout;
	}
	if (now > d->kill_ms)
		arbiter_dirty_signal(a, SIGKILL);
	return true;
}
