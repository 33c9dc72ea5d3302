/*
 * lookup: see lookup.h. Every role. A process that is forked has none of the
 * threads, and perhaps a lock that one of them held: it begins anew.
 */
#include "sys/lookup.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "sys/thread.h"

#include "base/banned.h"

#define STACK_LEN ((size_t)128 << 10)

/* What a thread works for. */
struct task {
	struct lookup *lookup;
	unsigned turn;
	char host[LOOKUP_HOST_MAX];
	uint16_t port;
};

static struct timespec
in_ms(unsigned ms)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += ms % 1000 * 1000000L;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

/* Under the lock, until the time is over or the lookup has moved on. */
static void
rest(struct lookup *l, unsigned turn, unsigned ms)
{
	struct timespec until = in_ms(ms);

	while (l->turn == turn && l->pending &&
	    pthread_cond_timedwait(&l->moved, &l->lock, &until) == 0)
		;
}

/* One try. Whether there is to be another. */
static bool
try(struct task *t, bool is_first)
{
	struct lookup *l = t->lookup;
	struct sock_addr to;
	int rc = sock_resolve(&to, str_of(t->host), t->port);
	bool goes_on;

	pthread_mutex_lock(&l->lock);
	if (l->turn == t->turn && (rc == 0 || is_first))
		l->done(rc == 0 ? &to : NULL);
	if (l->turn == t->turn && rc == 0)
		l->pending = false;
	pthread_cond_broadcast(&l->moved);
	if (rc < 0)
		rest(l, t->turn, LOOKUP_AGAIN_MS);
	goes_on = rc < 0 && l->turn == t->turn;
	pthread_mutex_unlock(&l->lock);
	return goes_on;
}

static void *
run(void *arg)
{
	struct task *t = arg;
	bool is_first = true;

	while (try(t, is_first))
		is_first = false;
	free(t);
	return NULL;
}

/* Under the lock. 0 or -E_SYSTEM. */
static int
start_thread(struct lookup *l)
{
	struct task *t = malloc(sizeof(*t));
	pthread_t thread;
	int rc;

	if (t == NULL)
		return -E_SYSTEM;
	*t = (struct task){ .lookup = l, .turn = l->turn, .port = l->port };
	memcpy(t->host, l->host, sizeof(t->host));
	rc = thread_start(&thread, STACK_LEN, run, t);
	if (rc < 0) {
		free(t);
		return rc;
	}
	pthread_detach(thread);
	return 0;
}

/* Takes the lock; in a new process, one that is nobody's. */
static void
enter(struct lookup *l)
{
	if (l->owner != getpid()) {
		pthread_mutex_init(&l->lock, NULL);
		pthread_cond_init(&l->moved, NULL);
		l->owner = getpid();
	}
	pthread_mutex_lock(&l->lock);
}

int
lookup_start(struct lookup *l, struct str host, uint16_t port, unsigned wait_ms)
{
	struct sock_addr to;
	int rc = 0;

	lookup_stop(l);
	if (sock_numeric(&to, host, port) == 0) {
		l->done(&to);
		return 0;
	}
	enter(l);
	l->port = port;
	if (str_to_z(host, l->host, sizeof(l->host)) < 0)
		rc = -E_BAD_VALUE;
	if (rc == 0)
		rc = start_thread(l);
	l->pending = rc == 0;
	if (rc == 0)
		rest(l, l->turn, wait_ms);
	pthread_mutex_unlock(&l->lock);
	return rc;
}

void
lookup_stop(struct lookup *l)
{
	enter(l);
	l->turn++;
	l->pending = false;
	pthread_cond_broadcast(&l->moved);
	pthread_mutex_unlock(&l->lock);
}

void
lookup_resume(struct lookup *l)
{
	if (!l->pending || l->owner == getpid())
		return;
	enter(l);
	l->turn++;
	if (start_thread(l) < 0)
		l->pending = false; /* then not before the next start */
	pthread_mutex_unlock(&l->lock);
}
