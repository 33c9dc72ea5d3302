/* Which combinations of fields are accepted, and what follows from them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "http/http_field.h"
#include "http/http_policy.h"
#include "http/seams.h"

static struct stream stream;

/* A request of that version with "Name: value\n" lines as its fields. */
static struct request *
request_of(enum http_version version, const char *lines)
{
	struct request *req = request_create(&stream, NULL, 1 << 20);
	struct str rest = str_of(lines), value;
	struct field *f;

	assert_non_null(req);
	req->version = version;
	req->method = STR("POST");
	req->target = req->path = STR("/");
	req->scheme = STR("http");
	req->fields = arena_alloc(&req->arena, 20 * sizeof *req->fields);
	assert_non_null(req->fields);
	while (rest.len > 0) {
		value = str_cut(&rest, '\n');
		f = &req->fields[req->n_fields++];
		f->name = str_cut(&value, ':');
		f->value = str_trim(value);
		f->id = (unsigned char)http_field_of(f->name);
	}
	return req;
}

static unsigned
status_with(const struct http_policy *p, enum http_version version,
    const char *lines)
{
	struct request *req = request_of(version, lines);
	struct http_error err = { 0, NULL };
	int rc = http_policy_apply(p, req, &err);

	assert_true(rc == 0 || (rc == -E_PROTOCOL && err.text != NULL));
	request_destroy(req);
	return err.status;
}

