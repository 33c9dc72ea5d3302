/*
 * arbiter_admin: keeps the admin process running while there is an admin
 * address. Its death disturbs nobody and is mended with a pause.
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "role/role.h"

#include "arbiter/arbiter_state.h"
#include "base/banned.h"

#define AGAIN_MS 1000

void
arbiter_admin_keep(struct arbiter *a, uint64_t now)
{
	struct heritage h = *a->h;
	pid_t pid;

	if (a->admin_listener < 0 || a->admin_pid > 0 ||
	    now < a->admin_again_ms || a->stop != STOP_NONE)
		return;
	a->admin_again_ms = now + AGAIN_MS;
	h.row = board_take_row(a->board, ROLE_ADMIN, 0);
	if (h.row == BOARD_NO_ROW)
		return;
	arbiter_open(a, &h);
	pid = role_start(ROLE_ADMIN, &h);
	if (pid < 0) {
		log_event(EV_ARBITER_ADMIN_FAILED, error_text((int)pid));
		board_free_row(a->board, h.row);
		return;
	}
	a->admin_pid = pid;
	a->admin_row = h.row;
}

void
arbiter_admin_on_exit(struct arbiter *a, const struct child_end *end)
{
	board_free_row(a->board, a->admin_row);
	a->admin_pid = 0;
	if (a->stop == STOP_NONE)
		log_event(EV_ARBITER_ADMIN_DIED, child_status(end));
}
