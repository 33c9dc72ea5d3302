/* Request heads: what is one, at every limit, cut at every byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "http/http_field.h"
#include "http/http_policy.h"
#include "http/seams.h"
#include "proto/h1_head.h"

static const struct h1_rules usual = {
	.head_max = 65536, .line_max = 4094, .field_max = 8190,
	.n_fields_max = 100,
};

static struct stream stream;

/* A head that was read, or why not. */
struct outcome {
	ssize_t found;
	unsigned status; /* 0: accepted */
	struct request *req;
	char *copy;
};

/* Finds with step bytes more each time, then all of them. */
static ssize_t
find_cut(const struct h1_rules *rules, struct str in, size_t step,
    struct h1_head *head, struct http_error *err)
{
	size_t at;
	ssize_t rc;

	for (at = step; at < in.len; at += step) {
		rc = h1_head_find(head, rules, str_head(in, at), err);
		if (rc != 0)
			return rc;
	}
	return h1_head_find(head, rules, in, err);
}

/* step: bytes that come at a time. */
static struct outcome
read_head(const struct h1_rules *rules, struct str in, size_t step)
{
	struct outcome o = { .req = request_create(&stream, NULL, 1 << 20) };
	struct http_error err = { 0, NULL };
	struct h1_head head = { 0 };
	int rc;

	assert_non_null(o.req);
	o.found = find_cut(rules, in, step, &head, &err);
	if (o.found > 0) {
		/* Exactly as long, so that the sanitizer sees overruns. */
		o.copy = malloc((size_t)o.found);
		assert_non_null(o.copy);
		memcpy(o.copy, in.ptr, (size_t)o.found);
		rc = h1_head_parse(&head, rules, (struct str){ o.copy,
		    (size_t)o.found }, o.req, &err);
		assert_true(rc == 0 || rc == -E_PROTOCOL);
	}
	assert_true(err.status == 0 || err.text != NULL);
	o.status = err.status;
	return o;
}

static void
forget(struct outcome *o)
{
	request_destroy(o->req);
	free(o->copy);
}

/* Status of the whole, which must be that of the parts. */
static unsigned
status_of(const struct h1_rules *rules, struct str in)
{
	struct outcome whole = read_head(rules, in, in.len);
	size_t step;

	for (step = 1; step < 6; step++) {
		struct outcome parts = read_head(rules, in, step);

		assert_int_equal(whole.found, parts.found);
		assert_int_equal(whole.status, parts.status);
		forget(&parts);
	}
	/* Neither refused nor complete: no case here wants that. */
	assert_true(whole.status != 0 || whole.found > 0);
	forget(&whole);
	return whole.status;
}

static void
check_status(const struct h1_rules *rules, const char *text, unsigned want)
{
	unsigned got = status_of(rules, str_of(text));

	if (got != want)
		fail_msg("%s: %u and not %u", text, got, want);
}

static void
all_parts_are_found(void **state)
{
	static const char text[] =
	    "\r\nPOST /a%20b/c?x=1&y#f HTTP/1.1\r\n"
	    "Host: example.org\r\n"
	    "X-Empty:\r\n"
	    "x-Tabs:\t a\tb \t\r\n"
	    "X-Latin: \xe9\r\n"
	    "\r\nbody";
	struct outcome o = read_head(&usual, STR(text), 7);
	struct request *req = o.req;

	(void)state;
	assert_int_equal(o.status, 0);
	assert_int_equal(o.found, sizeof text - 1 - 4);
	assert_int_equal(req->version, HTTP_1_1);
	assert_true(str_eq(req->method, STR("POST")));
	assert_true(str_eq(req->target, STR("/a%20b/c?x=1&y#f")));
	assert_true(str_eq(req->path, STR("/a%20b/c")));
	assert_true(str_eq(req->query, STR("x=1&y")));
	assert_int_equal(req->host.len, 0);
	assert_int_equal(req->n_fields, 4);
	assert_int_equal(req->fields[0].id, FIELD_HOST);
	assert_true(str_eq(req->fields[0].value, STR("example.org")));
	assert_true(str_eq(req->fields[1].name, STR("X-Empty")));
	assert_int_equal(req->fields[1].value.len, 0);
	assert_int_equal(req->fields[1].id, FIELD_OTHER);
	assert_true(str_eq(req->fields[2].value, STR("a\tb")));
	forget(&o);
}

