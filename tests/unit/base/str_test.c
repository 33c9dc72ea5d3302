/* Slices: comparisons, trims, cuts, copies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/str.h"

static void
compares(void **state)
{
	(void)state;
	assert_true(str_eq(STR(""), (struct str){ NULL, 0 }));
	assert_false(str_eq(STR("a"), STR("A")));
	assert_true(str_eq_nocase(STR("Content-Type"), STR("content-tYPE")));
	/* Only letters fold: '[' is '{' without its 0x20. */
	assert_false(str_eq_nocase(STR("["), STR("{")));
	assert_false(str_eq_nocase(STR("\xc4"), STR("\xe4")));
	assert_false(str_eq_nocase(STR("ab"), STR("abc")));
	assert_true(str_starts(STR("abc"), STR("ab")));
	assert_false(str_starts(STR("a"), STR("ab")));
	assert_true(str_ends(STR("abc"), STR("bc")));
	assert_false(str_ends(STR("c"), STR("bc")));
}

static void
trims_only_spaces_and_tabs(void **state)
{
	(void)state;
	assert_true(str_eq(str_trim(STR(" \t a b\t ")), STR("a b")));
	assert_true(str_eq(str_trim(STR(" \t ")), STR("")));
	assert_true(str_eq(str_trim(STR("\va\f")), STR("\va\f")));
}

static void
cut_tells_the_last_from_an_empty_one(void **state)
{
	struct str rest = STR("a,,b,");

	(void)state;
	assert_true(str_eq(str_cut(&rest, ','), STR("a")));
	assert_true(str_eq(str_cut(&rest, ','), STR("")));
	assert_true(str_eq(str_cut(&rest, ','), STR("b")));
	assert_non_null(rest.ptr);
	assert_true(str_eq(str_cut(&rest, ','), STR("")));
	assert_null(rest.ptr);
}

static void
copies_into_a_bound(void **state)
{
	char dst[4] = "xyz";

	(void)state;
	assert_int_equal(str_to_z(STR("abc"), dst, sizeof dst), 0);
	assert_string_equal(dst, "abc");
	assert_int_equal(str_to_z(STR("abcd"), dst, sizeof dst),
	    -E_TOO_LONG);
	assert_string_equal(dst, "");
	assert_int_equal(str_to_z(STR("a\0b"), dst, sizeof dst),
	    -E_BAD_VALUE);
	assert_int_equal(str_to_z(STR(""), dst, 0), -E_TOO_LONG);
	assert_int_equal(str_to_z((struct str){ NULL, 0 }, dst, 1), 0);
}

static void
heads_and_tails_stay_inside(void **state)
{
	(void)state;
	assert_int_equal(str_tail(STR("ab"), 3).len, 0);
	assert_int_equal(str_head(STR("ab"), 3).len, 2);
	assert_int_equal(str_find(STR("abc"), 'c'), 2);
	assert_int_equal(str_find(STR("abc"), 'x'), 3);
	assert_int_equal(str_find((struct str){ NULL, 0 }, 'x'), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compares),
		cmocka_unit_test(trims_only_spaces_and_tabs),
		cmocka_unit_test(cut_tells_the_last_from_an_empty_one),
		cmocka_unit_test(copies_into_a_bound),
		cmocka_unit_test(heads_and_tails_stay_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
