/*
 * arbiter: the loop. It waits for signals, for its templates and for the
 * board's bell, one second at most, and then looks at everything once.
 */
#include "arbiter/arbiter.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "config/config.h"
#include "sys/fd.h"
#include "sys/message.h"
#include "sys/signals.h"
#include "sys/sys_fork.h"

#include "arbiter/arbiter_state.h"
#include "base/banned.h"

#define LOOK_MS 1000          /* heartbeats are looked at this often */
#define STOPPING_MS 50        /* a stop moves on this often */
#define BOOTING_MS 100        /* back-offs end within this */
#define TEMPLATES_MAX (2 + 8) /* with signals and bell */
#define POLL_MAX (TEMPLATES_MAX + ARBITER_CONTROL_FDS)

/*
 * One that cannot be had leaves its worker without: -1. Where descriptors are
 * few, most are for connections.
 */
static void
make_bells(struct heritage *h)
{
	for (unsigned i = 0; i < HERITAGE_BELLS; i++) {
		h->bells[i] = i < fd_limit() / 32 ? fd_event() : -1;
		if (h->bells[i] < 0)
			h->bells[i] = -1;
	}
}

static int
prepare(struct arbiter *a, struct heritage *h)
{
	a->h = h;
	a->board = h->board;
	a->admin_listener = a->next_admin.fd = -1;
	list_init(&a->generations);
	list_init(&a->workers);
	signals_block(NULL);
	a->signal_fd = signals_fd();
	if (a->signal_fd < 0)
		return a->signal_fd;
	h->arbiter_pid = getpid();
	h->link = -1;
	h->admin_listener = -1;
	h->under_init = h->handover->init_link >= 0;
	a->old_pid = h->handover->old;
	arbiter_dirty_name(a);
	arbiter_control_begin(a);
	make_bells(h);
	if (message_pair(h->queue) < 0)
		return -E_SYSTEM;
	atomic_store(&a->board->arbiter_pid, (int)getpid());
	if (sys_set_subreaper() < 0)
		log_errno(EV_ARBITER_SUBREAPER);
	systemd_start(a);
	listening_take(a, h->handover);
	return adopt_all(a);
}

void
arbiter_open(const struct arbiter *a, struct heritage *h)
{
	struct list *n;
	int link;

	h->n_listeners = 0;
	for (unsigned i = 0; i < a->n_listening; i++)
		h->listeners[h->n_listeners++] = a->listening[i].fd;
	for (n = a->generations.next; n != &a->generations; n = n->next) {
		link = LIST_OF(n, struct generation, node)->link;
		if (link >= 0 && h->n_listeners < HERITAGE_LISTENERS_MAX)
			h->listeners[h->n_listeners++] = link;
	}
	if (a->next_admin.fd >= 0 && a->next_admin.used &&
	    h->n_listeners < HERITAGE_LISTENERS_MAX)
		h->listeners[h->n_listeners++] = a->next_admin.fd;
	h->admin_listener = a->admin_listener;
	h->n_controls = arbiter_control_open(a, h->controls);
}

/* How long the loop may sleep. */
static int
pause_ms(const struct arbiter *a)
{
	if (a->stop != STOP_NONE)
		return STOPPING_MS;
	if (a->spawn_again_ms != 0 || a->template_again_ms != 0 ||
	    a->control.dirty_more != 0)
		return BOOTING_MS;
	if (systemd_due_ms(a) != 0 && systemd_due_ms(a) < LOOK_MS)
		return (int)systemd_due_ms(a);
	return LOOK_MS;
}

static void
wait_for_something(struct arbiter *a)
{
	struct pollfd fds[POLL_MAX] = {
		{ .fd = a->signal_fd, .events = POLLIN },
		{ .fd = a->board->bell, .events = POLLIN },
	};
	struct generation *of[POLL_MAX] = { NULL };
	struct list *n;
	nfds_t count = 2;
	unsigned n_controls;

	for (n = a->generations.next; n != &a->generations; n = n->next) {
		struct generation *g = LIST_OF(n, struct generation, node);

		if (g->link < 0 || count == TEMPLATES_MAX)
			continue;
		fds[count].fd = g->link;
		fds[count].events = POLLIN;
		of[count++] = g;
	}
	n_controls = arbiter_control_poll(a, &fds[count]);
	if (poll(fds, count + n_controls, pause_ms(a)) <= 0)
		return;
	board_heard(a->board);
	for (nfds_t i = 2; i < count; i++)
		if (fds[i].revents != 0)
			generation_on_link(a, of[i]);
	arbiter_signals_on_readable(a);
	arbiter_control_on_poll(a, &fds[count], n_controls);
}

/* "Ready" when as many workers serve as should, for the first time. */
static void
look_phase(struct arbiter *a, uint64_t now)
{
	struct board *b = a->board;
	unsigned n_ready = atomic_load(&b->n_ready);

	if (a->stop != STOP_NONE || n_ready == 0)
		return;
	atomic_store(&b->phase, BOARD_SERVING);
	if (a->ready_logged || n_ready < a->n_workers || a->current == NULL ||
	    a->current->config == NULL) /* adopted, so no start of ours */
		return;
	a->ready_logged = true;
	log_event(EV_ARBITER_READY,
	    (unsigned)(now - atomic_load(&b->started_ms)), n_ready);
	arbiter_hooks_tell(a->current, LINK_WHEN_READY, 0, 0);
}

static bool
turn(struct arbiter *a)
{
	uint64_t now = clock_ms();

	atomic_store(&a->board->arbiter_ms, now);
	workers_look(a, now);
	look_phase(a, now);
	arbiter_hooks_watch(a, now);
	arbiter_log_choose(a);
	workers_balance(a);
	generation_tick(a, now);
	generation_sweep(a);
	arbiter_admin_keep(a, now);
	arbiter_dirty_keep(a, now);
	arbiter_control_keep(a, now);
	arbiter_metrics_tick(a, now);
	reexec_look(a);
	systemd_look(a, now);
	if (a->stop != STOP_NONE && stop_proceed(a, now))
		return false;
	wait_for_something(a);
	return true;
}

/* The first generation: 0 or -E_*. */
static int
begin(struct arbiter *a)
{
	/* What init has read, the arbiter before may have read anew. */
	if (a->current != NULL)
		generation_reload(a);
	return a->candidate != NULL ? 0 : generation_start(a);
}

int
arbiter_run(struct heritage *h)
{
	struct arbiter *a;
	int rc;

	a = calloc(1, sizeof(*a));
	if (a == NULL)
		return ARBITER_EXIT_CONFIG;
	rc = prepare(a, h);
	if (rc < 0) {
		log_errno(EV_ARBITER_PREPARE);
		free(a);
		return ARBITER_EXIT_CONFIG;
	}
	if (begin(a) < 0 && a->last_generation == 0)
		stop_begin(a, STOP_QUICK, ARBITER_EXIT_CONFIG);
	while (turn(a))
		;
	arbiter_control_close(a);
	listening_close_all(a);
	pidfile_remove(a);
	if (a->start_logged)
		log_event(EV_ARBITER_SHUTDOWN, "Master");
	rc = a->exit_status;
	fd_close(a->signal_fd);
	free(a);
	return rc;
}
