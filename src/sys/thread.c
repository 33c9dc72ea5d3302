/*
 * thread: pthread_create with what is always the same. Run by workers.
 */
#include "sys/thread.h"

#include <errno.h>
#include <signal.h>

#include "base/error.h"

#include "base/banned.h"

int
thread_start(
    pthread_t *thread, size_t stack, void *(*body)(void *arg), void *arg)
{
	pthread_attr_t attr;
	sigset_t all, old;
	int rc;

	rc = pthread_attr_init(&attr);
	if (rc == 0) {
		pthread_attr_setstacksize(&attr, stack);
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &old);
		rc = pthread_create(thread, &attr, body, arg);
		pthread_sigmask(SIG_SETMASK, &old, NULL);
		pthread_attr_destroy(&attr);
	}
	errno = rc;
	return rc == 0 ? 0 : -E_SYSTEM;
}
