/* What is a request for the admin listener, cut anywhere, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "admin/admin_request.h"
#include "base/error.h"

static void
whole(void **state)
{
	struct str in = STR("GET /readyz?verbose=1 HTTP/1.1\r\n"
	    "Host: pod\r\nUser-Agent: kube-probe/1.29\r\nX:\r\n\r\nmore");
	struct admin_request r;

	(void)state;
	assert_int_equal(in.len - 4, admin_request_parse(in, &r));
	assert_true(str_eq(STR("GET"), r.method));
	assert_true(str_eq(STR("/readyz"), r.path));
}

static void
cut_anywhere(void **state)
{
	struct str in = STR("HEAD / HTTP/1.0\r\nHost: a\r\n\r\n");
	struct admin_request r;
	size_t n;

	(void)state;
	for (n = 0; n < in.len; n++)
		assert_int_equal(0, admin_request_parse(str_head(in, n), &r));
	assert_int_equal(in.len, admin_request_parse(in, &r));
}

static void
no_request(void **state)
{
	static const char *const rows[] = {
		"\r\n",
		"GET\r\n",
		"GET /\r\n",
		"GET  / HTTP/1.1\r\n",
		" GET / HTTP/1.1\r\n",
		"GET / HTTP/1.1 \r\n",
		"GET / HTTP/2.0\r\n",
		"GET / HTTP/1.1\n",
		"GET livez HTTP/1.1\r\n",
		"GET http://a/livez HTTP/1.1\r\n",
		"GET /\x7f HTTP/1.1\r\n",
		"GET /\xc3\xa4 HTTP/1.1\r\n",
		"GET / HTTP/1.1\r\nno colon\r\n",
		"GET / HTTP/1.1\r\nHost : a\r\n",
		"GET / HTTP/1.1\r\n folded: a\r\n",
		"GET / HTTP/1.1\r\n: a\r\n",
		"GET / HTTP/1.1\r\nA: b\rc\r\n",
		"GET / HTTP/1.1\r\nA: b\n\r\n",
	};
	struct admin_request r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(-E_PROTOCOL,
		    admin_request_parse(str_of(rows[i]), &r));
}

static void
nul_bytes(void **state)
{
	struct admin_request r;

	(void)state;
	assert_int_equal(-E_PROTOCOL,
	    admin_request_parse(STR("GET /\0 HTTP/1.1\r\n"), &r));
	assert_int_equal(-E_PROTOCOL,
	    admin_request_parse(STR("GET / HTTP/1.1\r\nA: \0\r\n"), &r));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(no_request),
		cmocka_unit_test(nul_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
