#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hook.h"

static void
has_gunicorns_names(void **state)
{
	(void)state;
	assert_string_equal(hook_name(HOOK_on_starting), "on_starting");
	assert_string_equal(hook_name(HOOK_on_exit), "on_exit");
}

static void
names_none(void **state)
{
	(void)state;
	assert_string_equal(hook_name(HOOK_NONE), "");
	assert_string_equal(hook_name(HOOK_MAX), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_gunicorns_names),
		cmocka_unit_test(names_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