static void
combinations(void **state)
{
	static const struct {
		enum http_version version;
		const char *lines;
		unsigned status;
	} rows[] = {
		/* Host */
		{ HTTP_1_1, "Host: a\n", 0 },
		{ HTTP_1_1, "", 400 },
		{ HTTP_1_0, "", 0 },
		{ HTTP_1_1, "Host:\n", 0 },
		{ HTTP_1_1, "Host: a\nHost: a\n", 400 },
		{ HTTP_1_0, "Host: a\nHOST: b\n", 400 },
		{ HTTP_1_1, "Host: a b\n", 400 },
		{ HTTP_1_1, "Host: a@b\n", 400 },
		{ HTTP_1_1, "Host: a:x\n", 400 },
		/* Content-Length */
		{ HTTP_1_1, "Host: a\nContent-Length: 5\n", 0 },
		{ HTTP_1_1, "Host: a\nContent-Length: 0\n", 0 },
		{ HTTP_1_1, "Host: a\nContent-Length:\n", 400 },
		{ HTTP_1_1, "Host: a\nContent-Length: +5\n", 400 },
		{ HTTP_1_1, "Host: a\nContent-Length: -5\n", 400 },
		{ HTTP_1_1, "Host: a\nContent-Length: 0x5\n", 400 },
		{ HTTP_1_1, "Host: a\nContent-Length: 5 5\n", 400 },
		{ HTTP_1_1, "Host: a\nContent-Length: 5, 5\n", 400 },
		{ HTTP_1_1, "Host: a\nContent-Length: 5,\n", 400 },
		{ HTTP_1_1, "Host: a\nContent-Length: 5_0\n", 400 },
		{ HTTP_1_1, "Host: a\nContent-Length: \xc2\xb2\n", 400 },
		{ HTTP_1_1, "Host: a\nContent-Length: 5\nContent-Length: 5\n",
		    400 },
		{ HTTP_1_1, "Host: a\nContent-Length: 5\ncontent-length: 6\n",
		    400 },
		{ HTTP_1_1, "Host: a\nContent-Length: 9223372036854775807\n",
		    0 },
		{ HTTP_1_1, "Host: a\nContent-Length: 9223372036854775808\n",
		    400 },
		{ HTTP_1_1, "Host: a\nContent-Length: "
		    "99999999999999999999999999\n", 400 },
		/* Transfer-Encoding */
		{ HTTP_1_1, "Host: a\nTransfer-Encoding: chunked\n", 0 },
		{ HTTP_1_1, "Host: a\nTransfer-Encoding: ChunKed\n", 0 },
		{ HTTP_1_0, "Transfer-Encoding: chunked\n", 400 },
		{ HTTP_1_1, "Host: a\nTransfer-Encoding:\n", 400 },
		{ HTTP_1_1, "Host: a\nTransfer-Encoding: xchunked\n", 400 },
		{ HTTP_1_1, "Host: a\nTransfer-Encoding: \vchunked\n", 400 },
		{ HTTP_1_1, "Host: a\nTransfer-Encoding: \xa0"
		    "chunked\n", 400 },
		{ HTTP_1_1, "Host: a\nTransfer-Encoding: chunked\v\n", 400 },
		{ HTTP_1_1, "Host: a\nTransfer-Encoding: \"chunked\"\n", 400 },
		{ HTTP_1_1, "Host: a\nTransfer-Encoding: chunked;q=1\n", 400 },
		{ HTTP_1_1, "Host: a\nTransfer-Encoding: identity\n", 400 },
		{ HTTP_1_1, "Host: a\nTransfer-Encoding: gzip\n", 400 },
		{ HTTP_1_1, "Host: a\nTransfer-Encoding: chunked, gzip\n",
		    400 },
		{ HTTP_1_1, "Host: a\nTransfer-Encoding: chunked, chunked\n",
		    400 },
		{ HTTP_1_1, "Host: a\nTransfer-Encoding: chunked,\n", 400 },
		{ HTTP_1_1, "Host: a\nTransfer-Encoding: , chunked\n", 400 },
		{ HTTP_1_1, "Host: a\nTransfer-Encoding: gzip, chunked\n",
		    501 },
		{ HTTP_1_1, "Host: a\nTransfer-Encoding: x,\tchunked\n", 501 },
		{ HTTP_1_1, "Host: a\nTransfer-Encoding: identity, chunked\n",
		    501 },
		{ HTTP_1_1, "Host: a\nTransfer-Encoding: chunked\n"
		    "Transfer-Encoding: chunked\n", 400 },
		{ HTTP_1_1, "Host: a\nTransfer-Encoding: gzip\n"
		    "Transfer-Encoding: chunked\n", 400 },
		{ HTTP_1_1, "Host: a\nTransfer-Encoding: chunked\n"
		    "Content-Length: 5\n", 400 },
		{ HTTP_1_1, "Host: a\nContent-Length: 0\n"
		    "Transfer-Encoding: chunked\n", 400 },
		{ HTTP_1_1, "Host: a\nContent-Length: 5\n"
		    "Transfer-Encoding: identity\n", 400 },
		/* Expect, Content-Type */
		{ HTTP_1_1, "Host: a\nExpect: 100-Continue\n", 0 },
		{ HTTP_1_1, "Host: a\nExpect: 200-ok\n", 417 },
		{ HTTP_1_0, "Expect: 200-ok\n", 0 },
		{ HTTP_1_1, "Host: a\nContent-Type: a/b\nContent-Type: a/b\n",
		    400 },
		/* HTTP/2 */
		{ HTTP_2, "", 0 },
		{ HTTP_2, "Content-Length: 5\nTE: trailers\n", 0 },
		{ HTTP_2, "TE: gzip\n", 400 },
		{ HTTP_2, "Connection: close\n", 400 },
		{ HTTP_2, "Transfer-Encoding: chunked\n", 400 },
		{ HTTP_2, "Upgrade: x\n", 400 },
		{ HTTP_2, "Host: a\nHost: b\n", 400 },
	};
	static const struct http_policy policy = { HEADER_MAP_DROP };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned got = status_with(&policy, rows[i].version,
		    rows[i].lines);

		if (got != rows[i].status)
			fail_msg("%s: %u and not %u", rows[i].lines, got,
			    rows[i].status);
	}
}

static const struct http_policy drop = { .header_map = HEADER_MAP_DROP };

