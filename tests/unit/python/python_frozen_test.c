/*
 * python_frozen: every row of the tables is found by its name, nothing else
 * is; zones for libc.
 */
#include "python/python_frozen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
every_file_is_found(void **state)
{
	unsigned i;

	(void)state;
	assert_true(python_frozen_n_files > 400);
	for (i = 0; i < python_frozen_n_files; i++) {
		const struct python_frozen_file *f = &python_frozen_files[i];
		const char *name = python_frozen_names + f->name;

		assert_ptr_equal(python_frozen_find_file(str_of(name)), f);
		assert_true(python_frozen_data + f->offset + f->len <=
		    python_frozen_data_end);
	}
}

static void
every_source_is_found(void **state)
{
	const struct _frozen *m = python_frozen_modules;

	(void)state;
	for (; m->name != NULL; m++) {
		const struct python_frozen_source *s =
		    python_frozen_find_source(str_of(m->name));
		const struct python_frozen_group *g;

		assert_non_null(s);
		assert_true(s->group < python_frozen_n_groups);
		g = &python_frozen_groups[s->group];
		assert_true(python_frozen_texts + g->offset + g->len <=
		    python_frozen_texts_end);
		assert_true(m->code >= python_frozen_code);
		assert_true(m->code + m->size <= python_frozen_code_end);
	}
}

static void
other_names_are_not(void **state)
{
	static const char *const names[] = { "", "a", "zzzz", "jso", "jsonx",
		"json.", "tzdata/zoneinfo/", "tzdata/zoneinfo/Europe",
		"tzdata/zoneinfo/Europe/Berlin/", "\xff" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof names / sizeof *names; i++) {
		assert_null(python_frozen_find_file(str_of(names[i])));
		assert_null(python_frozen_find_source(str_of(names[i])));
	}
	/* A name ends where its length says, whatever follows. */
	assert_non_null(python_frozen_find_source(
	    (struct str){ "jsonx", 4 }));
	assert_null(python_frozen_find_source((struct str){ "json\0x", 6 }));
}

static void
zones_for_libc(void **state)
{
	static const char *const bad[] = { "", "No/Where", "zone.tab",
		"../zones", "Europe", "europe/berlin", "Europe/Berlin " };
	char longer[4096];
	const unsigned char *data;
	size_t len = 0, i;

	(void)state;
	data = greencorn_tz("Europe/Berlin", &len);
	assert_non_null(data);
	assert_true(len > 100);
	assert_memory_equal(data, "TZif", 4);
	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_null(greencorn_tz(bad[i], &len));
	memset(longer, 'a', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	assert_null(greencorn_tz(longer, &len));
}

static void
what_was_dropped_is_still_there(void **state)
{
	const unsigned char *data;
	size_t len;

	(void)state;
	python_frozen_drop();
	data = greencorn_tz("UTC", &len);
	assert_non_null(data);
	assert_memory_equal(data, "TZif", 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_file_is_found),
		cmocka_unit_test(every_source_is_found),
		cmocka_unit_test(other_names_are_not),
		cmocka_unit_test(zones_for_libc),
		cmocka_unit_test(what_was_dropped_is_still_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
