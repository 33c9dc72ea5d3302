/* Escapes, and what is UTF-8. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/escape.h"

static void
check(enum escape how, struct str in, const char *want)
{
	char out[200];
	size_t n = 0;

	while (in.len > 0)
		n += escape_next(&in, how, out + n);
	out[n] = '\0';
	assert_string_equal(out, want);
}

static void
text(void **state)
{
	(void)state;
	check(ESCAPE_TEXT, STR("a\tb\\\"'"), "a\tb\\\"'");
	check(ESCAPE_TEXT, STR("\0\n\r\x1b[31m\x7f"),
	    "\\x00\\x0a\\x0d\\x1b[31m\\x7f");
	/* U+009B is a terminal's escape too. */
	check(ESCAPE_TEXT, STR("\xc2\x9b"), "\\xc2\\x9b");
	check(ESCAPE_TEXT, STR("\xc2\xa0\xc3\xa9"), "\xc2\xa0\xc3\xa9");
	check(ESCAPE_TEXT, STR("\xff\xc3"), "\\xff\\xc3");
}

static void
json(void **state)
{
	(void)state;
	check(ESCAPE_JSON, STR("a\"\\/\n\r\t"), "a\\\"\\\\/\\n\\r\\t");
	check(ESCAPE_JSON, STR("\0\x1f\x7f\xc2\x9b"),
	    "\\u0000\\u001f\\u007f\\u009b");
	check(ESCAPE_JSON, STR("\xff"), "\xef\xbf\xbd");
}

static void
utf8(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} rows[] = {
		{ "a", 1 }, { "\xc2\x80", 2 }, { "\xdf\xbf", 2 },
		{ "\xe0\xa0\x80", 3 }, { "\xef\xbf\xbf", 3 },
		{ "\xf0\x90\x80\x80", 4 }, { "\xf4\x8f\xbf\xbf", 4 },
		/* Overlong, surrogate, too high, cut off, no start. */
		{ "\xc0\x80", 0 }, { "\xc1\xbf", 0 }, { "\xe0\x9f\xbf", 0 },
		{ "\xf0\x8f\xbf\xbf", 0 }, { "\xed\xa0\x80", 0 },
		{ "\xf4\x90\x80\x80", 0 }, { "\xf5\x80\x80\x80", 0 },
		{ "\xc3", 0 }, { "\xe2\x82", 0 }, { "\xf0\x9f\x98", 0 },
		{ "\xe2\x82x", 0 }, { "\x80", 0 }, { "", 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(escape_utf8_len(str_of(rows[i].bytes)),
		    rows[i].len);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text),
		cmocka_unit_test(json),
		cmocka_unit_test(utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
