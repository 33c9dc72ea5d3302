/* Lines of the access log: each atom, what is escaped, what is cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "config/config.h"
#include "telemetry/access_format.h"

#include "logged.h"

#define PID 17
#define SPENT_US 1234567

static char line[ACCESS_LINE_MAX + 1];

static uint64_t
a_moment(void)
{
	return 1769903999042; /* 2026-01-31 23:59:59.042 */
}

/* The line of req, at line, without its newline. */
static const char *
render(const char *format, bool json, const struct request *req)
{
	struct access_format *f =
	    access_format_create(str_of(format), json, PID);
	size_t n;

	assert_non_null(f);
	n = access_format_line(f, req, SPENT_US, line);
	assert_in_range(n, 1, ACCESS_LINE_MAX);
	assert_int_equal('\n', line[n - 1]);
	line[n - 1] = '\0';
	access_format_destroy(f);
	return line;
}

static void
expect(const char *format, const struct request *req, const char *want)
{
	assert_string_equal(want, render(format, false, req));
}

static struct field fields[] = {
	{ .name = { "Referer", 7 }, .value = { "http://r/", 9 } },
	{ .name = { "User-Agent", 10 }, .value = { "curl", 4 } },
	{ .name = { "Authorization", 13 },
	    .value = { "Basic bWF4OnNlY3JldA==", 22 } },
	{ .name = { "X-Two", 5 }, .value = { "1", 1 } },
	{ .name = { "x-two", 5 }, .value = { "2", 1 } },
};

#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

static int
set_up(void **state)
{
	(void)state;
	clock_wall_ms = a_moment;
	for (size_t i = 0; i < N_FIELDS; i++)
		fields[i].id = (unsigned char)http_field_of(fields[i].name);
	return 0;
}

static void
every_atom_has_its_value(void **state)
{
	struct request req = logged_request(fields, N_FIELDS);
	struct field answer = logged_field("X-Out", "yes");

	(void)state;
	req.response.fields = &answer;
	req.response.n_fields = 1;
	expect(config_default("access_log_format"), &req,
	    "10.0.0.1 - max [31/Jan/2026:23:59:59 +0000] "
	    "\"GET /a%20b?x=1 HTTP/1.1\" 200 5 \"http://r/\" \"curl\"");
	expect("%(m)s %(U)s %(q)s %(H)s %(B)s", &req, "GET /a b x=1 HTTP/1.1 5");
	expect("%(T)s %(M)s %(D)s %(L)s %(p)s", &req,
	    "1 1234 1234567 1.234567 <17>");
	expect("%({x-two}i)s %({X-OUT}o)s %({none}i)s %({none}o)s", &req,
	    "1, 2 yes - -");
	expect("%({HTTP_X_TWO}e)s %({remote_port}e)s %({Server_Port}e)s", &req,
	    "1, 2 4711 80");
	expect("%({wsgi.url_scheme}e)s %({MY_KEY}e)s", &req, "http -");
	expect("100%% %(Z)s%(nothing)s", &req, "100% --");
}

/* What the application says has precedence, whatever the case of its name. */
static void
variables_are_those_of_the_application(void **state)
{
	struct request req = logged_request(fields, N_FIELDS);
	struct field kept[] = { { .name = STR("My.Key"), .value = STR("v") },
		{ .name = STR("REMOTE_ADDR"), .value = STR("1.1.1.1") } };
	struct access_format *f;
	const struct str *names;

	(void)state;
	req.environ = kept;
	req.n_environ = 2;
	expect("%({My.Key}e)s %({REMOTE_ADDR}e)s %({SERVER_PORT}e)s "
	       "%({REMOTE_USER}e)s", &req, "v 1.1.1.1 80 -");
	f = access_format_create(STR("%(h)s%({a}e)s%({b}i)s%({C.d}e)s"), false,
	    PID);
	assert_non_null(f);
	names = access_format_environ(f);
	assert_true(str_eq(names[0], STR("a")));
	assert_true(str_eq(names[1], STR("C.d")));
	assert_int_equal(names[2].len, 0);
	access_format_destroy(f);
	f = access_format_create(STR("%(h)s%({b}i)s"), true, PID);
	assert_non_null(f);
	assert_null(access_format_environ(f));
	access_format_destroy(f);
}

