/* Local time: which change holds, and how an offset is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/zone.h"

static void
without_a_table_it_is_utc(void **state)
{
	(void)state;
	zone_set(NULL, 0);
	assert_int_equal(zone_offset(0), 0);
	assert_int_equal(zone_offset(UINT64_MAX), 0);
}

static void
the_last_change_before_holds(void **state)
{
	static const struct zone_change changes[] = {
		{ 0, 3600 }, { 1000, 7200 }, { 2000, -1800 }
	};

	(void)state;
	for (unsigned n = 1; n <= 3; n++) {
		zone_set(changes, n);
		assert_int_equal(zone_offset(0), 3600);
		assert_int_equal(zone_offset(999), 3600);
		assert_int_equal(zone_offset(1000), n < 2 ? 3600 : 7200);
		assert_int_equal(zone_offset(1999), n < 2 ? 3600 : 7200);
		assert_int_equal(zone_offset(UINT64_MAX),
		    changes[n - 1].offset_s);
	}
	zone_set(NULL, 0);
}

static void
local_seconds(void **state)
{
	(void)state;
	assert_int_equal(zone_local(10000, 3600), 13600);
	assert_int_equal(zone_local(10000, -3600), 6400);
	assert_int_equal(zone_local(10, -3600), 0);
}

static void
offsets_are_written(void **state)
{
	static const struct {
		int offset_s;
		const char *text;
	} rows[] = {
		{ 0, "+0000" },
		{ 3600, "+0100" },
		{ -12600, "-0330" },
		{ 20700, "+0545" },
		{ 50400, "+1400" },
	};
	char text[ZONE_TEXT_LEN + 1] = "";

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		zone_put(text, rows[i].offset_s);
		assert_string_equal(text, rows[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_table_it_is_utc),
		cmocka_unit_test(the_last_change_before_holds),
		cmocka_unit_test(local_seconds),
		cmocka_unit_test(offsets_are_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