static void
targets(void **state)
{
	static const struct {
		const char *line; /* method and target */
		unsigned status;
		const char *path, *query, *host;
	} rows[] = {
		{ "GET /", 0, "/", "", "" },
		{ "GET /?", 0, "/", "", "" },
		{ "GET /a?b?c", 0, "/a", "b?c", "" },
		{ "GET /a#b?c", 0, "/a", "", "" },
		{ "GET //a/b", 0, "//a/b", "", "" },
		{ "GET /a:b@c", 0, "/a:b@c", "", "" },
		{ "GET /|{}\"<>\\^`", 0, "/|{}\"<>\\^`", "", "" },
		{ "GET http://a", 0, "/", "", "a" },
		{ "GET HTTP://a:8/b?c", 0, "/b", "c", "a:8" },
		{ "GET https://[::1]?c", 0, "/", "c", "[::1]" },
		{ "OPTIONS http://a", 0, "*", "", "a" },
		{ "OPTIONS http://a?b", 0, "/", "b", "a" },
		{ "OPTIONS http://a/", 0, "/", "", "a" },
		{ "OPTIONS *", 0, "*", "", "" },
		{ "CONNECT a:443", 0, "", "", "a:443" },
		{ "CONNECT [::1]:443", 0, "", "", "[::1]:443" },
		{ "GET *", 400, "", "", "" },
		{ "GET a", 400, "", "", "" },
		{ "GET a/b", 400, "", "", "" },
		{ "GET ?a", 400, "", "", "" },
		{ "GET a:443", 400, "", "", "" },
		{ "GET http:/a", 400, "", "", "" },
		{ "GET http://", 400, "", "", "" },
		{ "GET http:///a", 400, "", "", "" },
		{ "GET http://u@a/", 400, "", "", "" },
		{ "GET http://a:b/", 400, "", "", "" },
		{ "GET ftp://a/", 400, "", "", "" },
		{ "CONNECT a", 400, "", "", "" },
		{ "CONNECT a:", 400, "", "", "" },
		{ "CONNECT /", 400, "", "", "" },
		{ "CONNECT http://a:1/", 400, "", "", "" },
		{ "CONNECT *", 400, "", "", "" },
		{ "OPTIONS **", 400, "", "", "" },
	};
	char text[200];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct outcome o;

		snprintf(text, sizeof text, "%s HTTP/1.1\r\n\r\n",
		    rows[i].line);
		o = read_head(&usual, str_of(text), 1);
		if (o.status != rows[i].status)
			fail_msg("%s: %u", rows[i].line, o.status);
		if (o.status == 0) {
			assert_true(str_eq(o.req->path,
			    str_of(rows[i].path)));
			assert_true(str_eq(o.req->query,
			    str_of(rows[i].query)));
			assert_true(str_eq(o.req->host,
			    str_of(rows[i].host)));
		}
		forget(&o);
	}
}

static void
request_lines(void **state)
{
	static const struct {
		const char *line;
		unsigned status;
	} rows[] = {
		{ "GET / HTTP/1.1", 0 }, { "GET / HTTP/1.0", 0 },
		{ "M-SEARCH / HTTP/1.1", 0 },
		{ "ABCDEFGHIJKLMNOPQRST / HTTP/1.1", 0 },
		{ "ABCDEFGHIJKLMNOPQRSTU / HTTP/1.1", 400 },
		{ "GO / HTTP/1.1", 400 }, { "get / HTTP/1.1", 400 },
		{ "GE#T / HTTP/1.1", 400 }, { "GE(T / HTTP/1.1", 400 },
		{ " GET / HTTP/1.1", 400 }, { "GET  / HTTP/1.1", 400 },
		{ "GET /  HTTP/1.1", 400 }, { "GET / HTTP/1.1 ", 400 },
		{ "GET\t/ HTTP/1.1", 400 }, { "GET /\tHTTP/1.1", 400 },
		{ "GET / x HTTP/1.1", 400 }, { "GET /", 400 },
		{ "GET / ", 400 }, { "GET", 400 }, { "GET HTTP/1.1", 400 },
		{ "GET / HTTP/1.10", 400 }, { "GET / HTTP/11", 400 },
		{ "GET / HTTP/1", 400 }, { "GET / HTTP/1.", 400 },
		{ "GET / HTTP/.1", 400 }, { "GET / http/1.1", 400 },
		{ "GET / HTTP/1.x", 400 }, { "GET / HTTP/ 1.1", 400 },
		{ "GET / HTTP/1.2", 505 }, { "GET / HTTP/1.9", 505 },
		{ "GET / HTTP/2.0", 505 }, { "GET / HTTP/0.9", 505 },
		{ "GET / HTTP/3.1", 505 }, { "GET / HTTPS/1.1", 400 },
		{ "GET /\xc3\xa9 HTTP/1.1", 400 },
		{ "GET /\x7f HTTP/1.1", 400 }, { "GET /\x01 HTTP/1.1", 400 },
		{ "GET /\r HTTP/1.1", 400 }, { "GET / HTTP/1.1\r", 400 },
		{ "\r", 400 }, { "\x16\x03\x01", 400 },
	};
	char text[200];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof text, "%s\r\nHost: a\r\n\r\n",
		    rows[i].line);
		check_status(&usual, text, rows[i].status);
	}
}

