/* Buffers: growth up to a bound, moving before growing, whole or not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "base/error.h"

static void
grows_up_to_its_bound(void **state)
{
	char block[600];
	struct buf b;

	(void)state;
	memset(block, 'x', sizeof block);
	buf_init(&b, 1500);
	assert_int_equal(buf_put(&b, (struct str){ block, 600 }), 0);
	assert_int_equal(buf_put(&b, (struct str){ block, 600 }), 0);
	assert_int_equal(buf_put(&b, (struct str){ block, 301 }), -E_FULL);
	assert_int_equal(buf_len(&b), 1200);
	assert_int_equal(buf_put(&b, (struct str){ block, 300 }), 0);
	assert_int_equal(buf_len(&b), 1500);
	assert_true(b.size <= b.max);
	assert_null(buf_reserve(&b, 1));
	assert_null(buf_reserve(&b, SIZE_MAX));
	buf_finish(&b);
	assert_int_equal(buf_len(&b), 0);
}

static void
moves_rather_than_grows(void **state)
{
	struct buf b;
	size_t size;

	(void)state;
	buf_init(&b, 1 << 20);
	assert_non_null(buf_reserve(&b, 500));
	size = b.size;
	memset(b.mem, 'a', 400);
	buf_added(&b, 400);
	buf_used(&b, 399);
	assert_non_null(buf_reserve(&b, size - 1));
	assert_int_equal(b.size, size);
	assert_int_equal(buf_len(&b), 1);
	assert_int_equal(buf_str(&b).ptr[0], 'a');
	buf_used(&b, 1);
	assert_int_equal(b.end, 0);
	buf_finish(&b);
}

static void
prints_whole_or_not_at_all(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 8);
	assert_int_equal(buf_printf(&b, "%s", "12345678"), -E_FULL);
	assert_int_equal(buf_printf(&b, "%d-%s", 12, "ab"), 0);
	assert_true(str_eq(buf_str(&b), STR("12-ab")));
	assert_int_equal(buf_printf(&b, "%s", "xyz"), -E_FULL);
	assert_true(str_eq(buf_str(&b), STR("12-ab")));
	buf_finish(&b);
}

static void
nothing_needs_no_memory(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 0);
	assert_int_equal(buf_put(&b, STR("")), 0);
	assert_int_equal(buf_put(&b, STR("a")), -E_FULL);
	buf_used(&b, 0);
	buf_finish(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_up_to_its_bound),
		cmocka_unit_test(moves_rather_than_grows),
		cmocka_unit_test(prints_whole_or_not_at_all),
		cmocka_unit_test(nothing_needs_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
