/* The title shows in /proc; the environment works on as ever. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/str.h"
#include "sys/title.h"

static char **args;

static struct str
read_proc(const char *path, char *mem, size_t n)
{
	int fd = open(path, O_RDONLY);
	ssize_t did = read(fd, mem, n);

	(void)close(fd);
	return (struct str){ mem, did < 0 ? 0 : (size_t)did };
}

static void
arguments_stay(void **state)
{
	(void)state;
	title_set("greencorn: overwritten");
	assert_non_null(strstr(args[0], "title_test"));
	assert_null(args[1]);
}

static void
shows(void **state)
{
	char mem[4096];
	struct str got;

	(void)state;
	title_set("gunicorn: worker [app:app]");
	got = read_proc("/proc/self/cmdline", mem, sizeof(mem));
	assert_true(str_starts(got, STR("gunicorn: worker [app:app]\0")));
	got = read_proc("/proc/self/comm", mem, sizeof(mem));
	assert_true(str_eq(STR("gunicorn: worke\n"), got));
	title_set("x");
	got = read_proc("/proc/self/cmdline", mem, sizeof(mem));
	assert_true(str_starts(got, STR("x\0\0\0\0")));
}

static void
too_long_is_cut(void **state)
{
	static char lots[200000];

	(void)state;
	memset(lots, 'y', sizeof(lots) - 1);
	title_set(lots);
	assert_string_equal("green", getenv("TITLE_TEST"));
}

static void
environment_works(void **state)
{
	char **e;

	(void)state;
	assert_string_equal("green", getenv("TITLE_TEST"));
	assert_int_equal(0, setenv("TITLE_TEST", "corn and more", 1));
	assert_string_equal("corn and more", getenv("TITLE_TEST"));
	assert_int_equal(0, unsetenv("TITLE_TEST"));
	assert_null(getenv("TITLE_TEST"));
	for (e = environ; *e != NULL; e++)
		assert_non_null(strchr(*e, '='));
}

/* A variable that lies where the kernel put it: by starting once more. */
static int
start_again(char **argv)
{
	if (getenv("TITLE_TEST") != NULL)
		return 0;
	if (setenv("TITLE_TEST", "green", 1) < 0)
		return -1;
	(void)execv("/proc/self/exe", argv);
	return -1;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments_stay),
		cmocka_unit_test(shows),
		cmocka_unit_test(too_long_is_cut),
		cmocka_unit_test(environment_works),
	};

	if (start_again(argv) < 0)
		return 1;
	args = title_start(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
