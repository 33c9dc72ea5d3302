/* Values with their sources: of any two the higher one stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "config/config_list.h"
#include "draft.h"

static int
set(enum config_source source, const char *name, const char *value)
{
	p.text[0] = '\0';
	return config_draft_set(d, source, "somewhere", name, str_of(value),
	    &p);
}

/* The items of a list, with "|" behind each. */
static const char *
items(const char *name)
{
	struct str value = config_entry_value(config_draft_entry(d, name));
	static char out[512];
	size_t n = 0;

	while (value.len > 0) {
		struct str item = config_list_next(&value);

		n += (size_t)snprintf(out + n, sizeof(out) - n, "%.*s|",
		    STR_ARG(item));
	}
	out[n] = '\0';
	return out;
}

static void
of_two_sources_the_higher_one_stays(void **state)
{
	enum config_source a, b;

	for (a = CONFIG_SOURCE_DEFAULT; a <= CONFIG_SOURCE_ARGS; a++)
		for (b = CONFIG_SOURCE_DEFAULT; b <= CONFIG_SOURCE_ARGS; b++) {
			config_draft_destroy(d);
			assert_int_equal(draft_setup(state), 0);
			assert_int_equal(set(a, "workers", "11"), 0);
			assert_int_equal(set(b, "workers", "22"), 0);
			assert_string_equal(config_draft_text(d, "workers"),
			    b >= a ? "22" : "11");
			assert_int_equal(
			    config_draft_entry(d, "workers")->source,
			    b >= a ? b : a);
		}
}

static void
a_bad_value_is_refused_even_where_it_would_lose(void **state)
{
	(void)state;
	assert_int_equal(set(CONFIG_SOURCE_ARGS, "workers", "2"), 0);
	assert_int_equal(set(CONFIG_SOURCE_FILE, "workers", "many"),
	    -E_BAD_VALUE);
	assert_string_equal(p.text, "somewhere: workers is 'many', but must "
	    "be a number from 1 to 512");
	assert_string_equal(config_draft_text(d, "workers"), "2");
}

static void
the_problem_shows_the_value_safely(void **state)
{
	char *value = test_malloc(100000);

	(void)state;
	assert_int_equal(set(CONFIG_SOURCE_ENV, "loglevel", "a\033[1mb\n'c"),
	    -E_BAD_VALUE);
	assert_string_equal(p.text, "somewhere: loglevel is "
	    "'a\\x1b[1mb\\x0a'c', but must be one of: debug info warning "
	    "error critical");
	memset(value, 'x', 100000);
	assert_int_equal(config_draft_set(d, CONFIG_SOURCE_ENV, "long",
	    "wsgi_app", (struct str){ value, 100000 }, &p), -E_BAD_VALUE);
	assert_true(strlen(p.text) < 500);
	assert_non_null(strstr(p.text, "xxx...', but must be text of at most "
	    "1024 bytes"));
	test_free(value);
}

static void
no_bytes_are_not_set(void **state)
{
	(void)state;
	assert_int_equal(set(CONFIG_SOURCE_ENV, "workers", ""), 0);
	assert_int_equal(config_draft_set(d, CONFIG_SOURCE_FILE, "f", "bind",
	    (struct str){ NULL, 0 }, &p), 0);
	assert_int_equal(set(CONFIG_SOURCE_ENV, "bind", " , \n"), 0);
	assert_int_equal(set(CONFIG_SOURCE_FILE, "bind", "[]"), 0);
	assert_int_equal(config_draft_entry(d, "workers")->source,
	    CONFIG_SOURCE_DEFAULT);
	assert_string_equal(items("bind"), "127.0.0.1:8000|");
}

static void
nothing_in_brackets_is_set(void **state)
{
	(void)state;
	assert_int_equal(set(CONFIG_SOURCE_FILE, "secure_scheme_headers", "{}"),
	    0);
	assert_int_equal(set(CONFIG_SOURCE_ENV, "forwarded_allow_ips", "[]"),
	    0);
	assert_string_equal(items("secure_scheme_headers"), "");
	assert_string_equal(items("forwarded_allow_ips"), "");
	assert_int_equal(
	    config_draft_entry(d, "secure_scheme_headers")->source,
	    CONFIG_SOURCE_FILE);
	assert_int_equal(set(CONFIG_SOURCE_ENV, "forwarded_allow_ips", ""), 0);
	assert_string_equal(items("forwarded_allow_ips"), "");
}

static void
names_that_are_no_settings_are_said_to_be_none(void **state)
{
	(void)state;
	assert_int_equal(set(CONFIG_SOURCE_FILE, "os", "x"), -E_NOT_FOUND);
}

