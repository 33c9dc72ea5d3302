/* What is a command of the control socket, and what the others are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arbiter/arbiter_control_request.h"
#include "base/error.h"

static void
lengths(void **state)
{
	char head[CONTROL_HEAD];

	(void)state;
	control_put_length(head, 0x01020380);
	assert_memory_equal(head, "\x01\x02\x03\x80", CONTROL_HEAD);
	assert_int_equal(0x01020380, control_length(head));
	assert_int_equal(0xffffffff, control_length("\xff\xff\xff\xff"));
}

static void
commands(void **state)
{
	struct control_request r;

	(void)state;
	assert_int_equal(0,
	    control_request_read(
		STR("{\"id\": 7, \"command\": \"  worker \\t add  3 \"}"), &r));
	assert_string_equal(r.id, "7");
	assert_int_equal(CONTROL_WORKER_ADD, r.name);
	assert_int_equal(3, r.number);
	assert_int_equal(0,
	    control_request_read(
		STR("{\"command\": \"shutdown quick\", \"id\": \"a\"}"), &r));
	assert_string_equal(r.id, "\"a\"");
	assert_true(r.quick);
	assert_int_equal(
	    0, control_request_read(STR("{\"command\": \"help\"}"), &r));
	assert_string_equal(r.id, "null");
}

static void
refused(void **state)
{
	static const char *const bad[] = {
		"",
		"{}",
		"[]",
		"{\"command\": 1}",
		"{\"command\": \"\"}",
		"{\"command\": \"helping\"}",
		"{\"command\": \"help me\"}",
		"{\"command\": \"worker kill\"}",
		"{\"command\": \"worker kill 0\"}",
		"{\"command\": \"worker kill 4294967297\"}",
		"{\"command\": \"worker add 513\"}",
		"{\"command\": \"worker add -1\"}",
		"{\"command\": \"worker add 1 1\"}",
		"{\"command\": \"shutdown now\"}",
	};
	struct control_request r;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(
		    -E_BAD_VALUE, control_request_read(str_of(bad[i]), &r));
		assert_true(r.error[0] != '\0');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths),
		cmocka_unit_test(commands),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
