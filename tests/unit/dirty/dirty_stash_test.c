/*
 * The stash: what a next dirty arbiter is given of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "dirty/dirty_stash.h"
#include "dirty/dirty_tlv.h"

#define YES "\x01\x01"
#define NO "\x01\x00"

static struct str
number(char mem[9], int n)
{
	memset(mem, 0, 9);
	mem[0] = DIRTY_TLV_INT64;
	mem[8] = (char)n;
	return (struct str){ mem, 9 };
}

/* The answer of one operation on table t; empty: it failed, with *rc. */
static struct str
say(struct dirty_stash *s, enum dirty_stash_op op, int key, int value, int *rc)
{
	static struct buf out;
	char keys[9], values[9];
	struct dirty_stash_request rq = { .op = op,
		.table = STR("t"),
		.key = number(keys, key),
		.value = number(values, value) };

	buf_finish(&out);
	buf_init(&out, 1000);
	*rc = dirty_stash_do(s, &rq, &out);
	return buf_str(&out);
}

static void
what_is_there_is_kept(void **state)
{
	struct dirty_stash *s = dirty_stash_create(10000);
	char mem[9];
	int rc;

	(void)state;
	assert_true(str_eq(say(s, DIRTY_STASH_KEEP, 1, 5, &rc), STR(YES)));
	assert_true(str_eq(say(s, DIRTY_STASH_KEEP, 1, 6, &rc), STR(NO)));
	assert_true(str_eq(say(s, DIRTY_STASH_GET, 1, 0, &rc), number(mem, 5)));
	assert_true(str_eq(say(s, DIRTY_STASH_PUT, 1, 7, &rc), STR(YES)));
	assert_true(str_eq(say(s, DIRTY_STASH_GET, 1, 0, &rc), number(mem, 7)));
	(void)say(s, DIRTY_STASH_GET, 2, 0, &rc);
	assert_int_equal(rc, -E_NOT_FOUND);
	dirty_stash_destroy(s);
}

struct seen {
	struct buf text;
	unsigned most;
};

static int
note(void *cookie, struct str table, struct str key, struct str value)
{
	struct seen *seen = cookie;

	if (seen->most-- == 0)
		return -E_FULL;
	assert_int_equal(buf_put(&seen->text, table), 0);
	if (key.len == 9)
		assert_int_equal(
		    buf_printf(&seen->text, "%d=%d ", key.ptr[8], value.ptr[8]),
		    0);
	return 0;
}

static void
all_is_listed_in_its_order(void **state)
{
	struct dirty_stash *s = dirty_stash_create(10000);
	struct dirty_stash_request other = { .op = DIRTY_STASH_ENSURE,
		.table = STR("empty") };
	struct seen seen = { .most = 100 };
	struct buf out;
	int rc;

	(void)state;
	buf_init(&seen.text, 1000);
	buf_init(&out, 100);
	assert_int_equal(dirty_stash_each(s, note, &seen), 0);
	assert_int_equal(buf_len(&seen.text), 0);
	for (int i = 3; i > 0; i--)
		(void)say(s, DIRTY_STASH_PUT, i, 10 * i, &rc);
	assert_int_equal(dirty_stash_do(s, &other, &out), 0);
	assert_int_equal(dirty_stash_each(s, note, &seen), 0);
	assert_true(
	    str_eq(buf_str(&seen.text), STR("tt3=30 t2=20 t1=10 empty")));
	seen.most = 2;
	assert_int_equal(dirty_stash_each(s, note, &seen), -E_FULL);
	buf_finish(&seen.text);
	buf_finish(&out);
	dirty_stash_destroy(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_there_is_kept),
		cmocka_unit_test(all_is_listed_in_its_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
