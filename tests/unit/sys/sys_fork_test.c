/* A fork is a fork; the flags reach libc's part of it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "sys/sys_fork.h"

static unsigned long flags_seen;

/* In place of the one that libc brings. */
pid_t greencorn_fork(unsigned long flags);
pid_t
greencorn_fork(unsigned long flags)
{
	flags_seen = flags;
	if (flags == 0)
		return fork();
	errno = EAGAIN;
	return -1;
}

static void
parent_and_child(void **state)
{
	pid_t pid = sys_fork(0);
	int status;

	(void)state;
	if (pid == 0)
		_exit(5);
	assert_true(pid > 0);
	assert_int_equal(pid, waitpid(pid, &status, 0));
	assert_int_equal(5, WEXITSTATUS(status));
}

static void
failure(void **state)
{
	(void)state;
	assert_int_equal(-E_SYSTEM, sys_fork(0x8000));
	assert_int_equal(0x8000, flags_seen);
	assert_int_equal(EAGAIN, errno);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parent_and_child),
		cmocka_unit_test(failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
