/*
 * Addresses as text, connections over every family.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "sys/fd.h"
#include "sys/sock.h"

static void
expect_host(const char *given, const char *text)
{
	char host[SOCK_HOST_MAX];
	struct sock_addr a;

	assert_int_equal(sock_numeric(&a, str_of(given), 8000), 0);
	assert_int_equal(sock_host(&a, host), strlen(text));
	assert_string_equal(host, text);
	assert_int_equal(sock_port(&a), 8000);
	assert_false(sock_is_unix(&a));
}

static void
test_numeric(void **state)
{
	static const char *const bad[] = { "1.2.3", "1.2.3.4.5", "256.0.0.0",
		"[::1", "[127.0.0.1]", "::g", "host", "[]", " 1.2.3.4",
		"fe80::1%nosuchif" };
	struct sock_addr a;

	(void)state;
	expect_host("", "0.0.0.0");
	expect_host("127.0.0.1", "127.0.0.1");
	expect_host("255.255.255.255", "255.255.255.255");
	expect_host("[::1]", "::1");
	expect_host("::1", "::1");
	expect_host("::ffff:10.1.2.3", "10.1.2.3");
	expect_host("2001:db8::5%1", "2001:db8::5");
	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (sock_numeric(&a, str_of(bad[i]), 1) != -E_BAD_VALUE)
			fail_msg("accepted: %s", bad[i]);
}

static void
test_unix_text(void **state)
{
	char host[SOCK_HOST_MAX], longest[109];
	struct sock_addr a;

	(void)state;
	assert_int_equal(sock_unix(&a, STR("/run/a")), 0);
	assert_int_equal(sock_host(&a, host), 6);
	assert_string_equal(host, "/run/a");
	assert_int_equal(sock_unix(&a, STR("@name")), 0);
	assert_int_equal(sock_host(&a, host), 5);
	assert_string_equal(host, "@name");
	assert_true(sock_is_unix(&a));
	assert_int_equal(sock_port(&a), 0);
	memset(longest, 'p', sizeof(longest));
	assert_int_equal(sock_unix(&a, (struct str){ longest, 108 }),
	    -E_TOO_LONG);
	assert_int_equal(sock_unix(&a, (struct str){ longest, 107 }), 0);
	assert_int_equal(sock_host(&a, host), 107);
	assert_int_equal(sock_unix(&a, STR("")), -E_TOO_LONG);
}

static void
test_localhost_resolves(void **state)
{
	struct sock_addr a;

	(void)state;
	assert_int_equal(sock_resolve(&a, STR("localhost"), 80), 0);
	assert_int_equal(sock_port(&a), 80);
	assert_int_equal(sock_resolve(&a, STR("no such.invalid"), 80),
	    -E_NOT_FOUND);
}

static void
test_connection(void **state)
{
	struct sock_addr a, peer;
	int listener, client, server;
	char text[16];

	(void)state;
	assert_int_equal(sock_numeric(&a, STR("127.0.0.1"), 0), 0);
	listener = sock_stream(&a);
	assert_int_equal(sock_set_reuse_addr(listener), 0);
	assert_int_equal(sock_set_nodelay(listener), 0);
	assert_int_equal(sock_bind(listener, &a), 0);
	assert_false(sock_is_listening(listener));
	assert_int_equal(sock_listen(listener, 8), 0);
	assert_true(sock_is_listening(listener));
	assert_int_equal(sock_accept(listener, &peer), -E_AGAIN);
	assert_int_equal(sock_local(listener, &a), 0);
	client = sock_stream(&a);
	assert_int_equal(sock_connect(client, &a, 1000), 0);
	server = sock_accept(listener, &peer);
	assert_true(server >= 0);
	assert_int_equal(sock_recv(server, text, 16), -E_AGAIN);
	assert_int_equal(sock_send(client, STR("hello"), false), 5);
	assert_int_equal(sock_recv(server, text, 16), 5);
	sock_shutdown_write(client);
	assert_int_equal(sock_recv(server, text, 16), -E_EOF);
	sock_abort(client);
	fd_close(client);
	assert_int_equal(sock_send(server, STR("x"), false), -E_GONE);
	fd_close(server);
	fd_close(listener);
	client = sock_stream(&a);
	assert_int_equal(sock_connect(client, &a, 1000), -E_GONE);
	fd_close(client);
	assert_int_equal(sock_accept(-1, &peer), -E_SYSTEM);
}

static void
test_pair_fills_up(void **state)
{
	static char mem[1 << 16];
	struct iovec io[2] = { { mem, sizeof(mem) }, { mem, 10 } };
	ssize_t n = 0, total = 0;
	int ends[2];

	(void)state;
	assert_int_equal(sock_pair(ends), 0);
	assert_int_equal(sock_set_nodelay(ends[0]), 0);
	while ((n = sock_sendv(ends[0], io, 2)) > 0)
		total += n;
	assert_int_equal(n, -E_AGAIN);
	assert_true(total > 0);
	fd_close(ends[1]);
	assert_int_equal(sock_sendv(ends[0], io, 2), -E_GONE);
	fd_close(ends[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numeric),
		cmocka_unit_test(test_unix_text),
		cmocka_unit_test(test_localhost_resolves),
		cmocka_unit_test(test_connection),
		cmocka_unit_test(test_pair_fills_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
