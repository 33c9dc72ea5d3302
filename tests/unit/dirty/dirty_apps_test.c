/*
 * Which applications a new worker gets, as in Gunicorn's documentation; and
 * that an id never names a second thing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/error.h"
#include "dirty/dirty_apps.h"
#include "dirty/dirty_table.h"

static void
specs_say_how_many(void **state)
{
	static const char *const bad[] = { "", "a", "a:", ":B", "a:B:", "a:B:0",
		"a:B:x", "a:B:1:2", "a:B:-1" };
	struct dirty_app app;

	(void)state;
	assert_int_equal(dirty_apps_parse(STR("a.b:C"), &app), 0);
	assert_true(str_eq(app.path, STR("a.b:C")));
	assert_false(app.limit_given);
	assert_int_equal(dirty_apps_parse(STR(" a.b:C:12 "), &app), 0);
	assert_true(str_eq(app.path, STR("a.b:C")));
	assert_int_equal(app.limit, 12);
	assert_true(app.limit_given);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(
		    dirty_apps_parse(str_of(bad[i]), &app), -E_BAD_VALUE);
}

/* Light on all, Heavy on 2, Single on 1; 4 workers. */
static void
workers_get_what_wants_holders(void **state)
{
	static const bool wanted[4][3] = { { true, true, true },
		{ true, true, false }, { true, false, false },
		{ true, false, false } };
	struct dirty_app apps[3] = { { .limit = 0 }, { .limit = 2 },
		{ .limit = 1 } };
	struct dirty_apps_set set;

	(void)state;
	for (unsigned w = 0; w < 4; w++) {
		dirty_apps_wanting(apps, 3, &set);
		for (unsigned i = 0; i < 3; i++) {
			assert_int_equal(set.has[i], wanted[w][i]);
			apps[i].n_holders += set.has[i] ? 1 : 0;
		}
	}
	assert_int_equal(dirty_apps_least(apps, 3), 2);
	assert_int_equal(dirty_apps_least(apps, 1), 1);
}

/* One that could not be made is in nobody's set; whose limit nobody knows is
 * asked about by one worker. */
static void
failures_and_unknown_limits(void **state)
{
	struct dirty_app apps[2] = { { .limit_known = true },
		{ .n_failures = 1 } };
	struct dirty_apps_set set;

	(void)state;
	dirty_apps_wanting(apps, 2, &set);
	assert_int_equal(set.n, 1);
	assert_false(set.has[1]);
	set = (struct dirty_apps_set){ .has = { true, true }, .n = 2 };
	dirty_apps_leave_out(apps, 2, &set);
	assert_int_equal(set.n, 1);
	assert_true(set.has[0] && !set.has[1]);

	assert_false(dirty_apps_asking(apps, 2));
	apps[1].n_holders = 1;
	assert_false(dirty_apps_asking(apps, 2)); /* by a probe only */
	apps[1].n_failures = 0;
	assert_true(dirty_apps_asking(apps, 2));
	apps[1].limit_known = true;
	assert_false(dirty_apps_asking(apps, 2));

	assert_true(dirty_apps_lacks(&apps[1], 2));
	apps[1].limit = 1;
	assert_false(dirty_apps_lacks(&apps[1], 2));
}

static void
ids_are_never_used_again(void **state)
{
	struct dirty_table t = { .kind = 3 };
	uint64_t first, ids[200];
	int items[200];
	unsigned at = 0, n = 0;

	(void)state;
	first = dirty_table_add(&t, &items[0]);
	assert_int_equal(dirty_table_kind(first), 3);
	dirty_table_remove(&t, first);
	for (unsigned i = 0; i < 200; i++) {
		ids[i] = dirty_table_add(&t, &items[i]);
		assert_true(ids[i] != first);
	}
	assert_null(dirty_table_get(&t, first));
	for (unsigned i = 0; i < 200; i++)
		assert_ptr_equal(dirty_table_get(&t, ids[i]), &items[i]);
	dirty_table_remove(&t, ids[7]);
	dirty_table_remove(&t, ids[7]);
	while (dirty_table_next(&t, &at) != NULL)
		n++;
	assert_int_equal(n, 199);
	free(t.cells);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(specs_say_how_many),
		cmocka_unit_test(workers_get_what_wants_holders),
		cmocka_unit_test(failures_and_unknown_limits),
		cmocka_unit_test(ids_are_never_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
