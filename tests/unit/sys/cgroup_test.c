/* The parsers of control-group files, with what kernels really print. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "sys/cgroup.h"

static void
cpu_max(void **state)
{
	static const struct {
		const char *text;
		int rc;
		unsigned cpus;
	} rows[] = {
		{ "max 100000\n", 0, 0 },
		{ "100000 100000\n", 0, 1 },
		{ "150000 100000\n", 0, 2 },
		{ "200000 100000", 0, 2 },
		{ "1000 100000\n", 0, 1 },
		{ "6400000 100000\n", 0, 64 },
		{ "", -E_BAD_VALUE, 0 },
		{ "100000", -E_BAD_VALUE, 0 },
		{ "100000 0\n", -E_BAD_VALUE, 0 },
		{ "-1 100000\n", -E_BAD_VALUE, 0 },
		{ "99999999999999999999 1\n", -E_BAD_VALUE, 0 },
		{ "4294967295000 1\n", -E_BAD_VALUE, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned cpus = 0;

		assert_int_equal(rows[i].rc,
		    cgroup_parse_cpu_max(str_of(rows[i].text), &cpus));
		assert_int_equal(rows[i].cpus, cpus);
	}
	assert_int_equal(-E_BAD_VALUE, cgroup_parse_cpu_max(
	    (struct str){ NULL, 0 }, &(unsigned){ 0 }));
}

static void
quota(void **state)
{
	unsigned cpus = 9;

	(void)state;
	assert_int_equal(0, cgroup_parse_quota(STR("-1\n"), STR("100000\n"),
	    &cpus));
	assert_int_equal(0, cpus);
	assert_int_equal(0, cgroup_parse_quota(STR("250000\n"),
	    STR("100000\n"), &cpus));
	assert_int_equal(3, cpus);
	assert_int_equal(-E_BAD_VALUE, cgroup_parse_quota(STR("250000\n"),
	    (struct str){ NULL, 0 }, &cpus));
}

static void
memory(void **state)
{
	uint64_t bytes = 9;

	(void)state;
	assert_int_equal(0, cgroup_parse_memory(STR("max\n"), &bytes));
	assert_int_equal(0, bytes);
	assert_int_equal(0, cgroup_parse_memory(STR("67108864\n"), &bytes));
	assert_int_equal(67108864, bytes);
	/* v1's "none": the largest page-aligned signed number */
	assert_int_equal(0, cgroup_parse_memory(STR("9223372036854771712\n"),
	    &bytes));
	assert_int_equal(0, bytes);
	assert_int_equal(-E_BAD_VALUE, cgroup_parse_memory(STR("\n"), &bytes));
	assert_int_equal(-E_BAD_VALUE, cgroup_parse_memory(STR("1k"), &bytes));
}

static const char hybrid[] =
    "9:name=systemd:/user.slice\n"
    "8:pids:/\n"
    "4:memory:/docker/0123:with:colons\n"
    "2:cpu,cpuacct:/docker/4567\n"
    "0::/init.scope\n";

static int
path(const char *controller, char *dst, size_t size)
{
	return cgroup_parse_path(STR(hybrid), str_of(controller), dst, size);
}

static void
paths(void **state)
{
	char dst[64];

	(void)state;
	assert_int_equal(0, path("", dst, sizeof(dst)));
	assert_string_equal("/init.scope", dst);
	assert_int_equal(0, path("cpu", dst, sizeof(dst)));
	assert_string_equal("/docker/4567", dst);
	assert_int_equal(0, path("memory", dst, sizeof(dst)));
	assert_string_equal("/docker/0123:with:colons", dst);
	assert_int_equal(-E_NOT_FOUND, path("cpuset", dst, sizeof(dst)));
	assert_int_equal(-E_TOO_LONG, path("cpu", dst, 5));
}

static void
odd_paths(void **state)
{
	char dst[64];

	(void)state;
	assert_int_equal(-E_BAD_VALUE, cgroup_parse_path(STR("0::/../../x\n"),
	    STR(""), dst, sizeof(dst)));
	assert_int_equal(-E_BAD_VALUE, cgroup_parse_path(STR("0::\n"),
	    STR(""), dst, sizeof(dst)));
	assert_int_equal(-E_NOT_FOUND, cgroup_parse_path(STR("\n:\n0\n0:\n"),
	    STR(""), dst, sizeof(dst)));
	assert_int_equal(-E_NOT_FOUND, cgroup_parse_path(
	    (struct str){ NULL, 0 }, STR(""), dst, sizeof(dst)));
}

static void
this_machine(void **state)
{
	struct cgroup c = { 77, 77 };

	(void)state;
	cgroup_read(&c);
	assert_true(c.cpus < 65536);
	assert_true(c.memory_max == 0 || c.memory_max > 1 << 20);
	assert_true(cgroup_affinity() >= 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpu_max),
		cmocka_unit_test(quota),
		cmocka_unit_test(memory),
		cmocka_unit_test(paths),
		cmocka_unit_test(odd_paths),
		cmocka_unit_test(this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
