/* The clocks tell the time once they are started. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/zone.h"
#include "sys/sys_time.h"

static void
before_and_after(void **state)
{
	(void)state;
	assert_int_equal(0, clock_ms());
	assert_int_equal(0, clock_wall_ms());
	time_start();
	time_start();
	assert_true(clock_ms() > 0);
	assert_in_range(clock_wall_ms() / 1000, (uint64_t)time(NULL) - 1,
	    (uint64_t)time(NULL) + 1);
}

static void
coarse_follows_exact(void **state)
{
	uint64_t exact;

	(void)state;
	exact = time_us();
	/* The coarse clock is behind by one tick at most (10 ms at 100 Hz). */
	assert_in_range(clock_ms() + 11, exact / 1000, exact / 1000 + 1000);
	assert_true(time_us() >= exact);
}

/* Every hour of years to come is as libc has it. */
static void
local_time_is_that_of_libc(void **state)
{
	static const char *const zones[] = { "UTC0", "XYZ-5:45",
		"CET-1CEST,M3.5.0,M10.5.0/3", "EST5EDT,M3.2.0,M11.1.0",
		"LHST-10:30LHDT-11,M10.1.0,M4.1.0" };
	time_t now = time(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		assert_int_equal(0, setenv("TZ", zones[i], 1));
		tzset();
		time_zone_start();
		for (int h = 0; h < 9 * 8766; h++) {
			time_t t = now - now % 3600 + h * 3600L - 1 + h % 2;
			struct tm tm;

			assert_non_null(localtime_r(&t, &tm));
			assert_int_equal(tm.tm_gmtoff,
			    zone_offset((uint64_t)t));
		}
	}
	unsetenv("TZ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(before_and_after),
		cmocka_unit_test(coarse_follows_exact),
		cmocka_unit_test(local_time_is_that_of_libc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