static void
texts_of_others_are_lines(void **state)
{
	struct access_format *f =
	    access_format_create(STR("%(h)s"), false, PID);
	static char many[ACCESS_LINE_MAX * 2];
	struct str text = STR("a \"q\" \xc3\xa9\nb\x1b"), big;
	size_t n;

	(void)state;
	assert_non_null(f);
	n = access_format_text(f, &text, line);
	assert_int_equal(n, strlen("a \"q\" \xc3\xa9\n"));
	assert_memory_equal(line, "a \"q\" \xc3\xa9\n", n);
	n = access_format_text(f, &text, line);
	assert_memory_equal(line, "b\\x1b\n", n);
	assert_null(text.ptr);
	memset(many, 'x', sizeof(many));
	big = (struct str){ many, sizeof(many) };
	n = access_format_text(f, &big, line);
	assert_in_range(n, ACCESS_LINE_MAX - 16, ACCESS_LINE_MAX);
	assert_memory_equal(line + n - 5, "x...\n", 5);
	access_format_destroy(f);
	f = access_format_create(STR("%(h)s"), true, PID);
	assert_non_null(f);
	text = STR("a\n\"b\"");
	n = access_format_text(f, &text, line);
	line[n] = '\0';
	assert_null(text.ptr);
	assert_non_null(strstr(line, "\"body\":\"a\\n\\\"b\\\"\"}\n"));
	big = (struct str){ many, sizeof(many) };
	n = access_format_text(f, &big, line);
	assert_in_range(n, ACCESS_LINE_MAX - 16, ACCESS_LINE_MAX);
	assert_memory_equal(line + n - 7, "x...\"}\n", 7);
	access_format_destroy(f);
}

static void
what_is_not_there_is_a_dash(void **state)
{
	struct request req = logged_request(NULL, 0);

	(void)state;
	req.peer.host = STR(""); /* a unix socket */
	req.query = STR("");
	req.response.status = 0; /* the client had gone */
	req.response.body_sent = 0;
	expect("%(h)s %(u)s %(s)s %(b)s %(B)s %(f)s %(a)s [%(q)s]", &req,
	    "- - - - 0 - - []");
	req.response.status = 304;
	expect("%(s)s %(b)s", &req, "304 0");
}

static void
widths_are_filled_up(void **state)
{
	struct request req = logged_request(NULL, 0);

	(void)state;
	expect("[%(m)6s|%(m)-6s|%(m)2s|%(Z)3s|%(s)5d]", &req,
	    "[   GET|GET   |GET|  -|  200]");
}

static void
credentials_that_are_none(void **state)
{
	static const char *const bad[] = { "Basic", "Basic !!!", "Basic Og==",
		"Bearer bWF4OnNlY3JldA==", "" };
	struct field f;
	struct request req;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		f = logged_field("Authorization", bad[i]);
		req = logged_request(&f, 1);
		expect("%(u)s", &req, "-");
	}
	f = logged_field("Authorization", "bAsIc  bm9fY29sb24=");
	req = logged_request(&f, 1);
	expect("%(u)s", &req, "no_colon");
}

/* Apache's way: nothing of a peer's can end a field, or a line. */
static void
bytes_of_a_peer_are_escaped(void **state)
{
	struct field f =
	    logged_field("User-Agent", "q\" b\\ t\t \x1b[0m \x7f \xc3\xa9 \xff");
	struct request req = logged_request(&f, 1);

	(void)state;
	req.path_info = STR("/a\r\nfake line\0");
	expect("\"%(a)s\"", &req,
	    "\"q\\\" b\\\\ t\\x09 \\x1b[0m \\x7f \\xc3\\xa9 \\xff\"");
	expect("%(U)s", &req, "/a\\x0d\\x0afake line\\x00");
}

static struct json doc;
static struct arena memory;

static unsigned
member(const char *key)
{
	return json_get(&doc, JSON_ROOT, str_of(key));
}

static void
parse(const char *text)
{
	arena_init(&memory, 1 << 20);
	assert_int_equal(0, json_parse(str_of(text), 1000, &memory, &doc));
}

