/* Dates: the calendar's corners, and every day of 400 years in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/civil.h"

static void
known_moments(void **state)
{
	static const struct {
		uint64_t seconds;
		struct civil want;
	} rows[] = {
		{ 0, { 1970, 1, 1, 0, 0, 0, 4 } },
		{ 951782400, { 2000, 2, 29, 0, 0, 0, 2 } },
		{ 784111777, { 1994, 11, 6, 8, 49, 37, 0 } },
		{ 4107542399, { 2100, 2, 28, 23, 59, 59, 0 } },
		{ 4107542400, { 2100, 3, 1, 0, 0, 0, 1 } },
		{ 253402300799, { 9999, 12, 31, 23, 59, 59, 5 } },
	};
	struct civil c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		c = civil_from(rows[i].seconds);
		assert_int_equal(c.year, rows[i].want.year);
		assert_int_equal(c.month, rows[i].want.month);
		assert_int_equal(c.day, rows[i].want.day);
		assert_int_equal(c.hour, rows[i].want.hour);
		assert_int_equal(c.minute, rows[i].want.minute);
		assert_int_equal(c.second, rows[i].want.second);
		assert_int_equal(c.weekday, rows[i].want.weekday);
	}
	assert_int_equal(civil_from(UINT64_MAX).year, 9999);
}

static unsigned
month_len(int year, unsigned month)
{
	static const unsigned char days[] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31,
	};
	int leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap);
}

static void
days_follow_each_other(void **state)
{
	struct civil last = civil_from(0), c;
	uint64_t day;

	(void)state;
	for (day = 1; day < 146097; day++) {
		c = civil_from(day * 86400);
		assert_int_equal(c.weekday, (last.weekday + 1) % 7);
		if (last.day < month_len(last.year, last.month)) {
			assert_int_equal(c.day, last.day + 1);
			assert_int_equal(c.month, last.month);
			assert_int_equal(c.year, last.year);
		} else {
			assert_int_equal(c.day, 1);
			assert_int_equal(c.month, last.month % 12 + 1);
			assert_int_equal(c.year,
			    last.year + (last.month == 12));
		}
		last = c;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_moments),
		cmocka_unit_test(days_follow_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
