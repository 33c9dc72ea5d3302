/* The clocks tell the time once they are started. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(before_and_after),
		cmocka_unit_test(coarse_follows_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
