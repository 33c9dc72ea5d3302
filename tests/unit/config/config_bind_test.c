/* Addresses to listen at: every form, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "config/config_bind.h"

static void
each_form_is_understood(void **state)
{
	static const struct {
		const char *text, *host;
		enum config_bind_kind kind;
		unsigned number;
	} good[] = {
		{ "127.0.0.1:8000", "127.0.0.1", CONFIG_BIND_TCP, 8000 },
		{ "127.0.0.1", "127.0.0.1", CONFIG_BIND_TCP, 8000 },
		{ "localhost:80", "localhost", CONFIG_BIND_TCP, 80 },
		{ "localhost", "localhost", CONFIG_BIND_TCP, 8000 },
		{ ":9000", "", CONFIG_BIND_TCP, 9000 },
		{ "9000", "", CONFIG_BIND_TCP, 9000 },
		{ "0.0.0.0:0", "0.0.0.0", CONFIG_BIND_TCP, 0 },
		{ "[::1]:8000", "::1", CONFIG_BIND_TCP, 8000 },
		{ "[::]", "::", CONFIG_BIND_TCP, 8000 },
		{ "::1", "::1", CONFIG_BIND_TCP, 8000 },
		{ "tcp://h:1", "h", CONFIG_BIND_TCP, 1 },
		{ "unix:/run/a.sock", "/run/a.sock", CONFIG_BIND_UNIX, 0 },
		{ "unix:///run/a.sock", "/run/a.sock", CONFIG_BIND_UNIX, 0 },
		{ "unix:a.sock", "a.sock", CONFIG_BIND_UNIX, 0 },
		{ "unix:@name", "@name", CONFIG_BIND_UNIX, 0 },
		{ "fd://3", "", CONFIG_BIND_FD, 3 },
	};
	struct config_bind b;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (config_bind_parse(str_of(good[i].text), &b) != 0)
			fail_msg("refused: %s", good[i].text);
		assert_int_equal(b.kind, good[i].kind);
		assert_int_equal(b.number, good[i].number);
		assert_true(str_eq(b.host, str_of(good[i].host)));
	}
}

static void
what_is_no_address_is_refused(void **state)
{
	static const char *const bad[] = { "", ":", "h:", "h:65536", "h:-1",
		"h:x", "[::1", "[]:80", "[::1]80", "[::1]:", "a b:80",
		"unix:", "unix://", "unix:@", "fd://", "fd://x", "fd://-1",
		"http://h:80/", "h/x", "99999999999" "9" ":1x",
		"unix:"
		"/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	struct config_bind b;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (config_bind_parse(str_of(bad[i]), &b) != -E_BAD_VALUE)
			fail_msg("accepted: %s", bad[i]);
}

static void
receivers_of_syslog(void **state)
{
	static const struct {
		const char *text, *host;
		unsigned number;
		bool stream, dgram_only;
	} good[] = {
		{ "udp://localhost:514", "localhost", 514, false, false },
		{ "udp://h", "h", 514, false, false },
		{ "udp://", "localhost", 514, false, false },
		{ "tcp://[::1]:601", "::1", 601, true, false },
		{ "unix:///dev/log", "/dev/log", 0, false, false },
		{ "unix://a#dgram", "a", 0, false, true },
	};
	static const char *const bad[] = { "", "h", "h:514", "unix://",
		"unix:///dev/log#stream", "udp://h:x", "http://h" };
	struct config_syslog s;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (config_syslog_parse(str_of(good[i].text), &s) != 0)
			fail_msg("refused: %s", good[i].text);
		assert_true(str_eq(s.to.host, str_of(good[i].host)));
		assert_int_equal(s.to.number, good[i].number);
		assert_int_equal(s.stream, good[i].stream);
		assert_int_equal(s.dgram_only, good[i].dgram_only);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (config_syslog_parse(str_of(bad[i]), &s) == 0)
			fail_msg("taken: %s", bad[i]);
}

static void
receivers_of_statsd(void **state)
{
	static const struct {
		const char *text, *host;
		unsigned number;
	} good[] = {
		{ "localhost:8125", "localhost", 8125 },
		{ "h", "h", 8125 },
		{ "[::1]", "::1", 8125 },
		{ "udp://h:1", "h", 1 },
		{ "unix:///s", "/s", 0 },
		{ "unix:s", "s", 0 },
	};
	static const char *const bad[] = { "", "h:x", "unix:", "tcp://h:1",
		"http://h" };
	struct config_bind b;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (config_statsd_parse(str_of(good[i].text), &b) != 0)
			fail_msg("refused: %s", good[i].text);
		assert_true(str_eq(b.host, str_of(good[i].host)));
		assert_int_equal(b.number, good[i].number);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (config_statsd_parse(str_of(bad[i]), &b) == 0)
			fail_msg("taken: %s", bad[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_form_is_understood),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(receivers_of_syslog),
		cmocka_unit_test(receivers_of_statsd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
