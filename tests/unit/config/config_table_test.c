/* The table: every row holds together; what each type accepts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "config/config_draft.h"

/* A draft's creation checks every default; here by name. */
static void
every_default_is_valid(void **state)
{
	struct config_draft *d = config_draft_create();

	(void)state;
	assert_non_null(d);
	for (unsigned i = 0; i < config_table_n; i++) {
		struct str value = config_entry_value(&d->entries[i]);

		if (value.len > 0 &&
		    config_table_check(&config_table[i], value) != 0)
			fail_msg("default of %s", config_table[i].name);
		if (config_table_is_list(&config_table[i]) ||
		    config_table[i].type >= CONFIG_CHOICE)
			continue;
		assert_true(value.len > 0);
	}
	config_draft_destroy(d);
}

static unsigned
count_flag(struct str flag)
{
	unsigned n = 0;
	bool negative;

	for (unsigned i = 0; i < config_table_n; i++) {
		struct str rest = str_of(config_table[i].flags);

		while (rest.len > 0)
			n += str_eq(config_table_flag(&rest, &negative), flag);
	}
	return n;
}

static void
names_and_flags_are_there_once(void **state)
{
	bool negative;

	(void)state;
	for (unsigned i = 0; i < config_table_n; i++) {
		struct str rest = str_of(config_table[i].flags);

		assert_ptr_equal(config_table_find(
				     str_of(config_table[i].name)),
		    &config_table[i]);
		/* "NAME_FILE" must never be a setting of its own. */
		assert_false(str_ends(str_of(config_table[i].name),
		    STR("_file")));
		while (rest.len > 0) {
			struct str flag = config_table_flag(&rest, &negative);

			assert_true(flag.len >= 2 && flag.ptr[0] == '-');
			if (count_flag(flag) != 1)
				fail_msg("twice: %.*s", STR_ARG(flag));
		}
	}
}

static int
check(const char *name, const char *text)
{
	const struct config_row *row = config_table_find(str_of(name));

	assert_non_null(row);
	return config_table_check(row, str_of(text));
}

static uint64_t
number(const char *name, const char *text)
{
	const struct config_row *row = config_table_find(str_of(name));
	uint64_t n = 0;

	assert_non_null(row);
	if (config_table_number(row, str_of(text), &n) < 0)
		fail_msg("%s: refused: %s", name, text);
	return n;
}

static void
numbers_stay_within_their_bounds(void **state)
{
	(void)state;
	assert_int_equal(number("workers", "1"), 1);
	assert_int_equal(number("workers", "512"), 512);
	assert_int_equal(check("workers", "0"), -E_BAD_VALUE);
	assert_int_equal(check("workers", "513"), -E_BAD_VALUE);
	assert_int_equal(check("workers", "-1"), -E_BAD_VALUE);
	assert_int_equal(check("workers", "1.5"), -E_BAD_VALUE);
	assert_int_equal(check("workers", "99999999999999999999"),
	    -E_BAD_VALUE);
}

static void
durations_are_seconds_or_have_units(void **state)
{
	(void)state;
	assert_int_equal(number("timeout", "30"), 30000);
	assert_int_equal(number("timeout", "0"), 0);
	assert_int_equal(number("timeout", "1.5"), 1500);
	assert_int_equal(number("timeout", "500ms"), 500);
	assert_int_equal(number("timeout", "2m"), 120000);
	assert_int_equal(number("timeout", "1h30m"), 5400000);
	assert_int_equal(number("timeout", "1m30s500ms"), 90500);
	assert_int_equal(check("timeout", "1h30"), -E_BAD_VALUE);
	assert_int_equal(check("timeout", "h"), -E_BAD_VALUE);
	assert_int_equal(check("timeout", "30x"), -E_BAD_VALUE);
	assert_int_equal(check("timeout", "1 m"), -E_BAD_VALUE);
	assert_int_equal(check("header_timeout", "2d"), -E_BAD_VALUE);
}

static void
sizes_are_bytes_or_have_units(void **state)
{
	(void)state;
	assert_int_equal(number("request_buffer", "64k"), 65536);
	assert_int_equal(number("request_buffer", "64KiB"), 65536);
	assert_int_equal(number("request_buffer", "4096"), 4096);
	assert_int_equal(number("request_buffer", "16m"), 16777216);
	assert_int_equal(check("request_buffer", "4095"), -E_BAD_VALUE);
	assert_int_equal(check("request_buffer", "17m"), -E_BAD_VALUE);
}

static void
modes_are_octal_when_they_look_so(void **state)
{
	(void)state;
	assert_int_equal(number("umask", "022"), 18);
	assert_int_equal(number("umask", "0o22"), 18);
	assert_int_equal(number("umask", "0x12"), 18);
	assert_int_equal(number("umask", "18"), 18);
	assert_int_equal(number("umask", "0"), 0);
	assert_int_equal(check("umask", "08"), -E_BAD_VALUE);
	assert_int_equal(check("umask", "0o"), -E_BAD_VALUE);
	assert_int_equal(check("umask", "01000"), -E_BAD_VALUE);
}

