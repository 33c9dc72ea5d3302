/* Networks: what is one, and who is in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/config_net.h"
#include "base/error.h"

static void
what_is_no_network_is_refused(void **state)
{
	static const char *const bad[] = { "", "10.0.0.1/8", "10.0.0.0/33",
		"10.0.0/8", "10.0.0.0/", "/8", "host", "::/129", "1.2.3.4.5",
		"10.0.0.0/8/8", "10.0.0.0/-1", "**", "2001:db8::1/32" };
	struct config_net net;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (config_net_parse(str_of(bad[i]), &net) != -E_BAD_VALUE)
			fail_msg("accepted: %s", bad[i]);
}

static bool
has(const char *network, const char *peer)
{
	struct config_net net;
	struct config_nets nets = { 1, &net };

	assert_int_equal(config_net_parse(str_of(network), &net), 0);
	return config_net_has(&nets, str_of(peer));
}

static void
peers_are_found_in_their_networks(void **state)
{
	(void)state;
	assert_true(has("127.0.0.1", "127.0.0.1"));
	assert_false(has("127.0.0.1", "127.0.0.2"));
	assert_true(has("10.0.0.0/8", "10.255.255.255"));
	assert_false(has("10.0.0.0/8", "11.0.0.0"));
	assert_true(has("10.1.2.0/23", "10.1.3.9"));
	assert_false(has("10.1.2.0/23", "10.1.4.0"));
	assert_true(has("::1", "::1"));
	assert_true(has("2001:db8::/33", "2001:db8:7fff::1"));
	assert_false(has("2001:db8::/33", "2001:db8:8000::1"));
	assert_true(has("fe80::/10", "fe80::1%eth0"));
	assert_true(has("0.0.0.0/0", "9.9.9.9"));
	assert_false(has("0.0.0.0/0", "2001:db8::1"));
	assert_true(has("*", "9.9.9.9"));
	assert_true(has("*", "2001:db8::1"));
}

static void
ipv4_is_the_same_through_an_ipv6_socket(void **state)
{
	(void)state;
	assert_true(has("10.0.0.0/8", "::ffff:10.1.1.1"));
	assert_true(has("::ffff:10.0.0.0/104", "10.1.1.1"));
}

static void
what_is_no_address_is_in_none(void **state)
{
	(void)state;
	assert_false(has("*", ""));
	assert_false(has("*", "unix"));
	assert_false(has("0.0.0.0/0", "1.2.3"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_network_is_refused),
		cmocka_unit_test(peers_are_found_in_their_networks),
		cmocka_unit_test(ipv4_is_the_same_through_an_ipv6_socket),
		cmocka_unit_test(what_is_no_address_is_in_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
