/*
 * reap: every death is collected here, and means something only when its pid
 * is one of ours. Run by the arbiter.
 */
#include "base/log.h"

#include "arbiter/arbiter_state.h"
#include "base/banned.h"

/*
 * A pid that nobody knows: a stranger's orphan, or a worker whose SPAWNED
 * is still on its way. Kept for the latter; the oldest is overwritten.
 */
static void
keep_orphan(struct arbiter *a, const struct child_end *end)
{
	a->orphans[a->next_orphan] = *end;
	a->next_orphan = (a->next_orphan + 1) % ARBITER_ORPHANS;
}

bool
reap_claim(struct arbiter *a, pid_t pid, struct child_end *end)
{
	for (unsigned i = 0; i < ARBITER_ORPHANS; i++) {
		if (a->orphans[i].pid != pid)
			continue;
		*end = a->orphans[i];
		a->orphans[i].pid = 0;
		return true;
	}
	return false;
}

static void
note_death(struct arbiter *a, const struct child_end *end)
{
	struct worker *w = workers_by_pid(a, end->pid);
	struct generation *g = generation_by_template(a, end->pid);

	if (w != NULL)
		workers_on_exit(a, w, end);
	else if (g != NULL)
		generation_on_exit(a, g, end);
	else if (end->pid == a->new_pid)
		reexec_on_exit(a, end);
	else if (arbiter_dirty_on_exit(a, end))
		return;
	else if (end->pid == a->admin_pid)
		arbiter_admin_on_exit(a, end);
	else
		keep_orphan(a, end);
}

/*
 * Somebody has stopped what all wait for. A worker is not let go on here: its
 * silence has its time, as an application's.
 */
static void
go_on(struct arbiter *a)
{
	struct list *n;
	pid_t pid;

	for (n = a->generations.next; n != &a->generations; n = n->next) {
		pid = LIST_OF(n, struct generation, node)->template_pid;
		if (pid > 0 && child_continue(&pid) > 0)
			log_event(EV_ARBITER_CONTINUED, (int)pid);
	}
	pid = a->admin_pid;
	if (pid > 0 && child_continue(&pid) > 0)
		log_event(EV_ARBITER_CONTINUED, (int)pid);
}

void
reap_children(struct arbiter *a)
{
	struct child_end end;

	go_on(a);
	while (child_reap(&end) > 0)
		note_death(a, &end);
}
