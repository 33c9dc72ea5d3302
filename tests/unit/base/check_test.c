/* A check that fails says where, and ends the process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "base/log.h"

static void
exit_when_it_says_where(const char *line, size_t n)
{
	/* The sanitizers would take the signal: tell by the exit status. */
	if (memmem(line, n, "check_test.c:", 13) != NULL &&
	    memmem(line, n, "two == 3", 8) != NULL)
		_exit(7);
}

static void
fail_a_check(void)
{
	int two = 2;

	CHECK(two == 2);
	CHECK(two == 3);
}

static void
says_where(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		log_write = exit_when_it_says_where;
		fail_a_check();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
}

static void
ends_by_abort(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		fail_a_check();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_where),
		cmocka_unit_test(ends_by_abort),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
