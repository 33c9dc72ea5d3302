/* Numbers: what is one, at every limit and one beyond. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/num.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
dec_and_hex(void **state)
{
	static const struct {
		const char *text;
		int rc;
		uint64_t value;
	} dec[] = {
		{ "0", 0, 0 }, { "007", 0, 7 }, { "1234", 0, 1234 },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "18446744073709551616", -E_BAD_VALUE, 0 },
		{ "99999999999999999999999", -E_BAD_VALUE, 0 },
		{ "", -E_BAD_VALUE, 0 }, { "+5", -E_BAD_VALUE, 0 },
		{ "-5", -E_BAD_VALUE, 0 }, { " 5", -E_BAD_VALUE, 0 },
		{ "5 ", -E_BAD_VALUE, 0 }, { "0x10", -E_BAD_VALUE, 0 },
		{ "1_0", -E_BAD_VALUE, 0 }, { "1,1", -E_BAD_VALUE, 0 },
		{ "\xc2\xb2", -E_BAD_VALUE, 0 }, { "a", -E_BAD_VALUE, 0 },
	}, hex[] = {
		{ "fF", 0, 255 }, { "ffffffffffffffff", 0, UINT64_MAX },
		{ "10000000000000000", -E_BAD_VALUE, 0 },
		{ "0x1", -E_BAD_VALUE, 0 }, { "g", -E_BAD_VALUE, 0 },
	};
	uint64_t v;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(dec); i++) {
		v = 0;
		assert_int_equal(num_dec(str_of(dec[i].text), UINT64_MAX, &v),
		    dec[i].rc);
		assert_true(v == dec[i].value);
	}
	for (i = 0; i < COUNT(hex); i++) {
		v = 0;
		assert_int_equal(num_hex(str_of(hex[i].text), UINT64_MAX, &v),
		    hex[i].rc);
		assert_true(v == hex[i].value);
	}
	assert_int_equal(num_dec(STR("512"), 512, &v), 0);
	assert_int_equal(num_dec(STR("513"), 512, &v), -E_BAD_VALUE);
	assert_int_equal(num_dec(STR("0\0"), 512, &v), -E_BAD_VALUE);
}

static void
signed_numbers(void **state)
{
	int64_t v;

	(void)state;
	assert_int_equal(num_signed(STR("-9223372036854775808"), INT64_MIN,
	    INT64_MAX, &v), 0);
	assert_true(v == INT64_MIN);
	assert_int_equal(num_signed(STR("9223372036854775807"), INT64_MIN,
	    INT64_MAX, &v), 0);
	assert_true(v == INT64_MAX);
	assert_int_equal(num_signed(STR("9223372036854775808"), INT64_MIN,
	    INT64_MAX, &v), -E_BAD_VALUE);
	assert_int_equal(num_signed(STR("-0"), -1, 1, &v), 0);
	assert_int_equal(num_signed(STR("-2"), -1, 1, &v), -E_BAD_VALUE);
	assert_int_equal(num_signed(STR("--1"), -1, 1, &v), -E_BAD_VALUE);
	assert_int_equal(num_signed(STR("-"), -1, 1, &v), -E_BAD_VALUE);
	assert_int_equal(num_signed(STR("+1"), -1, 1, &v), -E_BAD_VALUE);
}

static void
durations(void **state)
{
	static const struct {
		const char *text;
		uint64_t ms;
	} good[] = {
		{ "30", 30000 }, { "30s", 30000 }, { "500ms", 500 },
		{ "5m", 300000 }, { "2h", 7200000 }, { "1d", 86400000 },
		{ "1.5s", 1500 }, { "0.25", 250 }, { "0", 0 }, { "2S", 2000 },
		{ "0.0001s", 0 }, { "1.9999999999999s", 1999 },
		{ "18446744073709551.615s", UINT64_MAX },
	};
	static const char *const bad[] = {
		"", "s", ".5", "5.", "1.5.5", "-1", "1 s", "1y", "1e3",
		"18446744073709551.616s", "18446744073709551616",
		"99999999999999999d",
	};
	uint64_t v;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		assert_int_equal(num_duration(str_of(good[i].text), 1000, &v),
		    0);
		assert_true(v == good[i].ms);
	}
	for (i = 0; i < COUNT(bad); i++)
		assert_int_equal(num_duration(str_of(bad[i]), 1000, &v),
		    -E_BAD_VALUE);
}

static void
sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {
		{ "65536", 65536 }, { "64k", 65536 }, { "64KiB", 65536 },
		{ "1m", 1 << 20 }, { "1.5M", 3 << 19 }, { "1g", 1 << 30 },
		{ "10b", 10 },
	};
	static const char *const bad[] = {
		"", "k", "1t", "1 k", "-1k", "17179869184g", "1kk",
	};
	uint64_t v;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		assert_int_equal(num_size(str_of(good[i].text), &v), 0);
		assert_true(v == good[i].bytes);
	}
	for (i = 0; i < COUNT(bad); i++)
		assert_int_equal(num_size(str_of(bad[i]), &v), -E_BAD_VALUE);
}

static void
booleans(void **state)
{
	(void)state;
	assert_int_equal(num_bool(STR("TRUE")), 1);
	assert_int_equal(num_bool(STR("on")), 1);
	assert_int_equal(num_bool(STR("0")), 0);
	assert_int_equal(num_bool(STR("No")), 0);
	assert_int_equal(num_bool(STR("")), -E_BAD_VALUE);
	assert_int_equal(num_bool(STR("2")), -E_BAD_VALUE);
}

static void
puts_decimals(void **state)
{
	char text[20];

	(void)state;
	assert_int_equal(num_put_dec(text, 0), 1);
	assert_memory_equal(text, "0", 1);
	assert_int_equal(num_put_dec(text, UINT64_MAX), 20);
	assert_memory_equal(text, "18446744073709551615", 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dec_and_hex),
		cmocka_unit_test(signed_numbers),
		cmocka_unit_test(durations),
		cmocka_unit_test(sizes),
		cmocka_unit_test(booleans),
		cmocka_unit_test(puts_decimals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