static void
booleans_have_many_names(void **state)
{
	static const char *const yes[] = { "1", "true", "T", "yes", "Y", "ON" };
	static const char *const no[] = { "0", "False", "f", "no", "N", "off" };

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(number("preload_app", yes[i]), 1);
		assert_int_equal(number("preload_app", no[i]), 0);
	}
	assert_int_equal(check("preload_app", "maybe"), -E_BAD_VALUE);
	assert_int_equal(check("preload_app", "2"), -E_BAD_VALUE);
}

static void
what_a_later_version_brings_is_told_from_nonsense(void **state)
{
	(void)state;
	assert_int_equal(check("worker_class", "sync"), 0);
	assert_int_equal(check("worker_class", "gevent"), -E_NOT_FOUND);
	assert_int_equal(check("worker_class", "sink"), -E_BAD_VALUE);
	assert_int_equal(check("worker_class", "|"), -E_BAD_VALUE);
	assert_int_equal(check("certfile", "/a.pem"), -E_NOT_FOUND);
	assert_int_equal(check("cert_reqs", "0"), 0);
	assert_int_equal(check("cert_reqs", "3"), -E_BAD_VALUE);
	assert_int_equal(check("cert_reqs", "1"), -E_NOT_FOUND);
	assert_int_equal(check("proxy_protocol", "off"), 0);
	assert_int_equal(check("proxy_protocol", "v2"), 0);
	assert_int_equal(check("proxy_protocol", "v3"), -E_BAD_VALUE);
}

static void
several_names_for_one_choice(void **state)
{
	const struct config_row *class = config_table_find(
	    STR("worker_class"));
	const struct config_row *level = config_table_find(STR("LOGLEVEL"));
	const struct config_row *proxy = config_table_find(
	    STR("proxy_protocol"));

	(void)state;
	assert_true(str_eq(config_table_canonical(proxy, STR("True")),
	    STR("auto")));
	assert_true(str_eq(config_table_canonical(proxy, STR("0")),
	    STR("off")));
	assert_true(str_eq(config_table_canonical(class,
	    STR("gunicorn.workers.sync.SyncWorker")), STR("sync")));
	assert_true(str_eq(config_table_canonical(class,
	    STR("egg:gunicorn#sync")), STR("sync")));
	assert_true(str_eq(config_table_canonical(class, STR("other")),
	    STR("other")));
	assert_true(str_eq(config_table_canonical(level, STR("INFO")),
	    STR("info")));
	assert_true(str_eq(config_table_canonical(level, STR("warn")),
	    STR("warning")));
}

static void
only_root_may_name_another_user(void **state)
{
	char own[32], other[32];

	(void)state;
	snprintf(own, sizeof(own), "%u", (unsigned)geteuid());
	snprintf(other, sizeof(other), "%u", (unsigned)geteuid() + 1);
	assert_int_equal(check("user", own), 0);
	assert_int_equal(check("user", other),
	    geteuid() == 0 ? 0 : -E_BAD_VALUE);
	assert_int_equal(check("user", "nobody-has-this-name"), -E_BAD_VALUE);
	snprintf(own, sizeof(own), "%u", (unsigned)getegid());
	assert_int_equal(check("group", own), 0);
	assert_int_equal(check("group", "nobody-has-this-name"),
	    -E_BAD_VALUE);
}

static void
every_row_says_what_it_accepts(void **state)
{
	char text[256];

	(void)state;
	for (unsigned i = 0; i < config_table_n; i++) {
		config_table_accepts(&config_table[i], text, sizeof(text));
		assert_true(strlen(text) > 1 && strlen(text) < 200);
	}
}

static void
help_fits_and_names_every_setting(void **state)
{
	char *text = NULL, *line, *rest;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	(void)state;
	assert_non_null(out);
	config_help_print(out);
	assert_int_equal(fclose(out), 0);
	for (unsigned i = 0; i < config_table_n; i++)
		if (strstr(text, config_table[i].name) == NULL)
			fail_msg("not in --help: %s", config_table[i].name);
	for (rest = text; (line = strsep(&rest, "\n")) != NULL;)
		if (strlen(line) > 80)
			fail_msg("too long: %s", line);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_default_is_valid),
		cmocka_unit_test(names_and_flags_are_there_once),
		cmocka_unit_test(numbers_stay_within_their_bounds),
		cmocka_unit_test(durations_are_seconds_or_have_units),
		cmocka_unit_test(sizes_are_bytes_or_have_units),
		cmocka_unit_test(modes_are_octal_when_they_look_so),
		cmocka_unit_test(booleans_have_many_names),
		cmocka_unit_test(
		    what_a_later_version_brings_is_told_from_nonsense),
		cmocka_unit_test(several_names_for_one_choice),
		cmocka_unit_test(only_root_may_name_another_user),
		cmocka_unit_test(every_row_says_what_it_accepts),
		cmocka_unit_test(help_fits_and_names_every_setting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
