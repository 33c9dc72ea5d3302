/*
 * Deadlines: order, later and earlier, off, removal; against a plain list.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "net/timers.h"

#define N 200

static struct timer *fired[N * 2];
static unsigned n_fired;

static void
note(struct timer *t)
{
	assert_int_equal(t->due, TIMER_OFF);
	fired[n_fired++] = t;
}

static void
test_fire_in_order(void **state)
{
	struct timers ts;
	struct timer t[3];

	(void)state;
	n_fired = 0;
	timers_init(&ts);
	assert_int_equal(timers_reserve(&ts, 3), 0);
	for (unsigned i = 0; i < 3; i++)
		timer_init(&t[i], note);
	timer_set(&ts, &t[0], 30);
	timer_set(&ts, &t[1], 10);
	timer_set(&ts, &t[2], 20);
	assert_int_equal(timers_next(&ts), 10);
	timers_run(&ts, 20);
	assert_int_equal(n_fired, 2);
	assert_ptr_equal(fired[0], &t[1]);
	assert_ptr_equal(fired[1], &t[2]);
	timers_run(&ts, 29);
	assert_int_equal(n_fired, 2);
	timers_run(&ts, 30);
	assert_int_equal(n_fired, 3);
	assert_true(timers_next(&ts) == TIMER_OFF);
	timers_finish(&ts);
}

static void
test_later_earlier_off(void **state)
{
	struct timers ts;
	struct timer t;

	(void)state;
	n_fired = 0;
	timers_init(&ts);
	assert_int_equal(timers_reserve(&ts, 1), 0);
	timer_init(&t, note);
	timer_set(&ts, &t, 10);
	timer_set(&ts, &t, 50); /* only noted */
	timers_run(&ts, 49);
	assert_int_equal(n_fired, 0);
	assert_int_equal(timers_next(&ts), 50);
	timer_set(&ts, &t, 5);
	assert_int_equal(timers_next(&ts), 5);
	timer_off(&t);
	timers_run(&ts, 1000);
	assert_int_equal(n_fired, 0);
	timer_set(&ts, &t, 2000);
	timer_remove(&ts, &t);
	timer_remove(&ts, &t);
	timers_run(&ts, 3000);
	assert_int_equal(n_fired, 0);
	timers_finish(&ts);
}

/* One random deed on a timer and on its plain time. */
static void
random_deed(struct timers *ts, struct timer *t, uint64_t *due, uint64_t now)
{
	*due = TIMER_OFF;
	switch (random() % 4) {
	case 0:
		timer_remove(ts, t);
		break;
	case 1:
		timer_off(t);
		break;
	default:
		*due = now + (uint64_t)random() % 100;
		timer_set(ts, t, *due);
	}
}

static void
test_against_a_plain_list(void **state)
{
	static struct timer t[N];
	static uint64_t due[N];
	struct timers ts;
	uint64_t now = 1;

	(void)state;
	srandom(1);
	timers_init(&ts);
	assert_int_equal(timers_reserve(&ts, N), 0);
	for (unsigned i = 0; i < N; i++) {
		timer_init(&t[i], note);
		due[i] = TIMER_OFF;
	}
	for (unsigned round = 0; round < 5000; round++) {
		unsigned i = (unsigned)random() % N, expected = 0;

		random_deed(&ts, &t[i], &due[i], now);
		now += (uint64_t)random() % 5;
		n_fired = 0;
		for (i = 0; i < N; i++)
			if (due[i] <= now) {
				expected++;
				due[i] = TIMER_OFF;
			}
		/* A lazy one may need a second look. */
		timers_run(&ts, now);
		timers_run(&ts, now);
		assert_int_equal(n_fired, expected);
	}
	timers_finish(&ts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fire_in_order),
		cmocka_unit_test(test_later_earlier_off),
		cmocka_unit_test(test_against_a_plain_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
