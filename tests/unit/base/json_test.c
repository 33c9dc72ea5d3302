/* JSON: what is it, what is not, and finding one's way in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/error.h"
#include "base/json.h"

static int
parse(struct str text)
{
	struct arena a;
	struct json doc;
	int rc;

	arena_init(&a, 1 << 20);
	rc = json_parse(text, 1000, &a, &doc);
	arena_finish(&a);
	return rc;
}

static void
accepted(void **state)
{
	static const char *const rows[] = {
		"{}", "[]", " [ ] ", "\"\"", "[0]", "[-0]", "[1.5e+3]",
		"[1E-9, 0.0]", "[true]", "[false, null]", "\t{\r\n}",
		"[1,2 , 3]",
		"{\"a\":1,\"b\":[{}]}", "\"\\u00e9\\n\\/\\\\\"",
		"\"\\ud83d\\ude00\"", "\"\xc3\xa9\"", "[[[]],{}]",
		"{\"\":\"\"}", "{\"a\":1,\"a\":2}", "\"\x7f\"",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (parse(str_of(rows[i])) != 0)
			fail_msg("refused: %s", rows[i]);
}

static void
refused(void **state)
{
	static const char *const rows[] = {
		"", " ", "{", "}", "[", "]", "{]", "[}", "\"", "\"\\\"",
		"0", "true", " 7 ", "[tru]", "[truee]", "[t]", "[True]",
		"[nul]", "[NaN]", "[Infinity]", "[+1]",
		"[01]", "[-]", "[-01]", "[1.]", "[.5]", "[1e]", "[1e+]",
		"[0x10]", "[1_0]",
		"[--1]", "1 2", "[1 2]", "[1,]", "[,1]", "[,]", "[1,,2]",
		"{,}", "{\"a\"}", "{\"a\":}", "{\"a\" 1}", "{\"a\":1,}",
		"{a:1}", "{1:2}", "{\"a\":1 \"b\":2}", "{\"a\",1}",
		"{\"a\":1:2}", "[\"a\":1]", "{\"a\":1}}", "[] []", "{}x",
		"'a'", "\"\\x\"", "\"\\u12\"", "\"\\u123g\"", "\"\n\"",
		"\"\t\"", "\"\x1f\"", "\"\xff\"", "\"\xc3\"",
		"\"\xed\xa0\x80\"", "\"\\ud800\"", "\"\\udc00\"",
		"\"\\ud800\\u0041\"", "\"\\ud800x\"", "[1]\v", "\xef\xbb\xbf[]",
		"[\"a\"\"b\"]", "{\"a\":\"b\"\"c\"}", "[1]]", "// x\n[]",
		"[true false]", "{\"a\"::1}", "{{}:1}", "{[]:1}",
		"{\"a\":1,2}", "[\f]", "[1\\n]", "\"a\" \"b\"",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (parse(str_of(rows[i])) != -E_BAD_VALUE)
			fail_msg("not refused: %s", rows[i]);
	assert_int_equal(parse(STR("[]\0")), -E_BAD_VALUE);
	assert_int_equal(parse(STR("\"a\0b\"")), -E_BAD_VALUE);
	assert_int_equal(parse((struct str){ NULL, 0 }), -E_BAD_VALUE);
}

/* Nothing that is cut off is complete, but for what needs no end. */
static void
every_prefix_is_refused(void **state)
{
	static const char text[] =
	    "{\"a\": [1.5, true, \"\\u00e9x\"], \"b\": {\"c\": null}}";
	size_t len;

	(void)state;
	for (len = 0; len < sizeof text - 1; len++)
		assert_int_equal(parse((struct str){ text, len }),
		    -E_BAD_VALUE);
	assert_int_equal(parse(STR(text)), 0);
}

static void
bounds(void **state)
{
	char deep[200];
	struct arena a;
	struct json doc;
	unsigned n;

	(void)state;
	for (n = JSON_DEPTH_MAX; n <= JSON_DEPTH_MAX + 1; n++) {
		memset(deep, '[', n);
		memset(deep + n, ']', n);
		assert_int_equal(parse((struct str){ deep, 2 * n }),
		    n == JSON_DEPTH_MAX ? 0 : -E_TOO_LONG);
	}
	arena_init(&a, 1 << 20);
	assert_int_equal(json_parse(STR("[1,2]"), 3, &a, &doc), 0);
	assert_int_equal(json_parse(STR("[1,2]"), 2, &a, &doc), -E_TOO_LONG);
	arena_finish(&a);
	arena_init(&a, 8);
	assert_int_equal(json_parse(STR("[1,2]"), 3, &a, &doc), -E_NOMEM);
	arena_finish(&a);
}

