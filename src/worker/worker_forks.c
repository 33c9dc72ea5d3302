/*
 * By pthread_atfork, which every fork(2) of the application comes by. An exec
 * closes the descriptors by itself.
 */
#include "worker/worker_forks.h"

#include <pthread.h>
#include <stddef.h>

#include "base/error.h"
#include "net/reactor.h"
#include "telemetry/access_log.h"

#include "base/banned.h"

static struct reactor *reactor;
static bool is_child;

static void
in_child(void)
{
	if (is_child)
		return; /* a child's child */
	is_child = true;
	reactor_after_fork_child(reactor);
	access_log_forget();
}

int
worker_forks_start(struct reactor *r)
{
	reactor = r;
	return pthread_atfork(NULL, NULL, in_child) == 0 ? 0 : -E_NOMEM;
}

bool
worker_forks_is_child(void)
{
	return is_child;
}
