/*
 * Addresses and what is opened for them.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "net/listener.h"
#include "sys/fd.h"

static const struct listener_options options = { .backlog = 16 };

static int
open_at(const char *address)
{
	return listener_open(str_of(address), &options);
}

static void
test_tcp(void **state)
{
	char text[LISTENER_TEXT_MAX], again[64];
	struct listener l;
	int fd = open_at("127.0.0.1:0");

	(void)state;
	assert_true(fd >= 0);
	listener_text(fd, text);
	assert_int_equal(strncmp(text, "http://127.0.0.1:", 17), 0);
	assert_int_equal(listener_from(&l, fd), 0);
	assert_false(l.is_unix);
	assert_true(str_eq(l.host, STR("127.0.0.1")));
	snprintf(again, sizeof(again), "127.0.0.1:%u", l.port);
	assert_int_equal(open_at(again), -E_IN_USE);
	listener_close(fd, true);
	fd = open_at(again);
	assert_true(fd >= 0);
	listener_close(fd, true);
}

static void
test_v6(void **state)
{
	char text[LISTENER_TEXT_MAX];
	int fd = open_at("[::1]:0");

	(void)state;
	if (fd < 0)
		skip(); /* a machine without IPv6 */
	listener_text(fd, text);
	assert_int_equal(strncmp(text, "http://[::1]:", 13), 0);
	listener_close(fd, true);
}

static void
test_unix(void **state)
{
	char dir[] = "/tmp/listener_test.XXXXXX", address[80], text[200];
	struct listener l;
	struct stat st;
	int fd, second;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(address, sizeof(address), "unix:%s/s", dir);
	fd = open_at(address);
	assert_true(fd >= 0);
	listener_text(fd, text);
	assert_string_equal(text, address);
	assert_int_equal(listener_from(&l, fd), 0);
	assert_true(l.is_unix);
	assert_int_equal(stat(address + 5, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0777);
	/* Somebody listens there. */
	assert_int_equal(open_at(address), -E_IN_USE);
	/* Nobody any more, but the file is still there. */
	listener_close(fd, false);
	second = listener_open(str_of(address),
	    &(struct listener_options){ .backlog = 1, .umask = 077 });
	assert_true(second >= 0);
	assert_int_equal(stat(address + 5, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	listener_close(second, true);
	assert_int_equal(stat(address + 5, &st), -1);
	/* A file that is no socket is not ours to remove. */
	fd = open(address + 5, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	fd_close(fd);
	assert_int_equal(open_at(address), -E_IN_USE);
	unlink(address + 5);
	rmdir(dir);
}

static void
test_abstract(void **state)
{
	char address[64], text[200];
	int fd;

	(void)state;
	snprintf(address, sizeof(address), "unix:@listener_test.%d",
	    (int)getpid());
	fd = open_at(address);
	assert_true(fd >= 0);
	listener_text(fd, text);
	assert_string_equal(text, address);
	assert_int_equal(open_at(address), -E_IN_USE);
	listener_close(fd, true);
}

static void
test_inherited(void **state)
{
	char address[32];
	int fd = open_at("127.0.0.1:0");

	(void)state;
	snprintf(address, sizeof(address), "fd://%d", fd);
	assert_int_equal(open_at(address), fd);
	listener_close(fd, true);
	assert_int_equal(open_at("fd://900"), -E_NOT_FOUND);
}

static void
test_bad_addresses(void **state)
{
	(void)state;
	assert_int_equal(open_at("127.0.0.1:65536"), -E_BAD_VALUE);
	assert_int_equal(open_at("unix:"), -E_BAD_VALUE);
	assert_int_equal(open_at("192.0.2.1:0"), -E_NOT_FOUND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_v6),
		cmocka_unit_test(test_unix),
		cmocka_unit_test(test_abstract),
		cmocka_unit_test(test_inherited),
		cmocka_unit_test(test_bad_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
