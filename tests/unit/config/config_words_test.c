/* Words of GUNICORN_CMD_ARGS, as shlex.split gives them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "config/config_words.h"

/* The words of line with "|" behind each, or "!" for an error. */
static const char *
words(const char *line)
{
	static char out[256];
	char copy[256], *rest = copy, *word;
	size_t n = 0;
	int rc;

	assert_true(strlen(line) < sizeof(copy));
	memcpy(copy, line, strlen(line) + 1);
	while ((rc = config_words_next(&rest, &word)) > 0) {
		memcpy(out + n, word, strlen(word));
		n += strlen(word);
		out[n++] = '|';
	}
	if (rc < 0)
		out[n++] = '!';
	out[n] = '\0';
	return out;
}

static void
spaces_divide(void **state)
{
	(void)state;
	assert_string_equal(words(""), "");
	assert_string_equal(words(" \t\n "), "");
	assert_string_equal(words("a"), "a|");
	assert_string_equal(words("  -w 3\t--bind\n:80 "),
	    "-w|3|--bind|:80|");
}

static void
quotes_hold_together(void **state)
{
	(void)state;
	assert_string_equal(words("'a b' c"), "a b|c|");
	assert_string_equal(words("x'a b'\"c d\"y z"), "xa bc dy|z|");
	assert_string_equal(words("''"), "|");
	assert_string_equal(words("'' \"\" a"), "||a|");
	assert_string_equal(words("'a\"b' \"a'b\""), "a\"b|a'b|");
}

static void
a_backslash_takes_what_follows(void **state)
{
	(void)state;
	assert_string_equal(words("a\\ b"), "a b|");
	assert_string_equal(words("'a\\b'"), "a\\b|");
	assert_string_equal(words("\"a\\\"b\\\\c\\d\""), "a\"b\\c\\d|");
}

static void
what_does_not_end_is_an_error(void **state)
{
	(void)state;
	assert_string_equal(words("a 'b"), "a|!");
	assert_string_equal(words("\"b\\\""), "!");
	assert_string_equal(words("a\\"), "!");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spaces_divide),
		cmocka_unit_test(quotes_hold_together),
		cmocka_unit_test(a_backslash_takes_what_follows),
		cmocka_unit_test(what_does_not_end_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
