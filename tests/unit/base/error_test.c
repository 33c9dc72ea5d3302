/* The list of errors: a text for each, and one for what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/error.h"

static void
every_error_has_a_text(void **state)
{
	int rc;

	(void)state;
	for (rc = 1; rc < E_MAX; rc++) {
		assert_true(strlen(error_text(rc)) > 0);
		assert_string_equal(error_text(rc), error_text(-rc));
	}
	assert_string_equal(error_text(-E_NOMEM), "out of memory");
	assert_non_null(error_text(E_MAX));
	assert_non_null(error_text(-100000));
	assert_non_null(error_text(0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_error_has_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
