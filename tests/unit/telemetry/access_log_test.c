/*
 * The access log as its reader sees it. There is one in a process, so each
 * test runs it in a child, whose standard output is a pipe or a file.
 */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/check.h"
#include "config/config.h"
#include "sys/sys_time.h"
#include "telemetry/access_log.h"

#include "logged.h"

#define LINE "GET /a b\n"

static struct config cfg;
static char path[64];

static void
log_one(void)
{
	struct request req = logged_request(NULL, 0);

	access_log_request(&req);
}

/* Runs what as a child, with fd as standard output. */
static pid_t
start(void (*what)(void), int fd)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	CHECK(dup2(fd, STDOUT_FILENO) >= 0);
	time_start();
	CHECK(access_log_start(&cfg) == 0);
	what();
	_exit(0);
}

static void
expect_end(pid_t pid)
{
	int status;

	assert_int_equal(pid, waitpid(pid, &status, 0));
	assert_int_equal(0, status);
}

/* All of n bytes, or as much as comes within ms. */
static size_t
read_for(int fd, char *mem, size_t n, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t sum = 0;
	ssize_t did;

	while (sum < n && poll(&p, 1, ms) > 0) {
		did = read(fd, mem + sum, n - sum);
		if (did <= 0)
			break;
		sum += (size_t)did;
	}
	return sum;
}

static unsigned
count_lines(const char *mem, size_t n)
{
	unsigned lines = 0;

	for (size_t i = 0; i < n; i += strlen(LINE), lines++)
		assert_memory_equal(LINE, mem + i, strlen(LINE));
	return lines;
}

static int
set_up(void **state)
{
	(void)state;
	cfg = (struct config){ .accesslog = "-", .log_format = "text",
		.access_log_format = "%(m)s %(U)s" };
	snprintf(path, sizeof(path), "access_log_test.%d", (int)getpid());
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	(void)unlink(path);
	return 0;
}

static void
one_and_wait(void)
{
	log_one();
	(void)poll(NULL, 0, 3000);
	_exit(1); /* killed before */
}

static void
a_line_waits_a_second_at_most(void **state)
{
	char mem[100];
	int ends[2];
	pid_t pid;

	(void)state;
	assert_int_equal(0, pipe(ends));
	pid = start(one_and_wait, ends[1]);
	assert_int_equal(strlen(LINE),
	    read_for(ends[0], mem, strlen(LINE), 2000));
	assert_int_equal(1, count_lines(mem, strlen(LINE)));
	assert_int_equal(0, kill(pid, SIGKILL));
	(void)waitpid(pid, NULL, 0);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

#define MANY 20000

static void
many_and_stop(void)
{
	for (unsigned i = 0; i < MANY; i++)
		log_one();
	access_log_stop();
	CHECK(access_log_lost() == 0);
}

static void
nothing_is_lost_at_the_end(void **state)
{
	static char mem[MANY * 10];
	int ends[2];
	pid_t pid;
	size_t n;

	(void)state;
	assert_int_equal(0, pipe(ends));
	pid = start(many_and_stop, ends[1]);
	(void)close(ends[1]);
	n = read_for(ends[0], mem, sizeof(mem), 5000);
	assert_int_equal(MANY, count_lines(mem, n));
	expect_end(pid);
	(void)close(ends[0]);
}

/* Nobody reads the pipe: the memory fills, then lines are counted. */
static void
far_too_many(void)
{
	uint64_t began = time_us();

	for (unsigned i = 0; i < 200000; i++)
		log_one();
	CHECK(time_us() - began < 5000000); /* under sanitizers */
	CHECK(access_log_lost() > 10000);
	began = time_us();
	access_log_stop();
	CHECK(time_us() - began < 2500000);
}

static void
a_reader_that_does_not_read_holds_nobody_up(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(0, pipe(ends));
	expect_end(start(far_too_many, ends[1]));
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static void
some_and_count(void)
{
	for (unsigned i = 0; i < 100; i++)
		log_one();
	access_log_stop();
	CHECK(access_log_lost() == 100);
}

static void
a_full_disk_loses_lines_and_counts_them(void **state)
{
	int fd = open("/dev/full", O_WRONLY);

	(void)state;
	assert_true(fd >= 0);
	expect_end(start(some_and_count, fd));
	(void)close(fd);
}

static void
rotate(void)
{
	char moved[80];

	log_one();
	snprintf(moved, sizeof(moved), "%s.1", path);
	/* Until the log's thread has written the line. */
	while (lseek(open(path, O_RDONLY), 0, SEEK_END) == 0)
		(void)poll(NULL, 0, 10);
	CHECK(rename(path, moved) == 0);
	access_log_reopen();
	log_one();
	log_one();
	access_log_stop();
	CHECK(unlink(moved) == 0);
}

static void
a_file_is_opened_anew(void **state)
{
	char mem[100];
	ssize_t n;
	int fd;

	(void)state;
	cfg.accesslog = path;
	expect_end(start(rotate, STDERR_FILENO));
	fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	n = read(fd, mem, sizeof(mem));
	assert_int_equal(2, count_lines(mem, (size_t)n));
	(void)close(fd);
}

static void
last_words(void)
{
	log_one();
	access_log_last_words();
}

static void
the_last_line_of_a_quick_end_is_written(void **state)
{
	char mem[100];
	int ends[2];

	(void)state;
	assert_int_equal(0, pipe(ends));
	expect_end(start(last_words, ends[1]));
	assert_int_equal(strlen(LINE),
	    read_for(ends[0], mem, sizeof(mem), 0));
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static void
off_is_off(void **state)
{
	(void)state;
	cfg.accesslog = "";
	assert_int_equal(1, access_log_start(&cfg));
	cfg.accesslog = "none";
	assert_int_equal(1, access_log_start(&cfg));
	assert_false(access_log_wants_us());
	log_one();
	access_log_stop();
	cfg.accesslog = "no/such/directory/log";
	assert_true(access_log_start(&cfg) < 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_line_waits_a_second_at_most, set_up),
		cmocka_unit_test_setup(nothing_is_lost_at_the_end, set_up),
		cmocka_unit_test_setup(
		    a_reader_that_does_not_read_holds_nobody_up, set_up),
		cmocka_unit_test_setup(
		    a_full_disk_loses_lines_and_counts_them, set_up),
		cmocka_unit_test_setup_teardown(
		    a_file_is_opened_anew, set_up, tear_down),
		cmocka_unit_test_setup(
		    the_last_line_of_a_quick_end_is_written, set_up),
		cmocka_unit_test_setup(off_is_off, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
