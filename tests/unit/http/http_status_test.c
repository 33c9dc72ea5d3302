/* Reason phrases, and which statuses have no body. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/http_field.h"
#include "http/http_status.h"

static void
reasons(void **state)
{
	unsigned status;

	(void)state;
	assert_true(str_eq(http_status_reason(200), STR("OK")));
	assert_true(str_eq(http_status_reason(431),
	    STR("Request Header Fields Too Large")));
	assert_true(str_eq(http_status_reason(299), STR("Unknown")));
	for (status = 0; status < 1000; status++) {
		assert_true(http_status_reason(status).len > 0);
		assert_true(http_field_is_value(http_status_reason(status)));
	}
}

static void
no_body(void **state)
{
	(void)state;
	assert_true(http_status_no_body(100));
	assert_true(http_status_no_body(204));
	assert_true(http_status_no_body(304));
	assert_false(http_status_no_body(200));
	assert_false(http_status_no_body(205));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reasons),
		cmocka_unit_test(no_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