static void
field_lines(void **state)
{
	static const struct {
		const char *line;
		unsigned status;
	} rows[] = {
		{ "A: b", 0 }, { "A:b", 0 }, { "A: ", 0 }, { "A:", 0 },
		{ "A: b:c", 0 }, { "!#$%&'*+-.^_`|~: x", 0 },
		{ "A : b", 400 }, { "A\t: b", 400 }, { " A: b", 400 },
		{ "\tA: b", 400 }, { ": b", 400 }, { "A", 400 },
		{ "A b: c", 400 }, { "A(b): c", 400 }, { "\xc3\xa9: c", 400 },
		{ "A: b\r c", 400 }, { "A: b\rc", 400 }, { "A: b\r", 400 },
		{ "A: b\r\n c", 400 }, { "A: b\r\n\tc", 400 },
		{ "A: b\r\n ", 400 }, { "A: \x01", 400 }, { "A: \x7f", 400 },
		{ "A: b\n", 400 }, { "A: b\nB: c", 400 }, { "A: \v", 400 },
		{ "A\r\n: b", 400 },
	};
	char text[200];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof text, "GET / HTTP/1.1\r\n%s\r\n\r\n",
		    rows[i].line);
		check_status(&usual, text, rows[i].status);
	}
}

/* The byte at @ is replaced by each of the 256 in turn. */
static void
check_bytes(const char *pattern, bool (*good)(unsigned c))
{
	char text[200];
	size_t at = str_find(str_of(pattern), '@');
	size_t len = strlen(pattern);
	unsigned c, got;

	memcpy(text, pattern, len);
	for (c = 0; c < 256; c++) {
		text[at] = (char)c;
		got = status_of(&usual, (struct str){ text, len });
		if ((got == 0) != good(c))
			fail_msg("%s with byte %u: %u", pattern, c, got);
	}
}

static bool
in_method(unsigned c)
{
	return http_field_is_tchar((char)c) && !(c >= 'a' && c <= 'z') &&
	    c != '#';
}

static bool
in_path(unsigned c)
{
	return c > 32 && c < 127;
}

static bool
in_name(unsigned c)
{
	/* A colon there ends the name early, which is fine. */
	return http_field_is_tchar((char)c) || c == ':';
}

static bool
in_value(unsigned c)
{
	return c == '\t' || (c >= 32 && c != 127);
}

static bool
is_one(unsigned c)
{
	return c == '1';
}

static bool
is_blank(unsigned c)
{
	return c == ' ';
}

static void
every_byte_in_every_place(void **state)
{
	(void)state;
	check_bytes("GE@T / HTTP/1.1\r\nHost: a\r\n\r\n", in_method);
	check_bytes("GET@/ HTTP/1.1\r\nHost: a\r\n\r\n", is_blank);
	check_bytes("GET /@ HTTP/1.1\r\nHost: a\r\n\r\n", in_path);
	check_bytes("GET /0123456789012345@678901234567890123 HTTP/1.1\r\n"
	    "\r\n", in_path);
	check_bytes("GET / HTTP/@.1\r\nHost: a\r\n\r\nx", is_one);
	check_bytes("GET / HTTP/1.1\r\nHo@st: a\r\n\r\n", in_name);
	check_bytes("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", in_value);
	check_bytes("GET / HTTP/1.1\r\nX: 0123456789abcdef@hijklmnopqrstu\r\n"
	    "\r\n", in_value);
}

static bool
is_lf(unsigned c)
{
	return c == '\n';
}

static bool
is_cr(unsigned c)
{
	return c == '\r';
}

static void
line_ends_are_crlf(void **state)
{
	(void)state;
	check_bytes("GET / HTTP/1.1@\nHost: a\r\n\r\n", is_cr);
	check_bytes("GET / HTTP/1.1\r\nHost: a@\n\r\n", is_cr);
	check_bytes("GET / HTTP/1.1\r@Host: a\r\n\r\n", is_lf);
	check_bytes("GET / HTTP/1.1\r\nHost: a\r@\r\n\r\n", is_lf);
}

