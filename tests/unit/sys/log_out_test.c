/* Lines go out whole; a reader that is slow or gone costs lines, not time. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "sys/log_out.h"
#include "sys/sys_time.h"

static int ends[2], stderr_was;

/* Standard error is a pipe of two pages while a test runs. */
static int
set_up(void **state)
{
	(void)state;
	if (pipe(ends) < 0 || fcntl(ends[1], F_SETPIPE_SZ, 8192) < 0)
		return -1;
	stderr_was = dup(2);
	(void)fflush(stderr);
	return dup2(ends[1], 2) < 0 ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	(void)dup2(stderr_was, 2);
	(void)close(stderr_was);
	(void)close(ends[0]);
	(void)close(ends[1]);
	return 0;
}

static struct str
read_some(char *mem, size_t n)
{
	ssize_t did = read(ends[0], mem, n);

	return (struct str){ mem, did < 0 ? 0 : (size_t)did };
}

static void
one_line(void **state)
{
	char mem[100];

	(void)state;
	errno = E2BIG;
	log_write("hello\n", 6);
	assert_int_equal(E2BIG, errno);
	assert_true(str_eq(STR("hello\n"), read_some(mem, sizeof(mem))));
}

static void
slow_reader(void **state)
{
	static char pages[8192], mem[8192];
	uint64_t before = log_out_dropped(), began;
	struct str got;
	int n;

	(void)state;
	memset(pages, 'x', sizeof(pages));
	log_write(pages, sizeof(pages));
	began = time_us();
	for (n = 0; n < 50; n++)
		log_write("lost\n", 5);
	/* Only the first of them waited. */
	assert_in_range(time_us() - began, 90 * 1000, 1000 * 1000);
	assert_int_equal(before + 50, log_out_dropped());
	assert_int_equal(sizeof(pages), read_some(mem, sizeof(mem)).len);
	log_write("back\n", 5);
	got = read_some(mem, sizeof(mem));
	assert_true(str_eq(STR("back\n(50 log lines were lost)\n"), got));
}

static void
no_reader(void **state)
{
	uint64_t before = log_out_dropped();

	(void)state;
	(void)close(ends[0]);
	log_write("x\n", 2);
	assert_int_equal(before + 1, log_out_dropped());
}

static void
no_stderr(void **state)
{
	uint64_t before = log_out_dropped();

	(void)state;
	(void)close(2);
	log_write("x\n", 2);
	assert_int_equal(before + 1, log_out_dropped());
}

static void
full_disk(void **state)
{
	uint64_t before = log_out_dropped();
	int fd = open("/dev/full", O_WRONLY);

	(void)state;
	(void)dup2(fd, 2);
	(void)close(fd);
	log_write("x\n", 2);
	assert_int_equal(before + 1, log_out_dropped());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_line),
		TEST(slow_reader),
		TEST(no_reader),
		TEST(no_stderr),
		TEST(full_disk),
	};

	time_start();
	log_out_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