static void
ways_in_a_document(void **state)
{
	static const char text[] = "{\"list\": [1, [2, 3], {\"x\": 4}],"
	    " \"na\\u006de\": \"a\\nb\\u20ac\\ud83d\\ude00\", \"yes\": true,"
	    " \"none\": null, \"n\": -12, \"f\": 1.5, \"e\": {}}";
	struct arena a;
	struct json doc;
	unsigned list, at;
	struct str s;
	int64_t v;

	(void)state;
	arena_init(&a, 1 << 16);
	assert_int_equal(json_parse(STR(text), 100, &a, &doc), 0);
	assert_int_equal(json_type(&doc, JSON_ROOT), JSON_OBJECT);
	assert_int_equal(json_size(&doc, JSON_ROOT), 7);
	assert_int_equal(json_next(&doc, JSON_ROOT), JSON_NONE);

	list = json_get(&doc, JSON_ROOT, STR("list"));
	assert_int_equal(json_type(&doc, list), JSON_ARRAY);
	assert_int_equal(json_size(&doc, list), 3);
	at = json_first(&doc, list);
	assert_int_equal(json_integer(&doc, at, 0, 9, &v), 0);
	assert_int_equal(v, 1);
	assert_int_equal(json_first(&doc, at), JSON_NONE);
	at = json_next(&doc, at);
	assert_int_equal(json_size(&doc, at), 2);
	at = json_next(&doc, at);
	assert_int_equal(json_type(&doc, at), JSON_OBJECT);
	assert_true(str_eq(json_raw(&doc, json_get(&doc, at, STR("x"))),
	    STR("4")));
	assert_int_equal(json_next(&doc, at), JSON_NONE);

	at = json_get(&doc, JSON_ROOT, STR("name"));
	assert_int_equal(json_string(&doc, at, &a, &s), 0);
	assert_true(str_eq(s, STR("a\nb\xe2\x82\xac\xf0\x9f\x98\x80")));
	at = json_get(&doc, JSON_ROOT, STR("yes"));
	assert_int_equal(json_bool(&doc, at), 1);
	assert_int_equal(json_string(&doc, at, &a, &s), -E_BAD_VALUE);
	at = json_get(&doc, JSON_ROOT, STR("none"));
	assert_int_equal(json_type(&doc, at), JSON_NULL);
	assert_int_equal(json_bool(&doc, at), -E_BAD_VALUE);
	at = json_get(&doc, JSON_ROOT, STR("n"));
	assert_int_equal(json_integer(&doc, at, -12, 9, &v), 0);
	assert_int_equal(v, -12);
	assert_int_equal(json_integer(&doc, at, -11, 9, &v), -E_BAD_VALUE);
	at = json_get(&doc, JSON_ROOT, STR("f"));
	assert_int_equal(json_integer(&doc, at, 0, 9, &v), -E_BAD_VALUE);
	assert_int_equal(json_get(&doc, JSON_ROOT, STR("nam")), JSON_NONE);
	assert_int_equal(json_get(&doc, JSON_ROOT, STR("x")), JSON_NONE);
	assert_int_equal(json_get(&doc, list, STR("x")), JSON_NONE);
	arena_finish(&a);
}

static void
keys_in_order(void **state)
{
	struct arena a;
	struct json doc;
	unsigned at, n = 0;

	(void)state;
	arena_init(&a, 1 << 16);
	assert_int_equal(json_parse(STR("{\"0\":[1,[2]],\"1\":{\"a\":{}},"
	    "\"2\":3}"), 100, &a, &doc), 0);
	for (at = json_first(&doc, JSON_ROOT); at != JSON_NONE;
	    at = json_next(&doc, at)) {
		assert_int_equal(json_raw(&doc, at).len, 1);
		assert_int_equal(json_raw(&doc, at).ptr[0], '0' + (char)n);
		n++;
	}
	assert_int_equal(n, 3);
	arena_finish(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepted),
		cmocka_unit_test(refused),
		cmocka_unit_test(every_prefix_is_refused),
		cmocka_unit_test(bounds),
		cmocka_unit_test(ways_in_a_document),
		cmocka_unit_test(keys_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