static void
expect_text(const char *key, const char *want)
{
	struct str got;

	assert_int_equal(0, json_string(&doc, member(key), &memory, &got));
	assert_int_equal(strlen(want), got.len);
	assert_memory_equal(want, got.ptr, got.len);
}

static void
json_has_named_keys(void **state)
{
	struct request req = logged_request(fields, N_FIELDS);

	(void)state;
	assert_string_equal(
	    "{\"timestamp\":\"2026-01-31T23:59:59.042Z\","
	    "\"severity_text\":\"INFO\",\"severity_number\":9,"
	    "\"event_name\":\"ACCESS\",\"client.address\":\"10.0.0.1\","
	    "\"user.name\":\"max\",\"http.request.method\":\"GET\","
	    "\"url.path\":\"/a b\",\"url.query\":\"x=1\","
	    "\"network.protocol.version\":\"1.1\","
	    "\"http.response.status_code\":200,"
	    "\"http.response.body.size\":5,\"duration_us\":1234567,"
	    "\"http.request.header.referer\":\"http://r/\","
	    "\"user_agent.original\":\"curl\",\"process.pid\":17}",
	    render(ACCESS_FORMAT_JSON, true, &req));
	/* Text between, unknown atoms and what has no value have no keys. */
	assert_non_null(strstr(render("%(t)s %(l)s %(b)s x %(B)s %(Z)s "
				      "%({X-Two}i)s %({q\"}i)s %(T)s%(L)s",
				   true, &req),
	    "\"ACCESS\",\"http.response.body.size\":5,"
	    "\"http.request.header.x-two\":\"1, 2\","
	    "\"duration_s\":1,\"duration\":1.234567}"));
}

static void
json_is_json_whatever_came(void **state)
{
	struct field f =
	    logged_field("User-Agent", "q\" b\\ \x1b \xc3\xa9 \xff \n");
	struct request req = logged_request(&f, 1);

	(void)state;
	parse(render("%(a)s", true, &req));
	expect_text("user_agent.original",
	    "q\" b\\ \x1b \xc3\xa9 \xef\xbf\xbd \n");
	arena_finish(&memory);
}

static void
long_lines_are_cut(void **state)
{
	static char text[3 * ACCESS_LINE_MAX];
	struct field f;
	struct request req;

	(void)state;
	for (size_t len = ACCESS_LINE_MAX - 64; len < ACCESS_LINE_MAX + 64;
	     len++) {
		memset(text, 'a', len);
		text[len] = '\0';
		text[len - 1] = '"'; /* an escape is not cut in two */
		f = logged_field("User-Agent", text);
		req = logged_request(&f, 1);
		render("%(a)s|%(s)s", false, &req);
		if (strlen(line) > ACCESS_LINE_MAX - 10)
			assert_string_equal(
			    "...", line + strlen(line) - 3);
		parse(render("%(h)s%(a)s%(s)s%(U)s", true, &req));
		expect_text("client.address", "10.0.0.1");
		arena_finish(&memory);
	}
}

static void
it_says_what_it_needs(void **state)
{
	static const struct {
		const char *format;
		bool times, answers;
	} all[] = {
		{ "%(h)s", false, false },
		{ "%(D)s", true, false },
		{ "%(L)s", true, false },
		{ "%({x}o)s", false, true },
		{ ACCESS_FORMAT_JSON, true, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct access_format *f = access_format_create(
		    str_of(all[i].format), false, PID);

		assert_int_equal(all[i].times, access_format_times(f));
		assert_int_equal(all[i].answers, access_format_answers(f));
		access_format_destroy(f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_atom_has_its_value),
		cmocka_unit_test(variables_are_those_of_the_application),
		cmocka_unit_test(texts_of_others_are_lines),
		cmocka_unit_test(what_is_not_there_is_a_dash),
		cmocka_unit_test(widths_are_filled_up),
		cmocka_unit_test(credentials_that_are_none),
		cmocka_unit_test(bytes_of_a_peer_are_escaped),
		cmocka_unit_test(json_has_named_keys),
		cmocka_unit_test(json_is_json_whatever_came),
		cmocka_unit_test(long_lines_are_cut),
		cmocka_unit_test(it_says_what_it_needs),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
