/* Authorities: which are one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "http/http_host.h"

static void
good_ones(void **state)
{
	static const struct {
		const char *text, *host;
		int port;
	} rows[] = {
		{ "example.org", "example.org", -1 },
		{ "a:0", "a", 0 }, { "a:65535", "a", 65535 },
		{ "a:", "a", -1 }, { "127.0.0.1:80", "127.0.0.1", 80 },
		{ "[::1]", "[::1]", -1 }, { "[::1]:443", "[::1]", 443 },
		{ "[2001:db8::192.0.2.1]", "[2001:db8::192.0.2.1]", -1 },
		{ "[v1.a:b]", "[v1.a:b]", -1 },
		{ "my_service", "my_service", -1 },
		{ "a%41b", "a%41b", -1 }, { "a,b", "a,b", -1 },
	};
	struct http_host h;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(http_host_parse(str_of(rows[i].text), &h),
		    0);
		assert_true(str_eq(h.host, str_of(rows[i].host)));
		assert_int_equal(h.port, rows[i].port);
	}
}

static void
bad_ones(void **state)
{
	static const char *const rows[] = {
		"", ":80", "a b", "a@b", "user:pw@b", "a/b", "a?b", "a#b",
		"a:b", "a:-1", "a:+1", "a:65536", "a:999999", "a:80:80",
		"::1", "[::1", "[]", "[a]", "[::1]x", "[::1]:x", "[::g]",
		"[v1]", "[fe80::1%25eth0]", "a%4", "a%zz", "a%", "a\\b",
		"a\"b", "a<b", "\xc3\xa9", "a\x7f", "a\tb", "a|b", "a^b",
		"[1:2:3:4:5:6:7:8:9:]",
	};
	struct http_host h;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(http_host_parse(str_of(rows[i]), &h),
		    -E_BAD_VALUE);
	assert_int_equal(http_host_parse(STR("a\0b"), &h), -E_BAD_VALUE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_ones),
		cmocka_unit_test(bad_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