static void
empty_lines(void **state)
{
	(void)state;
	check_status(&usual, "\r\nGET / HTTP/1.1\r\n\r\n", 0);
	check_status(&usual, "\r\n\r\nGET / HTTP/1.1\r\n\r\n", 400);
	check_status(&usual, "\nGET / HTTP/1.1\r\n\r\n", 400);
	check_status(&usual, "\r\n\r\n", 400);
	check_status(&usual, "GET / HTTP/1.1\n\n", 400);
	check_status(&usual, "GET / HTTP/1.1\r\n\n", 400);
}

/* A GET whose request line has len bytes. */
static struct str
with_line(char *text, const char *before, size_t len)
{
	size_t n = strlen(before);

	memcpy(text, before, n);
	memset(text + n, 'a', len);
	memcpy(text + n, "GET /", 5);
	memcpy(text + n + len - 9, " HTTP/1.1\r\nA: b\r\n\r\n", 9 + 10);
	return (struct str){ text, n + len + 10 };
}

static void
line_limit(void **state)
{
	static char text[5000];
	struct h1_rules rules = usual;

	(void)state;
	assert_int_equal(status_of(&usual, with_line(text, "", 4093)), 0);
	assert_int_equal(status_of(&usual, with_line(text, "", 4094)), 0);
	assert_int_equal(status_of(&usual, with_line(text, "", 4095)), 414);
	assert_int_equal(status_of(&usual, with_line(text, "\r\n", 4094)), 0);
	assert_int_equal(status_of(&usual, with_line(text, "\r\n", 4095)),
	    414);
	rules.line_max = 0;
	assert_int_equal(status_of(&rules, with_line(text, "", 4095)), 0);
	rules.head_max = 4095 + 10;
	assert_int_equal(status_of(&rules, with_line(text, "", 4095)), 0);
	rules.head_max = 4095 + 3;
	assert_int_equal(status_of(&rules, with_line(text, "", 4095)), 414);
}

static struct str
with_field(char *text, size_t len)
{
	static const char line[] = "GET / HTTP/1.1\r\n";
	size_t n = sizeof line - 1;

	memcpy(text, line, n);
	memset(text + n, 'a', len);
	text[n + 1] = ':';
	memcpy(text + n + len - 2, "\r\n\r\n", 4);
	return (struct str){ text, n + len + 2 };
}

static void
field_limit(void **state)
{
	static char text[9000];
	struct h1_rules rules = usual;

	(void)state;
	assert_int_equal(status_of(&usual, with_field(text, 8189)), 0);
	assert_int_equal(status_of(&usual, with_field(text, 8190)), 0);
	assert_int_equal(status_of(&usual, with_field(text, 8191)), 431);
	rules.field_max = 0;
	assert_int_equal(status_of(&rules, with_field(text, 8191)), 0);
	rules.head_max = 16 + 8191 + 2;
	assert_int_equal(status_of(&rules, with_field(text, 8191)), 0);
	rules.head_max--;
	assert_int_equal(status_of(&rules, with_field(text, 8191)), 431);
}

static size_t
put_text(char *to, const char *text)
{
	memcpy(to, text, strlen(text));
	return strlen(text);
}

static struct str
with_fields(char *text, unsigned n)
{
	size_t len = 0;

	len += put_text(text, "GET / HTTP/1.1\r\n");
	while (n-- > 0)
		len += put_text(text + len, "A: b\r\n");
	len += put_text(text + len, "\r\n");
	return (struct str){ text, len };
}

static void
fields_limit(void **state)
{
	static char text[2000];

	(void)state;
	assert_int_equal(status_of(&usual, with_fields(text, 0)), 0);
	assert_int_equal(status_of(&usual, with_fields(text, 99)), 0);
	assert_int_equal(status_of(&usual, with_fields(text, 100)), 0);
	assert_int_equal(status_of(&usual, with_fields(text, 101)), 431);
}

