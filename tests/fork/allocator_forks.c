/*
 * allocator_forks [N]: N children are forked while eight threads allocate,
 * free each other's blocks and come and go; each child must be able to
 * allocate, free, and run a thread. A child that hangs or dies fails the test.
 * Linked with the release's libc and allocator, not with the machine's.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { N_THREADS = 8, N_SLOTS = 256, CHILD_MS = 10000 };

pid_t greencorn_fork(unsigned long flags);

/* Blocks on their way from the thread that allocated to one that frees. */
static _Atomic(void *) slots[N_SLOTS];
static atomic_int stopping;

static unsigned
next_random(unsigned *state)
{
	*state = *state * 1103515245u + 12345u;
	return *state >> 8;
}

static void
exchange_one(unsigned *seed)
{
	size_t len = next_random(seed) % 16 == 0
	    ? next_random(seed) % 300000 : next_random(seed) % 600;
	char *block = malloc(len + 1), *other;

	if (block == NULL)
		abort();
	memset(block, 0x5a, len < 64 ? len : 64);
	if (next_random(seed) % 4 == 0)
		block = realloc(block, len / 2 + 1);
	other = atomic_exchange(&slots[next_random(seed) % N_SLOTS], block);
	free(other);
}

/* Short lives: what a thread leaves behind at its end is what others adopt. */
static void *
short_life(void *arg)
{
	unsigned seed = (unsigned)(size_t)arg;

	for (int i = 0; i < 3000; i++)
		exchange_one(&seed);
	return NULL;
}

static void *
keep_allocating(void *arg)
{
	unsigned seed = (unsigned)(size_t)arg * 7919u;

	while (!atomic_load(&stopping)) {
		pthread_t t;

		for (int i = 0; i < 5000; i++)
			exchange_one(&seed);
		if (pthread_create(&t, NULL, short_life,
		    (void *)(size_t)next_random(&seed)) == 0)
			pthread_join(t, NULL);
	}
	return NULL;
}

static _Noreturn void
child(unsigned seed)
{
	pthread_t t;

	for (int i = 0; i < 500; i++)
		exchange_one(&seed);
	if (seed % 4 == 0) {
		if (pthread_create(&t, NULL, short_life, (void *)(size_t)seed))
			_exit(3);
		pthread_join(t, NULL);
	}
	_exit(0);
}

static int
await(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0), status;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (fd < 0 || poll(&p, 1, CHILD_MS) != 1) {
		fprintf(stderr, "child %d hangs\n", (int)pid);
		kill(pid, SIGABRT);
		waitpid(pid, &status, 0);
		return -1;
	}
	close(fd);
	if (waitpid(pid, &status, 0) != pid || status != 0) {
		fprintf(stderr, "child %d: status %#x\n", (int)pid, status);
		return -1;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 10000, failed = 0;
	pthread_t threads[N_THREADS];

	for (size_t i = 0; i < N_THREADS; i++)
		if (pthread_create(&threads[i], NULL, keep_allocating,
		    (void *)(i + 1)))
			return 2;
	for (int i = 0; i < n && failed < 5; i++) {
		pid_t pid = greencorn_fork(0);

		if (pid == 0)
			child((unsigned)i);
		if (pid < 0) {
			perror("fork");
			return 2;
		}
		failed += await(pid) < 0;
		if (failed == 0 && (i + 1) % 2500 == 0)
			printf("%d forks\n", i + 1);
	}
	atomic_store(&stopping, 1);
	for (size_t i = 0; i < N_THREADS; i++)
		pthread_join(threads[i], NULL);
	printf("%s\n", failed ? "FAILED" : "passed");
	return failed != 0;
}