/* Applies the policy, which must accept; the caller destroys. */
static struct request *
accepted(const struct http_policy *p, enum http_version version,
    const char *lines)
{
	struct request *req = request_of(version, lines);
	struct http_error err = { 0, NULL };

	assert_int_equal(http_policy_apply(p, req, &err), 0);
	return req;
}

static bool
stays(enum http_version version, const char *lines)
{
	struct request *req = accepted(&drop, version, lines);
	bool keep_alive = req->keep_alive;

	request_destroy(req);
	return keep_alive;
}

static void
connection_by_token(void **state)
{
	(void)state;
	assert_true(stays(HTTP_1_1, "Host: a\n"));
	assert_false(stays(HTTP_1_1, "Host: a\nConnection: Close\n"));
	assert_false(stays(HTTP_1_1, "Host: a\nConnection: x, close\n"));
	assert_false(stays(HTTP_1_1,
	    "Host: a\nConnection: keep-alive\nConnection: close\n"));
	assert_true(stays(HTTP_1_1, "Host: a\nConnection: closed\n"));
	assert_false(stays(HTTP_1_0, "Host: a\n"));
	assert_true(stays(HTTP_1_0, "Connection: x,Keep-Alive\n"));
	assert_false(stays(HTTP_1_0, "Connection: keep-alive, close\n"));
}

static void
connect_never_stays(void **state)
{
	struct request *req = request_of(HTTP_1_1, "Host: a:1\n");
	struct http_error err;

	(void)state;
	req->method = STR("CONNECT");
	req->path = STR("");
	assert_int_equal(http_policy_apply(&drop, req, &err), 0);
	assert_false(req->keep_alive);
	assert_int_equal(req->path_info.len, 0);
	request_destroy(req);
}

static void
framing_is_filled_in(void **state)
{
	struct request *req;

	(void)state;
	req = accepted(&drop, HTTP_1_1, "Host: a\nContent-Length: 007\n"
	    "Expect: 100-continue\n");
	assert_int_equal(req->content_length, 7);
	assert_false(req->chunked);
	assert_true(req->expect_continue);
	request_destroy(req);
	req = accepted(&drop, HTTP_1_1, "Host: a\n"
	    "Transfer-Encoding: chunked\nExpect: 100-continue\n");
	assert_int_equal(req->content_length, -1);
	assert_true(req->chunked);
	assert_true(req->expect_continue);
	request_destroy(req);
	/* Nothing to wait for where there is no body. */
	req = accepted(&drop, HTTP_1_1, "Host: a\nExpect: 100-continue\n");
	assert_false(req->expect_continue);
	request_destroy(req);
	req = accepted(&drop, HTTP_1_0, "Content-Length: 7\n"
	    "Expect: 100-continue\n");
	assert_false(req->expect_continue);
	request_destroy(req);
}

static void
target_outdoes_host(void **state)
{
	struct request *req = request_of(HTTP_1_1, "Host: a\nX: y\n");
	struct http_error err;

	(void)state;
	req->host = STR("b:80");
	assert_int_equal(http_policy_apply(&drop, req, &err), 0);
	assert_true(str_eq(req->host, STR("b:80")));
	assert_true(str_eq(request_field(req, STR("host"))->value,
	    STR("b:80")));
	request_destroy(req);
}