/* A limit counts while a line has no end yet. */
static void
unfinished_lines(void **state)
{
	static const struct h1_rules rules = {
		.head_max = 100, .line_max = 20, .field_max = 12,
		.n_fields_max = 2,
	};
	static const struct {
		const char *text;
		unsigned status;
	} rows[] = {
		{ "12345678901234567890", 0 }, { "12345678901234567890\r", 0 },
		{ "123456789012345678901", 414 },
		{ "GET / HTTP/1.1\r\n1234567890\r", 0 },
		{ "GET / HTTP/1.1\r\n12345678901", 431 },
		{ "GET / HTTP/1.1\r\nA:\r\nB:\r\n\r", 0 },
		{ "GET / HTTP/1.1\r\nA:\r\nB:\r\nC", 431 },
		{ "", 0 }, { "\r", 0 }, { "\r\n", 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_error err = { 0, NULL };
		struct h1_head head = { 0 };
		ssize_t rc = h1_head_find(&head, &rules,
		    str_of(rows[i].text), &err);

		assert_int_equal(err.status, rows[i].status);
		assert_int_equal(rc, err.status == 0 ? 0 : -E_PROTOCOL);
	}
}

static void
permissions(void **state)
{
	struct h1_rules rules = usual;
	struct outcome o;

	(void)state;
	rules.strip_header_spaces = true;
	check_status(&rules, "GET / HTTP/1.1\r\nA \t: b\r\n\r\n", 0);
	check_status(&rules, "GET / HTTP/1.1\r\nA \tb: b\r\n\r\n", 400);
	check_status(&rules, "GET / HTTP/1.1\r\n : b\r\n\r\n", 400);

	rules = usual;
	rules.permit_unconventional_method = true;
	check_status(&rules, "g / HTTP/1.1\r\n\r\n", 0);
	check_status(&rules, "#ABCDEFGHIJKLMNOPQRSTUVW / HTTP/1.1\r\n\r\n",
	    0);
	rules.casefold_method = true;
	o = read_head(&rules, STR("gEt / HTTP/1.1\r\n\r\n"), 3);
	assert_true(str_eq(o.req->method, STR("GET")));
	forget(&o);

	rules = usual;
	rules.permit_unconventional_version = true;
	check_status(&rules, "GET / HTTP/1.7\r\n\r\n", 0);
	check_status(&rules, "GET / HTTP/2.0\r\n\r\n", 505);
}

static void
folding(void **state)
{
	struct h1_rules rules = usual;
	struct outcome o;

	(void)state;
	rules.permit_obsolete_folding = true;
	rules.field_max = 20;
	o = read_head(&rules, STR("GET / HTTP/1.1\r\nA: b\r\n\t c \r\n d\r\n"
	    "E: f\r\n\r\n"), 1);
	assert_int_equal(o.status, 0);
	assert_int_equal(o.req->n_fields, 2);
	assert_true(str_eq(o.req->fields[0].value, STR("b c d")));
	assert_true(str_eq(o.req->fields[1].value, STR("f")));
	forget(&o);
	check_status(&rules, "GET / HTTP/1.1\r\n A: b\r\n\r\n", 400);
	check_status(&rules, "GET / HTTP/1.1\r\nA: 12345678\r\n 1234567\r\n"
	    "\r\n", 0);
	check_status(&rules, "GET / HTTP/1.1\r\nA: 12345678\r\n 12345678\r\n"
	    "\r\n", 431);
}

/* Every bound that an arena may have: an error, or all of the request. */
static void
fails_without_memory(void **state)
{
	static const char text[] = "gEt /%41 HTTP/1.1\r\nHost: a\r\n b\r\n"
	    "A: b\r\n c\r\n\r\n";
	static const struct http_policy policy;
	struct h1_rules rules = usual;
	unsigned n_failed = 0;
	size_t max;

	(void)state;
	rules.permit_obsolete_folding = true;
	rules.permit_unconventional_method = true;
	rules.casefold_method = true;
	for (max = 0; max < 2 * ARENA_BLOCK; max += 8) {
		struct request *req = request_create(&stream, NULL, max);
		struct http_error err = { 0, NULL };
		struct h1_head head = { 0 };
		int rc;

		assert_true(h1_head_find(&head, &rules, STR(text), &err) > 0);
		rc = h1_head_parse(&head, &rules, STR(text), req, &err);
		if (rc == 0)
			rc = http_policy_apply(&policy, req, &err);
		/* Host is "a b" by then, which is none. */
		assert_true(rc == -E_NOMEM ||
		    (rc == -E_PROTOCOL && err.status == 400));
		n_failed += rc == -E_NOMEM;
		request_destroy(req);
	}
	assert_in_range(n_failed, 1, 2 * ARENA_BLOCK / 8 - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_parts_are_found),
		cmocka_unit_test(targets),
		cmocka_unit_test(request_lines),
		cmocka_unit_test(field_lines),
		cmocka_unit_test(every_byte_in_every_place),
		cmocka_unit_test(line_ends_are_crlf),
		cmocka_unit_test(empty_lines),
		cmocka_unit_test(line_limit),
		cmocka_unit_test(field_limit),
		cmocka_unit_test(fields_limit),
		cmocka_unit_test(unfinished_lines),
		cmocka_unit_test(permissions),
		cmocka_unit_test(folding),
		cmocka_unit_test(fails_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
