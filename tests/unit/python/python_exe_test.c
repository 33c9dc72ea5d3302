/*
 * python_exe: which names mean Python; how this very test finds its file.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "python/python_exe.h"

static char us[PATH_MAX]; /* as /proc says */

static void
names_that_mean_python(void **state)
{
	static const char *const yes[] = { "python", "python3", "python3.13",
		"/usr/bin/python3", "./python", "//greencorn", "//a/b" };
	static const char *const no[] = { "", "greencorn", "/greencorn",
		"python2", "python3.", "python3.x", "python3-config",
		"pythonw", "/python/greencorn", "gunicorn" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof yes / sizeof *yes; i++)
		assert_true(python_exe_is_python(yes[i]));
	for (i = 0; i < sizeof no / sizeof *no; i++)
		assert_false(python_exe_is_python(no[i]));
}

static void
finds_itself_whatever_argv0_says(void **state)
{
	static const char *const said[] = { "", "nonsense", "/bin/sh",
		"../nowhere/else" };
	struct python_exe exe;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof said / sizeof *said; i++) {
		char real[PATH_MAX];

		python_exe_find(said[i], &exe);
		assert_true(exe.python[0] == '/' && exe.python[1] == '/');
		assert_true(exe.python[2] != '/');
		assert_non_null(realpath(exe.python, real));
		assert_string_equal(real, us);
		assert_string_equal(exe.python, exe.base);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_that_mean_python),
		cmocka_unit_test(finds_itself_whatever_argv0_says),
	};
	ssize_t n = readlink("/proc/self/exe", us, sizeof us - 1);

	if (n < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
