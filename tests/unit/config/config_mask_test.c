/* Secrets of a JSON object become stars, and nothing else changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "config/config_mask.h"

static void
expect(const char *text, const char *want, int masked)
{
	struct buf out;

	buf_init(&out, 4096);
	assert_int_equal(config_mask_json(str_of(text), &out), masked);
	if (!str_eq(buf_str(&out), str_of(want)))
		fail_msg("%.*s instead of %s", STR_ARG(buf_str(&out)), want);
	buf_finish(&out);
}

static void
values_of_secret_keys_are_stars(void **state)
{
	(void)state;
	expect("{}", "{}", 0);
	expect("{\"a\": [1, {\"b\": \"password\"}]}",
	    "{\"a\": [1, {\"b\": \"password\"}]}", 0);
	expect("{\"password\": \"x\", \"a\": 1}",
	    "{\"password\": \"***\", \"a\": 1}", 1);
	expect("{\"a\":[{\"DB_PassWd\" : [1,{\"x\":2}] ,\"b\":true}],\"c\":\"\"}",
	    "{\"a\":[{\"DB_PassWd\" : \"***\" ,\"b\":true}],\"c\":\"\"}", 1);
	expect("{\"api_key\":null,\"token\":{},\"secrets\":[]}",
	    "{\"api_key\":\"***\",\"token\":\"***\",\"secrets\":\"***\"}", 1);
}

static void
what_is_no_json_is_an_error(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	assert_int_equal(config_mask_json(STR("{"), &out), -E_BAD_VALUE);
	buf_finish(&out);
}

static void
room_is_kept(void **state)
{
	struct str text = STR("{\"a\":\"bcdefg\",\"token\":\"x\"}");
	struct buf out;
	int rc = -1;

	(void)state;
	for (size_t max = 1; rc < 0; max++) {
		buf_init(&out, max);
		rc = config_mask_json(text, &out);
		assert_true(rc == 1 || rc == -E_FULL);
		buf_finish(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_of_secret_keys_are_stars),
		cmocka_unit_test(what_is_no_json_is_an_error),
		cmocka_unit_test(room_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
