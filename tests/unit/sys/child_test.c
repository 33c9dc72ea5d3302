/* Reaping tells exits from signals, and "none yet" from "none at all". */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "sys/child.h"
#include "sys/sys_fork.h"

/* A child that waits to be killed when status is below 0. */
static pid_t
make(int status)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	while (status < 0)
		(void)pause();
	_exit(status);
}

/* Waits for the child's end without taking it. */
static void
reap(struct child_end *end)
{
	int rc;

	do
		rc = child_reap(end);
	while (rc == 0 && usleep(1000) == 0);
	assert_int_equal(1, rc);
}

static void
no_child(void **state)
{
	struct child_end end;

	(void)state;
	assert_int_equal(-E_NOT_FOUND, child_reap(&end));
}

static void
exited(void **state)
{
	struct child_end end;
	pid_t pid = make(42);

	(void)state;
	reap(&end);
	assert_int_equal(pid, end.pid);
	assert_int_equal(0, end.sig);
	assert_int_equal(42, child_status(&end));
}

static void
signalled(void **state)
{
	struct child_end end;
	pid_t pid = make(-1);

	(void)state;
	assert_int_equal(0, child_reap(&end));
	assert_int_equal(0, kill(pid, SIGKILL));
	reap(&end);
	assert_int_equal(SIGKILL, end.sig);
	assert_false(end.core);
	assert_int_equal(137, child_status(&end));
}

static void
by_pidfd(void **state)
{
	struct child_end end;
	pid_t pid = make(-1);
	int fd = sys_pidfd_open(pid);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(0, sys_pidfd_signal(fd, 0));
	assert_int_equal(0, sys_pidfd_signal(fd, SIGTERM));
	reap(&end);
	assert_int_equal(143, child_status(&end));
	assert_int_equal(-E_NOT_FOUND, sys_pidfd_signal(fd, SIGTERM));
	(void)close(fd);
	assert_int_equal(-E_SYSTEM, sys_pidfd_signal(fd, SIGTERM));
	assert_int_equal(-E_SYSTEM, sys_pidfd_open(-1));
}

static void
orphans_come_to_the_subreaper(void **state)
{
	struct child_end end;
	pid_t pid;

	(void)state;
	assert_int_equal(0, sys_set_subreaper());
	pid = fork();
	if (pid == 0)
		_exit(make(7) < 0);
	reap(&end);
	assert_true(end.pid == pid || end.status == 7);
	reap(&end);
	assert_true(end.pid == pid || end.status == 7);
	assert_int_equal(-E_NOT_FOUND, child_reap(&end));
}

static void
death_signal(void **state)
{
	struct child_end end;
	pid_t me = getpid(), pid;

	(void)state;
	pid = fork();
	if (pid == 0) {
		if (sys_set_pdeathsig(SIGTERM, me) != 0)
			_exit(1);
		_exit(sys_set_pdeathsig(0, 1) == -E_GONE ? 0 : 2);
	}
	reap(&end);
	assert_int_equal(0, child_status(&end));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_child),
		cmocka_unit_test(exited),
		cmocka_unit_test(signalled),
		cmocka_unit_test(by_pidfd),
		cmocka_unit_test(orphans_come_to_the_subreaper),
		cmocka_unit_test(death_signal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
