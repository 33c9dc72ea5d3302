/*
 * The PROXY header: who it says the client is, and what is no header.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "net/proxy_protocol.h"

#define BOTH (PROXY_PROTOCOL_V1 | PROXY_PROTOCOL_V2)
#define V2 "\r\n\r\n\0\r\nQUIT\n"

static ssize_t
parse(struct str in, unsigned versions, char host[SOCK_HOST_MAX])
{
	struct proxy_protocol p;
	ssize_t n = proxy_protocol_parse(in, versions, &p);

	host[0] = '\0';
	if (n > 0 && p.given)
		(void)sock_host(&p.client, host);
	return n;
}

static void
text_says_who(void **state)
{
	struct str in = STR("PROXY TCP4 1.2.3.4 5.6.7.8 1000 80\r\nGET");
	char host[SOCK_HOST_MAX];

	(void)state;
	assert_int_equal(parse(in, BOTH, host), in.len - 3);
	assert_string_equal(host, "1.2.3.4");
	assert_int_equal(parse(in, PROXY_PROTOCOL_V2, host), -E_NOT_FOUND);
}

static void
bytes_say_who(void **state)
{
	struct str in =
	    STR(V2 "\x21\x11\0\x0c\1\2\3\4\5\6\7\x8\3\xe8\0\x50GET");
	char host[SOCK_HOST_MAX];

	(void)state;
	assert_int_equal(parse(in, BOTH, host), in.len - 3);
	assert_string_equal(host, "1.2.3.4");
	assert_int_equal(parse(in, PROXY_PROTOCOL_V1, host), -E_NOT_FOUND);
}

static void
the_port_comes_with_it(void **state)
{
	struct proxy_protocol p;

	(void)state;
	assert_true(proxy_protocol_parse(
			STR("PROXY TCP6 ::1 ::2 1000 80\r\n"), BOTH, &p) > 0);
	assert_int_equal(sock_port(&p.client), 1000);
}

static void
less_is_not_enough(void **state)
{
	static const struct str all[] = {
		{ "PROXY TCP4 1.2.3.4 5.6.7.8 1000 80\r\n", 36 },
		{ V2 "\x21\x11\0\x0c\1\2\3\4\5\6\7\x8\3\xe8\0\x50", 28 },
	};
	char host[SOCK_HOST_MAX];

	(void)state;
	for (size_t i = 0; i < 2; i++)
		for (size_t n = 1; n < all[i].len; n++)
			assert_int_equal(
			    parse(str_head(all[i], n), BOTH, host), 0);
}

static void
versions_have_names(void **state)
{
	(void)state;
	assert_int_equal(proxy_protocol_versions(STR("off")), 0);
	assert_int_equal(proxy_protocol_versions(STR("v1")), PROXY_PROTOCOL_V1);
	assert_int_equal(proxy_protocol_versions(STR("v2")), PROXY_PROTOCOL_V2);
	assert_int_equal(proxy_protocol_versions(STR("auto")), BOTH);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_says_who),
		cmocka_unit_test(bytes_say_who),
		cmocka_unit_test(the_port_comes_with_it),
		cmocka_unit_test(less_is_not_enough),
		cmocka_unit_test(versions_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