static void
lists_are_divided_where_their_source_says(void **state)
{
	(void)state;
	assert_int_equal(set(CONFIG_SOURCE_ENV, "bind", "a:1, b:2\n[::1]:3"),
	    0);
	assert_string_equal(items("bind"), "a:1|b:2|[::1]:3|");
	assert_int_equal(set(CONFIG_SOURCE_ENV, "bind",
	    "[\"a:1\", \"unix:/x\"]"), 0);
	assert_string_equal(items("bind"), "a:1|unix:/x|");
	assert_int_equal(set(CONFIG_SOURCE_ENV, "bind", "[::1]:3"), 0);
	assert_string_equal(items("bind"), "[::1]:3|");
	assert_int_equal(set(CONFIG_SOURCE_FILE, "raw_env", "A=1,2"), 0);
	assert_string_equal(items("raw_env"), "A=1,2|");
	assert_int_equal(set(CONFIG_SOURCE_ENV, "raw_env", "A=1,B=2"), 0);
	assert_string_equal(items("raw_env"), "A=1|B=2|");
	assert_int_equal(set(CONFIG_SOURCE_ENV, "raw_env",
	    "[\"A=1,2\\n3\"]"), 0);
	assert_string_equal(items("raw_env"), "A=1,2\n3|");
	assert_int_equal(set(CONFIG_SOURCE_ARGS, "forwarded_allow_ips",
	    "10.0.0.0/8,::1"), 0);
	assert_string_equal(items("forwarded_allow_ips"), "10.0.0.0/8|::1|");
}

static void
each_item_is_checked(void **state)
{
	static const char *const bad[][2] = {
		{ "bind", "a:1,b:x" },
		{ "bind", "[\"a:1\", 2]" },
		{ "bind", "[\"a:1\"" },
		{ "raw_env", "A" },
		{ "raw_env", "=A" },
		{ "raw_env", "[\"A=\\u0000\"]" },
		{ "forwarded_allow_ips", "127.0.0.1,proxy" },
		{ "secure_scheme_headers", "{\"A\": 1}" },
		{ "secure_scheme_headers", "A=b" },
		{ "logconfig_dict", "[1]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (set(CONFIG_SOURCE_ENV, bad[i][0], bad[i][1]) !=
		    -E_BAD_VALUE)
			fail_msg("accepted: %s", bad[i][1]);
}

static int
add(enum config_source source, const char *name, const char *item)
{
	return config_draft_add(d, source, "-x", name, str_of(item), &p);
}

static void
items_are_added_within_a_source(void **state)
{
	(void)state;
	assert_int_equal(add(CONFIG_SOURCE_CMD_ARGS, "bind", "a:1"), 0);
	assert_int_equal(add(CONFIG_SOURCE_ARGS, "bind", "b:2"), 0);
	assert_int_equal(add(CONFIG_SOURCE_ARGS, "bind", "c:3"), 0);
	assert_string_equal(items("bind"), "b:2|c:3|");
	assert_int_equal(add(CONFIG_SOURCE_FILE, "bind", "d:4"), 0);
	assert_string_equal(items("bind"), "b:2|c:3|");
	assert_int_equal(add(CONFIG_SOURCE_ARGS, "raw_env", "A=1,2"), 0);
	assert_string_equal(items("raw_env"), "A=1,2|");
	assert_int_equal(add(CONFIG_SOURCE_ARGS, "workers", "3"), 0);
	assert_int_equal(add(CONFIG_SOURCE_ARGS, "workers", "4"), 0);
	assert_string_equal(config_draft_text(d, "workers"), "4");
}

static void
maps_are_objects_of_texts(void **state)
{
	(void)state;
	assert_string_equal(items("secure_scheme_headers"),
	    "X-FORWARDED-PROTOCOL|ssl|X-FORWARDED-PROTO|https|"
	    "X-FORWARDED-SSL|on|");
	assert_int_equal(set(CONFIG_SOURCE_ENV, "secure_scheme_headers",
	    "{\"A\": \"b\"}"), 0);
	assert_string_equal(items("secure_scheme_headers"), "A|b|");
	assert_int_equal(set(CONFIG_SOURCE_ENV, "logconfig_dict",
	    "{\"a\": {\"b\": [1]}}"), 0);
}

static void
a_copy_is_the_same_and_its_own(void **state)
{
	struct config_draft *copy;

	(void)state;
	assert_int_equal(set(CONFIG_SOURCE_ENV, "bind", "a:1,b:2"), 0);
	copy = config_draft_copy(d);
	assert_non_null(copy);
	assert_int_equal(set(CONFIG_SOURCE_ENV, "bind", "c:3"), 0);
	config_draft_destroy(d);
	d = copy;
	assert_string_equal(items("bind"), "a:1|b:2|");
	assert_int_equal(config_draft_entry(d, "bind")->source,
	    CONFIG_SOURCE_ENV);
	config_draft_destroy(NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, draft_setup, draft_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(of_two_sources_the_higher_one_stays),
		TEST(a_bad_value_is_refused_even_where_it_would_lose),
		TEST(the_problem_shows_the_value_safely),
		TEST(no_bytes_are_not_set),
		TEST(nothing_in_brackets_is_set),
		TEST(names_that_are_no_settings_are_said_to_be_none),
		TEST(lists_are_divided_where_their_source_says),
		TEST(each_item_is_checked),
		TEST(items_are_added_within_a_source),
		TEST(maps_are_objects_of_texts),
		TEST(a_copy_is_the_same_and_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
