/* Field names, values and lists; the hash table of known names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "http/http_field.h"

static unsigned
slot_of(struct str name)
{
	const char *last = name.ptr + name.len - 2;
	uint32_t word = (uint32_t)name.ptr[0] | (uint32_t)name.ptr[1] << 8 |
	    (uint32_t)last[0] << 16 | (uint32_t)last[1] << 24;

	word = (word | 0x20202020u) + (uint32_t)name.len * 0x01010101u;
	return word * 0x82e0f901u >> 24;
}

/* Says what to do when a row's slot is wrong or taken. */
static void
every_known_name_is_found(void **state)
{
	char upper[64];
	unsigned id;
	size_t i;

	(void)state;
	for (id = 1; id < FIELD_MAX; id++) {
		struct str name = http_field_name((enum http_field)id);

		assert_in_range(name.len, 2, 32);
		for (i = 0; i < name.len; i++)
			upper[i] = name.ptr[i] >= 'a' && name.ptr[i] <= 'z' ?
			    (char)(name.ptr[i] - 32) : name.ptr[i];
		if (http_field_of(name) != id)
			fail_msg("%.*s: its slot in http_field.def is not "
			    "%u, or is another's too", STR_ARG(name),
			    slot_of(name));
		assert_int_equal(http_field_of((struct str){ upper,
		    name.len }), id);
	}
}

static void
other_names_are_other(void **state)
{
	static const char *const rows[] = {
		"", "x", "xx", "hosts", "hose", "content_length", "x-custom",
		"content-lengt\x08", "transfer-encodin\x07", "\x48\x4f\x53",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(http_field_of(str_of(rows[i])), FIELD_OTHER);
	assert_int_equal(http_field_name(FIELD_OTHER).len, 0);
}

/* Every byte of every name, changed in every way: only letters' case may. */
static void
only_case_may_differ(void **state)
{
	char text[64];
	unsigned id, c;
	size_t i;

	(void)state;
	for (id = 1; id < FIELD_MAX; id++) {
		struct str name = http_field_name((enum http_field)id);

		memcpy(text, name.ptr, name.len);
		for (i = 0; i < name.len; i++) {
			for (c = 0; c < 256; c++) {
				bool letter = name.ptr[i] >= 'a' &&
				    name.ptr[i] <= 'z';
				bool same = c == (unsigned char)name.ptr[i] ||
				    (letter && c + 32 ==
				    (unsigned char)name.ptr[i]);

				text[i] = (char)c;
				assert_int_equal(same, http_field_of((struct
				    str){ text, name.len }) == id);
			}
			text[i] = name.ptr[i];
		}
	}
}

static void
token_bytes(void **state)
{
	static const char tchar[] = "!#$%&'*+-.^_`|~0123456789"
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	unsigned c;

	(void)state;
	for (c = 0; c < 256; c++)
		assert_int_equal(http_field_is_tchar((char)c),
		    c != 0 && c < 128 && strchr(tchar, (int)c) != NULL);
	assert_false(http_field_is_token(STR("")));
	assert_true(http_field_is_token(STR("a-b")));
	assert_false(http_field_is_token(STR("a b")));
}

static void
lists(void **state)
{
	struct str list = STR(" a ,, \"b,\\\"c\" ,\td,"), e;

	(void)state;
	assert_true(http_field_next(&list, &e));
	assert_true(str_eq(e, STR("a")));
	assert_true(http_field_next(&list, &e));
	assert_true(str_eq(e, STR("\"b,\\\"c\"")));
	assert_true(http_field_next(&list, &e));
	assert_true(str_eq(e, STR("d")));
	assert_false(http_field_next(&list, &e));
	assert_true(http_field_has(STR("x, Close"), STR("close")));
	assert_false(http_field_has(STR("x, closed"), STR("close")));
	assert_false(http_field_has(STR("\"a, close\""), STR("close")));
	/* A quote or a backslash that never ends: nothing beyond the end. */
	assert_false(http_field_has(STR("\"close"), STR("close")));
	assert_false(http_field_has(STR("\"\\"), STR("close")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_known_name_is_found),
		cmocka_unit_test(other_names_are_other),
		cmocka_unit_test(only_case_may_differ),
		cmocka_unit_test(token_bytes),
		cmocka_unit_test(lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
