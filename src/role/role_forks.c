/*
 * role_forks: see role_forks.h. Run by templates and their children.
 */
#include "role/role_forks.h"

#include <pthread.h>
#include <stddef.h>

#include "base/error.h"
#include "role/heritage.h"
#include "sys/fd.h"
#include "sys/signals.h"

#include "base/banned.h"

static struct heritage *heritage;
static bool keeps_descriptors;
/* Another thread may fork for the application meanwhile. */
static _Thread_local bool is_ours;

static void
drop(int *fd)
{
	fd_close(*fd);
	*fd = -1;
}

static void
drop_descriptors(struct heritage *h)
{
	for (unsigned i = 0; i < h->n_listeners; i++)
		fd_close(h->listeners[i]);
	h->n_listeners = 0;
	drop(&h->admin_listener);
	drop(&h->dirty_listener);
	drop(&h->dirty_link);
	drop(&h->link);
	drop(&h->queue[0]);
	drop(&h->queue[1]);
}

static void
in_child(void)
{
	if (is_ours)
		return;
	signals_give_back();
	if (!keeps_descriptors)
		drop_descriptors(heritage);
}

int
role_forks_start(struct heritage *h)
{
	heritage = h;
	return pthread_atfork(NULL, NULL, in_child) == 0 ? 0 : -E_NOMEM;
}

void
role_forks_ours(bool ours)
{
	is_ours = ours;
}

void
role_forks_keep_descriptors(void)
{
	keeps_descriptors = true;
}
