/* Where `greencorn health` asks, by what the admin process is bound to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "admin/admin_address.h"
#include "base/error.h"

static void
check(const char *text, const char *host, uint16_t port)
{
	char got[SOCK_HOST_MAX];
	struct sock_addr a;

	assert_int_equal(0, admin_address_parse(str_of(text), &a));
	(void)sock_host(&a, got);
	assert_string_equal(host, got);
	assert_int_equal(port, sock_port(&a));
}

static void
addresses(void **state)
{
	(void)state;
	check("127.0.0.1:9000", "127.0.0.1", 9000);
	check("10.1.2.3:1", "10.1.2.3", 1);
	check("0.0.0.0:9000", "127.0.0.1", 9000);
	check(":9000", "127.0.0.1", 9000);
	check("[::]:9000", "::1", 9000);
	check("[fe80::1]:65535", "fe80::1", 65535);
	check("9000", "127.0.0.1", 9000);
	check("tcp://127.0.0.1:9000", "127.0.0.1", 9000);
	check("127.0.0.1", "127.0.0.1", 8000);
	check("[::]", "::1", 8000);
	check("unix:/run/admin", "/run/admin", 0);
	check("unix:@admin", "@admin", 0);
}

static void
no_addresses(void **state)
{
	static const char *const rows[] = {
		"",
		":",
		"127.0.0.1:",
		"127.0.0.1:x",
		"fd://3",
		"127.0.0.1:0",
		"127.0.0.1:65536",
		"127.0.0.1:-1",
		"[::1:9000",
	};
	struct sock_addr a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_true(admin_address_parse(str_of(rows[i]), &a) < 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(no_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
