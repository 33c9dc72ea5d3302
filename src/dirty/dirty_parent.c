/*
 * The dirty workers' template: the same as that of the HTTP workers, but that
 * its configuration is frozen already. Run by the dirty arbiter.
 */
#include "dirty/dirty_state.h"

#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "board/board.h"
#include "role/role.h"
#include "sys/fd.h"
#include "sys/poller.h"

#include "base/banned.h"

#define AGAIN_MS 1000ull
#define DOUBLINGS 4

static void
close_link(struct dirty_router *r)
{
	r->template_live = false;
	if (r->template_link < 0)
		return;
	poller_remove(r->poller, r->template_link);
	fd_close(r->template_link);
	r->template_link = -1;
}

static void
try_again(struct dirty_router *r)
{
	unsigned doublings = r->n_template_deaths;

	if (doublings > DOUBLINGS)
		doublings = DOUBLINGS;
	r->template_again_ms = clock_ms() + (AGAIN_MS << doublings);
	r->n_template_deaths++;
}

/* In the template nothing of this process is of use but what h names. */
static int
start(struct dirty_router *r)
{
	struct heritage h = *r->h;
	int ends[2], rc;

	rc = link_pair(ends);
	if (rc < 0)
		return rc;
	h.board = r->board;
	h.row = board_take_row(r->board, ROLE_DIRTY_TEMPLATE, h.generation);
	h.arbiter_pid = getpid();
	h.link = ends[1];
	rc = h.row == BOARD_NO_ROW ? -E_FULL
				   : (int)role_start(ROLE_DIRTY_TEMPLATE, &h);
	fd_close(ends[1]);
	if (rc < 0) {
		if (h.row != BOARD_NO_ROW)
			board_free_row(r->board, h.row);
		fd_close(ends[0]);
		return rc;
	}
	r->template_pid = (pid_t)rc;
	r->template_row = h.row;
	r->template_link = ends[0];
	r->template_started_ms = clock_ms();
	return poller_add(r->poller, ends[0], POLLER_IN, DIRTY_SOURCE_TEMPLATE);
}

void
dirty_parent_tick(struct dirty_router *r, uint64_t now)
{
	uint64_t limit = r->cfg->dirty_timeout;
	int rc;

	/* What it preloads may take as long as a call. */
	if (r->template_pid != 0 && !r->template_live && limit > 0 &&
	    now > r->template_started_ms + limit)
		kill(r->template_pid, SIGKILL);
	if (r->template_pid != 0 || r->stopping || now < r->template_again_ms)
		return;
	rc = start(r);
	if (rc == 0)
		return;
	log_event(EV_DIRTY_TEMPLATE_FAILED, error_text(rc));
	try_again(r);
}

/* One message; false: it has no place here. */
static bool
act_on(struct dirty_router *r, const struct link_message *m)
{
	struct link_message frozen = { .type = LINK_FROZEN,
		.number = r->template_known ? LINK_REASON_REPLACEMENT
					    : LINK_REASON_START };

	switch (m->type) {
	case LINK_SETTING:
		return true; /* the arbiter has frozen them all */
	case LINK_CONFIGURED:
		r->template_known = true;
		return link_send(r->template_link, &frozen) == 0;
	case LINK_LOADED:
		r->template_live = true;
		r->n_template_deaths = 0;
		if (r->renewing)
			dirty_pool_renew(r);
		r->renewing = false;
		return true;
	case LINK_SPAWNED:
		dirty_pool_on_spawned(r, m->row, m->number);
		return true;
	case LINK_UNSPAWNED:
		dirty_pool_on_unspawned(r, m->row, m->number);
		return true;
	default:
		return false;
	}
}

void
dirty_parent_on_event(struct dirty_router *r)
{
	struct link_message m;
	int rc;

	while (r->template_link >= 0) {
		rc = link_receive(r->template_link, &r->inbox, 0, &m);
		if (rc == -E_AGAIN)
			return;
		if (rc == 0 && m.n_fds == 0 && act_on(r, &m))
			continue;
		close_link(r);
		if (r->template_pid > 0)
			kill(r->template_pid, SIGKILL);
	}
}

bool
dirty_parent_on_exit(struct dirty_router *r, const struct child_end *end)
{
	if (end->pid != r->template_pid)
		return false;
	dirty_parent_on_event(r); /* what it said last */
	close_link(r);
	board_free_row(r->board, r->template_row);
	r->template_pid = 0;
	dirty_pool_on_template_gone(r);
	if (r->stopping || r->renewing)
		return true;
	log_event(EV_DIRTY_TEMPLATE_DIED, child_status(end));
	try_again(r);
	return true;
}

int
dirty_parent_spawn(struct dirty_router *r, const struct dirty_worker *w,
    struct str apps, int link)
{
	struct link_message m = { .type = LINK_SPAWN,
		.row = w->row,
		.number = (int32_t)w->age,
		.text = apps,
		.n_fds = 1 };

	m.fds[0] = link;
	return link_send(r->template_link, &m);
}

void
dirty_parent_tell_exit(struct dirty_router *r, unsigned age, pid_t pid)
{
	struct link_message m = {
		.type = LINK_CHILD_EXIT, .row = age, .number = (int32_t)pid
	};

	if (r->template_live && r->cfg->dirty_worker_exit[0] != '\0')
		(void)link_tell(r->template_link, &m);
}
