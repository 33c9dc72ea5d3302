/* The ring: bounds, wrapping, and two threads at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>

#include "base/error.h"
#include "http/body.h"

static void
wraps_and_is_bounded(void **state)
{
	struct body b = { .ring = NULL };

	(void)state;
	assert_int_equal(body_room(&b), 0);
	assert_int_equal(body_put(&b, STR("a")), 0);
	assert_int_equal(body_peek(&b).len, 0);
	assert_int_equal(body_init(&b, 5), 0);
	assert_int_equal(b.size, 8);
	assert_int_equal(body_put(&b, STR("abcdef")), 6);
	assert_int_equal(body_put(&b, STR("ghij")), 2);
	assert_int_equal(body_room(&b), 0);
	assert_true(str_eq(body_peek(&b), STR("abcdefgh")));
	body_take(&b, 5);
	assert_int_equal(body_put(&b, STR("ijkl")), 4);
	assert_true(str_eq(body_peek(&b), STR("fgh")));
	body_take(&b, 3);
	assert_true(str_eq(body_peek(&b), STR("ijkl")));
	body_take(&b, 4);
	assert_int_equal(body_peek(&b).len, 0);
	assert_false(body_complete(&b));
	body_set_complete(&b);
	assert_true(body_complete(&b));
	body_finish(&b);
	body_finish(&b);
}

static void
absurd_sizes_fail(void **state)
{
	struct body b = { .ring = NULL };

	(void)state;
	assert_int_equal(body_init(&b, SIZE_MAX), -E_NOMEM);
	assert_int_equal(body_init(&b, 0), 0);
	assert_int_equal(b.size, 1);
	body_finish(&b);
}

#define TOTAL 1000000u

static void *
produce(void *arg)
{
	struct body *b = arg;
	unsigned sent = 0;
	char chunk[37];
	size_t i, n;

	while (sent < TOTAL) {
		for (i = 0; i < sizeof chunk; i++)
			chunk[i] = (char)((sent + i) % 251);
		n = sizeof chunk < TOTAL - sent ? sizeof chunk : TOTAL - sent;
		n = body_put(b, (struct str){ chunk, n });
		sent += (unsigned)n;
		if (n == 0)
			sched_yield();
	}
	body_set_complete(b);
	return NULL;
}

static void
two_threads_lose_nothing(void **state)
{
	struct body b = { .ring = NULL };
	unsigned got = 0;
	pthread_t thread;
	struct str s;
	size_t i;

	(void)state;
	assert_int_equal(body_init(&b, 256), 0);
	assert_int_equal(pthread_create(&thread, NULL, produce, &b), 0);
	for (;;) {
		bool complete = body_complete(&b);

		s = body_peek(&b);
		if (s.len == 0 && complete)
			break;
		for (i = 0; i < s.len; i++, got++)
			if (s.ptr[i] != (char)(got % 251))
				fail_msg("byte %u is wrong", got);
		body_take(&b, s.len);
		if (s.len == 0)
			sched_yield();
	}
	assert_int_equal(got, TOTAL);
	pthread_join(thread, NULL);
	body_finish(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wraps_and_is_bounded),
		cmocka_unit_test(absurd_sizes_fail),
		cmocka_unit_test(two_threads_lose_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
