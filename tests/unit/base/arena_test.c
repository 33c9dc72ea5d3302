/* Arenas: alignment, bounds, what a reset keeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/arena.h"

static void
is_aligned_and_apart(void **state)
{
	struct arena a;
	char *p, *q;

	(void)state;
	arena_init(&a, 1 << 20);
	p = arena_alloc(&a, 1);
	q = arena_alloc(&a, 17);
	assert_non_null(p);
	assert_non_null(q);
	assert_int_equal((uintptr_t)p % 16, 0);
	assert_int_equal((uintptr_t)q % 16, 0);
	memset(p, 1, 1);
	memset(q, 2, 17);
	assert_int_equal(*p, 1);
	arena_finish(&a);
}

static void
large_wishes_leave_the_block_in_use(void **state)
{
	struct arena a;
	char *small, *next;

	(void)state;
	arena_init(&a, 1 << 20);
	small = arena_alloc(&a, 16);
	assert_non_null(arena_alloc(&a, 100000));
	next = arena_alloc(&a, 16);
	assert_ptr_equal(next, small + 16);
	arena_finish(&a);
}

static void
never_takes_more_than_its_bound(void **state)
{
	struct arena a;
	unsigned n = 0;

	(void)state;
	arena_init(&a, 3 * ARENA_BLOCK);
	assert_null(arena_alloc(&a, 3 * ARENA_BLOCK));
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_null(arena_alloc(&a, SIZE_MAX - 20));
	while (arena_alloc(&a, 100) != NULL)
		n++;
	assert_in_range(n, 3 * ARENA_BLOCK / 112 - 5, 3 * ARENA_BLOCK / 112);
	assert_true(a.used <= a.max);
	arena_finish(&a);
	assert_int_equal(a.used, 0);
}

static void
reset_keeps_one_block(void **state)
{
	struct arena a;
	void *first;

	(void)state;
	arena_init(&a, 1 << 20);
	assert_non_null(arena_alloc(&a, 50000));
	first = arena_alloc(&a, 8);
	assert_non_null(first);
	arena_reset(&a);
	assert_int_equal(a.used, ARENA_BLOCK);
	assert_ptr_equal(arena_alloc(&a, 8), first);
	arena_finish(&a);
	arena_reset(&a);
	assert_int_equal(a.used, 0);
}

static void
copies_end_in_nul(void **state)
{
	struct arena a;
	struct str s;

	(void)state;
	arena_init(&a, 1 << 20);
	s = arena_str(&a, STR("a\0b"));
	assert_int_equal(s.len, 3);
	assert_memory_equal(s.ptr, "a\0b\0", 4);
	s = arena_str(&a, (struct str){ NULL, 0 });
	assert_non_null(s.ptr);
	assert_int_equal(s.len, 0);
	arena_finish(&a);
	arena_init(&a, 10);
	assert_null(arena_str(&a, STR("a")).ptr);
	arena_finish(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_aligned_and_apart),
		cmocka_unit_test(large_wishes_leave_the_block_in_use),
		cmocka_unit_test(never_takes_more_than_its_bound),
		cmocka_unit_test(reset_keeps_one_block),
		cmocka_unit_test(copies_end_in_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
