/* Memory that two processes see, whose size nobody can change. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "sys/shared.h"

static void
seen_by_a_child(void **state)
{
	struct shared s;
	pid_t pid;
	int status;

	(void)state;
	assert_int_equal(0, shared_create(&s, "test", 10000));
	assert_int_equal(0, ((char *)s.mem)[9999]);
	pid = fork();
	if (pid == 0) {
		((char *)s.mem)[9999] = 7;
		_exit(0);
	}
	assert_int_equal(pid, waitpid(pid, &status, 0));
	assert_int_equal(7, ((char *)s.mem)[9999]);
	shared_finish(&s);
	shared_finish(&s);
	assert_null(s.mem);
}

static void
opened_again(void **state)
{
	struct shared a, b;

	(void)state;
	assert_int_equal(0, shared_create(&a, "test", 8192));
	assert_true(a.fd >= 0);
	assert_int_equal(-1, ftruncate(a.fd, 100));
	assert_int_equal(-1, ftruncate(a.fd, 100000));
	assert_int_equal(-E_BAD_VALUE, shared_open(&b, a.fd, 8193));
	assert_int_equal(0, shared_open(&b, dup(a.fd), 8192));
	((char *)a.mem)[5] = 5;
	assert_int_equal(5, ((char *)b.mem)[5]);
	shared_finish(&a);
	shared_finish(&b);
}

static void
unsealed_is_refused(void **state)
{
	struct shared s;
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	(void)state;
	assert_int_equal(0, ftruncate(fd, 4096));
	assert_int_equal(-E_BAD_VALUE, shared_open(&s, fd, 1));
	assert_int_equal(0, close(fd));
	assert_int_equal(-E_BAD_VALUE, shared_open(&s, fd, 1));
}

static void
read_only(void **state)
{
	struct shared s;
	pid_t pid;
	int status;

	(void)state;
	assert_int_equal(0, shared_create(&s, "test", 4096));
	pid = fork();
	if (pid == 0) {
		(void)signal(SIGSEGV, SIG_DFL);
		if (shared_read_only(&s) < 0 || *(char *)s.mem != 0)
			_exit(1);
		*(volatile char *)s.mem = 1;
		_exit(2);
	}
	assert_int_equal(pid, waitpid(pid, &status, 0));
	/* A sanitizer turns the fault into an exit of its own. */
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) > 2);
	assert_int_equal(0, *(char *)s.mem);
	shared_finish(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seen_by_a_child),
		cmocka_unit_test(opened_again),
		cmocka_unit_test(unsealed_is_refused),
		cmocka_unit_test(read_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
