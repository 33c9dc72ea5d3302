/* Near names: which slips are forgiven, and which words are left alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/suggest.h"

static const char *const commands[] = {
	"python", "pip", "health", "version", "help", NULL,
};

static void
each_kind_of_slip_counts_one(void **state)
{
	(void)state;
	assert_int_equal(suggest_distance(STR("health"), STR("health")), 0);
	assert_int_equal(suggest_distance(STR("helth"), STR("health")), 1);
	assert_int_equal(suggest_distance(STR("healthh"), STR("health")), 1);
	assert_int_equal(suggest_distance(STR("heakth"), STR("health")), 1);
	assert_int_equal(suggest_distance(STR("haelth"), STR("health")), 1);
	assert_int_equal(suggest_distance(STR(""), STR("pip")), 3);
	assert_int_equal(suggest_distance(STR("pip"), STR("")), 3);
}

static void
case_does_not_count(void **state)
{
	(void)state;
	assert_int_equal(suggest_distance(STR("HEALTH"), STR("health")), 0);
}

static void
the_nearest_name_is_found(void **state)
{
	(void)state;
	assert_string_equal(suggest_nearest(STR("pyhton"), commands),
	    "python");
	assert_string_equal(suggest_nearest(STR("pi"), commands), "pip");
	assert_string_equal(suggest_nearest(STR("versoin"), commands),
	    "version");
	assert_string_equal(suggest_nearest(STR("healht"), commands),
	    "health");
}

static void
a_word_that_is_near_nothing_gets_no_answer(void **state)
{
	(void)state;
	assert_null(suggest_nearest(STR("app:app"), commands));
	assert_null(suggest_nearest(STR("x"), commands));
	assert_null(suggest_nearest(STR(""), commands));
}

static void
a_very_long_word_is_refused_not_read(void **state)
{
	char word[SUGGEST_LEN_MAX + 1];

	(void)state;
	memset(word, 'p', sizeof word);
	assert_int_equal(suggest_distance((struct str){ word, sizeof word },
	    STR("pip")), SUGGEST_LEN_MAX);
	assert_null(suggest_nearest((struct str){ word, sizeof word },
	    commands));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_slip_counts_one),
		cmocka_unit_test(case_does_not_count),
		cmocka_unit_test(the_nearest_name_is_found),
		cmocka_unit_test(a_word_that_is_near_nothing_gets_no_answer),
		cmocka_unit_test(a_very_long_word_is_refused_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
