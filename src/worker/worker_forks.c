/*
 * By pthread_atfork, which every fork(2) of the application comes by. An exec
 * closes the descriptors by itself.
 */
#include "worker/worker_forks.h"

#include <pthread.h>
#include <stddef.h>

#include "base/error.h"
#include "net/reactor.h"
#include "python/python_gil.h"
#include "role/role_forks.h"
#include "sys/log_ring.h"
#include "telemetry/access_log.h"
#include "telemetry/statsd.h"

#include "base/banned.h"

static struct reactor *reactor;
static bool is_child;

static void
in_child(void)
{
	if (is_child)
		return; /* a child's child */
	is_child = true;
	python_gil_watch(NULL, NULL);
	reactor_after_fork_child(reactor);
	access_log_forget();
	log_ring_forget();
	statsd_forget();
	reactor_unlock(reactor);
}

/* Nobody may be half way through the reactor's state when it is copied. */
static void
before(void)
{
	if (!is_child)
		reactor_lock(reactor);
}

static void
in_parent(void)
{
	if (!is_child)
		reactor_unlock(reactor);
}

int
worker_forks_start(struct reactor *r)
{
	reactor = r;
	if (pthread_atfork(before, in_parent, in_child) != 0)
		return -E_NOMEM;
	role_forks_keep_descriptors(); /* they are the reactor's */
	return 0;
}

bool
worker_forks_is_child(void)
{
	return is_child;
}
