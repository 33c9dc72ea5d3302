/*
 * Frames of both formats: where they end, what they say, what is none; and
 * the errors that are answered.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "dirty/dirty_answer.h"
#include "dirty/dirty_frame.h"

#define HEAD "GD\1\1\0\0\0\x3b\1\2\3\4\5\6\7\x8"
#define TLV \
	"!\0\0\0\3\x11\0\0\0\x8" \
	"app_path\x11\0\0\0\3m:A\x11\0\0\0\4args \0\0\0\1\0" \
	"\x11\0\0\0\6action\x11\0\0\0\2go"

static struct str
json_frame(char *dst, const char *json)
{
	struct str s = str_of(json);
	size_t n = dirty_frame_head(DIRTY_JSON, DIRTY_NONE, 0, s.len, dst);

	memcpy(dst + n, s.ptr, s.len);
	return (struct str){ dst, n + s.len };
}

static void
json_says_what_is_called(void **state)
{
	char mem[300];
	struct str in = json_frame(mem,
	    "{\"args\": [{\"id\": \"]\\\"\"}, NaN], \"type\": \"request\","
	    "\"id\": \"a\\\"b\", \"app_path\": \"m:A\", \"action\": \"go\"}");
	struct dirty_frame f;
	struct dirty_route r;

	(void)state;
	for (size_t i = 0; i < in.len; i++)
		assert_int_equal(dirty_frame_parse(str_head(in, i), &f), 0);
	assert_int_equal(dirty_frame_parse(in, &f), in.len);
	assert_int_equal(f.format, DIRTY_JSON);
	assert_int_equal(dirty_frame_route(&f, &r), 0);
	assert_int_equal(r.type, DIRTY_REQUEST);
	assert_true(str_eq(r.id, STR("\"a\\\"b\"")));
	assert_true(str_eq(r.app_path, STR("m:A")));
	assert_true(str_eq(r.action, STR("go")));
}

static void
json_names_may_be_escaped(void **state)
{
	char mem[200];
	struct str in = json_frame(mem,
	    "{\"app_path\": \"m\\u003aGr\\u00f6\", \"action\": \"g\","
	    "\"type\": \"request\"}");
	struct dirty_frame f;
	struct dirty_route r;

	(void)state;
	assert_int_equal(dirty_frame_parse(in, &f), in.len);
	assert_int_equal(dirty_frame_route(&f, &r), 0);
	assert_true(str_eq(r.app_path, STR("m:Gr\xc3\xb6")));
	in = json_frame(mem,
	    "{\"app_path\": \"m\\x\", \"action\": \"g\","
	    "\"type\": \"request\"}");
	assert_int_equal(dirty_frame_parse(in, &f), in.len);
	assert_int_equal(dirty_frame_route(&f, &r), 0);
	assert_true(str_eq(r.app_path, STR("m\\x")));
}

static void
binary_says_what_is_called(void **state)
{
	struct str in = STR(HEAD TLV "more");
	struct dirty_frame f;
	struct dirty_route r;

	(void)state;
	for (size_t i = 0; i < 16 + 0x3b; i++)
		assert_int_equal(dirty_frame_parse(str_head(in, i), &f), 0);
	assert_int_equal(dirty_frame_parse(in, &f), 16 + 0x3b);
	assert_int_equal(f.format, DIRTY_BINARY);
	assert_true(f.id == 0x0102030405060708);
	assert_int_equal(dirty_frame_route(&f, &r), 0);
	assert_int_equal(r.type, DIRTY_REQUEST);
	assert_true(str_eq(r.app_path, STR("m:A")));
	assert_true(str_eq(r.action, STR("go")));
}

static void
what_is_no_frame_is_named(void **state)
{
	struct dirty_frame f;
	char text[100];
	int rc;

	(void)state;
	rc = (int)dirty_frame_parse(STR("\5\0\0\0"), &f);
	assert_int_equal(rc, -E_PROTOCOL);
	assert_int_equal(dirty_frame_parse(STR("GET"), &f), -E_PROTOCOL);
	assert_int_equal(dirty_frame_parse(STR("GD\2"), &f), -E_PROTOCOL);
	rc = (int)dirty_frame_parse(STR("\4\0\0\1"), &f);
	assert_int_equal(rc, -E_TOO_LONG);
	dirty_frame_problem(rc, &f, text, sizeof(text));
	assert_string_equal(
	    text, "Message too large: 67108865 bytes (max: 67108864)");
	rc = (int)dirty_frame_parse((struct str){ "\0\0\0\0", 4 }, &f);
	assert_int_equal(rc, -E_BAD_VALUE);
	dirty_frame_problem(rc, &f, text, sizeof(text));
	assert_string_equal(text, "Empty message received");
}

static void
what_lacks_something_is_refused(void **state)
{
	static const char *const bad[] = {
		"[]",
		"{",
		"{}",
		"{\"type\": \"nonsense\"}",
		"{\"type\": \"request\", \"app_path\": \"m:A\"}",
		"{\"type\": \"request\", \"app_path\": 5, \"action\": \"go\"}",
		"{\"type\": \"request\", \"action\": \"go",
		"{\"a\": [}",
	};
	char mem[300];
	struct dirty_frame f;
	struct dirty_route r;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_true(dirty_frame_parse(json_frame(mem, bad[i]), &f) > 0);
		assert_int_equal(dirty_frame_route(&f, &r), -E_PROTOCOL);
	}
	f.format = DIRTY_BINARY;
	f.type = DIRTY_REQUEST;
	f.payload = STR(TLV);
	f.payload.len--;
	for (size_t i = 1; i < f.payload.len; i++) {
		struct dirty_frame part = f;

		part.payload.len = i;
		assert_int_equal(dirty_frame_route(&part, &r), -E_PROTOCOL);
	}
}

static void
errors_are_in_the_callers_format(void **state)
{
	static const struct dirty_detail details[] = {
		{ "app_path", { "m:\"A", 4 }, 0 },
		{ "timeout", { NULL, 0 }, 1.5 },
		{ NULL, { NULL, 0 }, 0 },
	};
	struct dirty_caller c = {
		.format = DIRTY_JSON, .text = "\"x\"", .text_len = 3
	};
	struct dirty_frame f;
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	assert_int_equal(
	    dirty_answer_error(&out, &c, "DirtyError", "no", details), 0);
	assert_int_equal(
	    dirty_frame_parse(buf_str(&out), &f), (int)buf_len(&out));
	assert_true(str_eq(f.payload,
	    STR("{\"type\": \"error\", \"id\": \"x\", \"error\": "
		"{\"error_type\": \"DirtyError\", \"message\": \"no\", "
		"\"details\": {\"app_path\": \"m:\\\"A\", "
		"\"timeout\": 1.5}}}")));
	buf_used(&out, buf_len(&out));
	c.format = DIRTY_BINARY;
	c.id = 7;
	assert_int_equal(
	    dirty_answer_error(&out, &c, "DirtyError", "no", NULL), 0);
	assert_int_equal(
	    dirty_frame_parse(buf_str(&out), &f), (int)buf_len(&out));
	assert_int_equal(f.type, DIRTY_ERROR);
	assert_true(f.id == 7);
	assert_true(str_eq(f.payload,
	    STR("!\0\0\0\1\x11\0\0\0\5error!\0\0\0\3\x11\0\0\0\nerror_type"
		"\x11\0\0\0\nDirtyError\x11\0\0\0\7message\x11\0\0\0\2no"
		"\x11\0\0\0\7details!\0\0\0\0")));
	buf_finish(&out);
}

static void
links_speak_in_envelopes(void **state)
{
	char mem[DIRTY_HEAD_MAX + 3];
	struct str in = { mem, sizeof(mem) }, payload;
	struct dirty_envelope e;

	(void)state;
	assert_int_equal(dirty_frame_head(DIRTY_LINKED, DIRTY_CHUNK, 9, 3, mem),
	    DIRTY_HEAD_MAX);
	memcpy(mem + DIRTY_HEAD_MAX, "abc", 3);
	for (size_t i = 0; i < in.len; i++)
		assert_int_equal(
		    dirty_envelope_parse(str_head(in, i), &e, &payload), 0);
	assert_int_equal(dirty_envelope_parse(in, &e, &payload), in.len);
	assert_int_equal(e.type, DIRTY_CHUNK);
	assert_int_equal(e.format, DIRTY_BINARY);
	assert_true(e.id == 9);
	assert_true(str_eq(payload, STR("abc")));
	(void)dirty_frame_head(
	    DIRTY_LINKED, DIRTY_CHUNK, 9, DIRTY_PAYLOAD_MAX + 1, mem);
	assert_int_equal(dirty_envelope_parse(in, &e, &payload), -E_TOO_LONG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_says_what_is_called),
		cmocka_unit_test(json_names_may_be_escaped),
		cmocka_unit_test(binary_says_what_is_called),
		cmocka_unit_test(what_is_no_frame_is_named),
		cmocka_unit_test(what_lacks_something_is_refused),
		cmocka_unit_test(links_speak_in_envelopes),
		cmocka_unit_test(errors_are_in_the_callers_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
