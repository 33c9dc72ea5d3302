/* Files of lines: pieces for pipes, readers that do not read, rotation. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/log.h"
#include "sys/log_file.h"
#include "sys/log_out.h"

static char path[] = "log_file_test.XXXXXX", moved[sizeof(path) + 2];

static int
set_up(void **state)
{
	int fd;

	(void)state;
	(void)signal(SIGPIPE, SIG_IGN); /* as every role */
	memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
	fd = mkstemp(path);
	snprintf(moved, sizeof(moved), "%s.1", path);
	return fd < 0 ? -1 : close(fd);
}

static int
tear_down(void **state)
{
	(void)state;
	(void)unlink(path);
	(void)unlink(moved);
	return 0;
}

static void
expect_file(const char *name, const char *text)
{
	char got[256] = "";
	int fd = open(name, O_RDONLY);

	assert_true(fd >= 0);
	assert_true(read(fd, got, sizeof(got) - 1) >= 0);
	assert_string_equal(text, got);
	(void)close(fd);
}

/* What a pipe's packet mode shows: each write is one read. */
static void
pieces_end_with_lines(void **state)
{
	static char text[3 * PIPE_BUF], got[2 * PIPE_BUF];
	int ends[2];
	ssize_t n;

	(void)state;
	assert_int_equal(0, pipe2(ends, O_DIRECT));
	memset(text, 'x', sizeof(text));
	text[3000] = '\n';
	text[3990] = '\n';
	text[5000] = '\n';
	n = log_file_write(ends[1], (struct str){ text, 5001 }, 0);
	assert_int_equal(5001, n);
	assert_int_equal(3991, read(ends[0], got, sizeof(got)));
	assert_int_equal(1010, read(ends[0], got, sizeof(got)));
	/* A line that is longer has no such place. */
	memset(text, 'x', sizeof(text));
	n = log_file_write(ends[1], (struct str){ text, PIPE_BUF + 1 }, 0);
	assert_int_equal(PIPE_BUF + 1, n);
	assert_int_equal(PIPE_BUF, read(ends[0], got, sizeof(got)));
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static void
a_full_pipe_takes_what_it_can(void **state)
{
	static char text[4 * PIPE_BUF];
	int ends[2];

	(void)state;
	assert_int_equal(0, pipe(ends));
	assert_true(fcntl(ends[1], F_SETPIPE_SZ, PIPE_BUF) > 0);
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 100 == 99 ? '\n' : 'x';
	/* Also where somebody has left it in blocking mode. */
	assert_in_range(
	    log_file_write(ends[1], (struct str){ text, sizeof(text) }, 0), 100,
	    PIPE_BUF);
	assert_int_equal(0, log_file_write(ends[1], STR("more\n"), 0));
	(void)close(ends[0]);
	assert_int_equal(
	    -E_SYSTEM, log_file_write(ends[1], STR("more\n"), 0));
	assert_int_equal(EPIPE, errno);
	(void)close(ends[1]);
}

static void
a_moved_file_is_made_anew(void **state)
{
	int fd = log_file_open(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(4, log_file_write(fd, STR("one\n"), 0));
	assert_int_equal(0, rename(path, moved));
	assert_int_equal(4, log_file_write(fd, STR("two\n"), 0));
	assert_int_equal(0, log_file_reopen(fd, path));
	assert_int_equal(6, log_file_write(fd, STR("three\n"), 0));
	expect_file(moved, "one\ntwo\n");
	expect_file(path, "three\n");
	/* One that cannot be made leaves the old one in place. */
	assert_int_equal(-E_SYSTEM, log_file_reopen(fd, "no/such/place"));
	assert_int_equal(5, log_file_write(fd, STR("four\n"), 0));
	expect_file(path, "three\nfour\n");
	(void)close(fd);
}

static void
the_error_log_goes_where_it_is_told(void **state)
{
	char dir[PATH_MAX];

	(void)state;
	log_out_start();
	assert_non_null(getcwd(dir, sizeof(dir)));
	assert_int_equal(STDERR_FILENO, log_out_fd());
	assert_int_equal(-E_SYSTEM, log_out_open("", "no/such/place"));
	assert_int_equal(STDERR_FILENO, log_out_fd());
	assert_int_equal(0, log_out_open(dir, path));
	assert_true(log_out_fd() > STDERR_FILENO);
	log_write("one\n", 4);
	assert_int_equal(0, rename(path, moved));
	assert_int_equal(log_out_reopen(), 0);
	log_write("two\n", 4);
	expect_file(moved, "one\n");
	expect_file(path, "two\n");
	assert_int_equal(0, log_out_open("", "-"));
	assert_int_equal(STDERR_FILENO, log_out_fd());
	assert_int_equal(log_out_reopen(), 0); /* nothing to do */
	assert_int_equal(STDERR_FILENO, log_out_fd());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    pieces_end_with_lines, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_full_pipe_takes_what_it_can, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_moved_file_is_made_anew, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    the_error_log_goes_where_it_is_told, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
