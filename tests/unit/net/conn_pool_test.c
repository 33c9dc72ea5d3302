/*
 * Slots and generations: what named an old connection never means a new one.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/conn.h"
#include "net/conn_pool.h"

static void
test_bound_and_generations(void **state)
{
	struct conn *c[100], *again;
	struct conn_pool p;
	uint32_t slot, generation;

	(void)state;
	assert_int_equal(conn_pool_init(&p, 100), 0);
	for (unsigned i = 0; i < 100; i++) {
		c[i] = conn_pool_take(&p);
		assert_non_null(c[i]);
		for (unsigned k = 0; k < i; k++)
			assert_ptr_not_equal(c[i], c[k]);
	}
	assert_null(conn_pool_take(&p));
	slot = c[42]->slot;
	generation = c[42]->generation;
	assert_ptr_equal(conn_pool_get(&p, slot, generation), c[42]);
	conn_pool_give(&p, c[42]);
	assert_null(conn_pool_get(&p, slot, generation));
	assert_null(conn_pool_at(&p, slot));
	again = conn_pool_take(&p);
	assert_ptr_equal(again, c[42]);
	assert_null(conn_pool_get(&p, slot, generation));
	assert_ptr_equal(conn_pool_get(&p, slot, generation + 1), again);
	assert_null(conn_pool_get(&p, 5000, 1));
	conn_pool_finish(&p);
}

static void
test_a_used_one_is_cleared(void **state)
{
	struct conn_pool p;
	struct conn *c;

	(void)state;
	assert_int_equal(conn_pool_init(&p, 1), 0);
	c = conn_pool_take(&p);
	c->closing = c->held = true;
	c->fd = 7;
	conn_pool_give(&p, c);
	c = conn_pool_take(&p);
	assert_false(c->closing || c->held);
	assert_int_equal(c->fd, 0);
	assert_int_equal(c->lingered, 0);
	conn_pool_finish(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bound_and_generations),
		cmocka_unit_test(test_a_used_one_is_cleared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
