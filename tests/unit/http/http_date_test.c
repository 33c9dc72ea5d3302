/* The Date field, and how often it is made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "http/http_date.h"

static uint64_t now;

static uint64_t
wall_ms(void)
{
	return now;
}

static void
the_date_of_the_rfc(void **state)
{
	char text[HTTP_DATE_LEN];

	(void)state;
	http_date_put(text, 784111777);
	assert_memory_equal(text, "Sun, 06 Nov 1994 08:49:37 GMT",
	    HTTP_DATE_LEN);
}

static void
changes_with_the_second(void **state)
{
	(void)state;
	clock_wall_ms = wall_ms;
	now = 784111777000;
	assert_true(str_eq(http_date_now(),
	    STR("Sun, 06 Nov 1994 08:49:37 GMT")));
	now += 999;
	assert_true(str_eq(http_date_now(),
	    STR("Sun, 06 Nov 1994 08:49:37 GMT")));
	now += 1;
	assert_true(str_eq(http_date_now(),
	    STR("Sun, 06 Nov 1994 08:49:38 GMT")));
	now = 0; /* a clock that was set back */
	assert_true(str_eq(http_date_now(),
	    STR("Thu, 01 Jan 1970 00:00:00 GMT")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_date_of_the_rfc),
		cmocka_unit_test(changes_with_the_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