static void
underscores(void **state)
{
	static const struct str names[] = { { "SCRIPT_NAME", 11 } };
	struct http_policy p = {
		.header_map = HEADER_MAP_DROP,
		.forwarder_headers = names,
		.n_forwarder_headers = 1,
	};
	static const char lines[] = "Host: a\nScript_Name: /x\n"
	    "Content_Length: 9\nX-Y: z\n";
	struct request *req;

	(void)state;
	req = accepted(&p, HTTP_1_1, lines);
	assert_int_equal(req->n_fields, 2);
	assert_true(str_eq(req->fields[1].name, STR("X-Y")));
	assert_int_equal(req->content_length, -1);
	request_destroy(req);

	p.peer_trusted = true;
	req = accepted(&p, HTTP_1_1, lines);
	assert_int_equal(req->n_fields, 3);
	assert_true(str_eq(req->fields[1].name, STR("Script_Name")));
	request_destroy(req);

	p.header_map = HEADER_MAP_REFUSE;
	assert_int_equal(status_with(&p, HTTP_1_1, lines), 400);
	assert_int_equal(status_with(&p, HTTP_1_1,
	    "Host: a\nScript_Name: x\n"), 0);
	p.peer_trusted = false;
	assert_int_equal(status_with(&p, HTTP_1_1,
	    "Host: a\nScript_Name: x\n"), 400);

	p.header_map = HEADER_MAP_DANGEROUS;
	req = accepted(&p, HTTP_1_1, lines);
	assert_int_equal(req->n_fields, 4);
	request_destroy(req);
}

static struct str
scheme_of(bool trusted, const char *lines, unsigned *status)
{
	static const struct field schemes[] = {
		{
			.name = { "X-FORWARDED-PROTO", 17 },
			.value = { "https", 5 },
		}, {
			.name = { "X-FORWARDED-SSL", 15 },
			.value = { "on", 2 },
		},
	};
	struct http_policy p = {
		.peer_trusted = trusted,
		.secure_scheme_headers = schemes,
		.n_secure_scheme_headers = 2,
	};
	struct request *req = request_of(HTTP_1_1, lines);
	struct http_error err = { 0, NULL };
	struct str scheme;

	http_policy_prepare(&p);
	http_policy_apply(&p, req, &err);
	*status = err.status;
	scheme = req->scheme; /* a literal */
	request_destroy(req);
	return scheme;
}

static void
scheme_is_a_trusted_peers(void **state)
{
	unsigned status;

	(void)state;
	assert_true(str_eq(scheme_of(true, "Host: a\n"
	    "x-forwarded-proto: https\n", &status), STR("https")));
	assert_true(str_eq(scheme_of(false, "Host: a\n"
	    "x-forwarded-proto: https\n", &status), STR("http")));
	assert_int_equal(status, 0);
	assert_true(str_eq(scheme_of(true, "Host: a\n"
	    "x-forwarded-proto: ftp\n", &status), STR("http")));
	scheme_of(true, "Host: a\nX-Forwarded-Proto: https\n"
	    "X-Forwarded-Ssl: off\n", &status);
	assert_int_equal(status, 400);
	scheme_of(true, "Host: a\nX-Forwarded-Proto: https\n"
	    "X-Forwarded-Proto: http\n", &status);
	assert_int_equal(status, 400);
}

static void
paths(void **state)
{
	static const struct {
		const char *path;
		struct str want;
	} rows[] = {
		{ "/", { "/", 1 } }, { "/a%20b", { "/a b", 4 } },
		{ "/%2F%2e", { "//.", 3 } }, { "/%00", { "/\0", 2 } },
		{ "/%", { "/%", 2 } }, { "/%4", { "/%4", 3 } },
		{ "/%zz%41", { "/%zzA", 5 } }, { "/%%41", { "/%A", 3 } },
		{ "/%c3%A9", { "/\xc3\xa9", 3 } }, { "/a+b", { "/a+b", 4 } },
		{ "/%2541", { "/%41", 4 } }, { "*", { "*", 1 } },
	};
	struct http_error err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct request *req = request_of(HTTP_1_0, "");

		req->path = str_of(rows[i].path);
		assert_int_equal(http_policy_apply(&drop, req, &err), 0);
		assert_true(str_eq(req->path_info, rows[i].want));
		request_destroy(req);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(combinations),
		cmocka_unit_test(connection_by_token),
		cmocka_unit_test(connect_never_stays),
		cmocka_unit_test(framing_is_filled_in),
		cmocka_unit_test(target_outdoes_host),
		cmocka_unit_test(underscores),
		cmocka_unit_test(scheme_is_a_trusted_peers),
		cmocka_unit_test(paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
