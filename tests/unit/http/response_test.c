/* What a gateway may say, and what a protocol then gets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "http/response.h"
#include "http/seams.h"

/* A protocol that keeps what it is told. */
struct fake {
	struct stream stream; /* first */
	char head[1024];
	struct str body;
	size_t room;
	unsigned n_heads, n_ends, n_resets, n_informational, status;
};

static int
fake_head(struct stream *s, unsigned status, struct str reason,
    const struct field *fields, unsigned n_fields)
{
	struct fake *f = (struct fake *)s;
	size_t len;
	unsigned i;

	f->n_heads++;
	f->status = status;
	len = (size_t)snprintf(f->head, sizeof f->head, "%u %.*s\n", status,
	    STR_ARG(reason));
	for (i = 0; i < n_fields; i++)
		len += (size_t)snprintf(f->head + len, sizeof f->head - len,
		    "%.*s: %.*s\n", STR_ARG(fields[i].name),
		    STR_ARG(fields[i].value));
	return 0;
}

static int
fake_informational(struct stream *s, unsigned status,
    const struct field *fields, unsigned n_fields)
{
	struct fake *f = (struct fake *)s;

	(void)fields;
	(void)n_fields;
	f->status = status;
	f->n_informational++;
	return 0;
}

static ssize_t
fake_body(struct stream *s, struct str data)
{
	struct fake *f = (struct fake *)s;

	f->body = str_head(data, f->room);
	return (ssize_t)f->body.len;
}

static ssize_t
fake_file(struct stream *s, int fd, off_t offset, size_t len)
{
	struct fake *f = (struct fake *)s;

	assert_int_equal(fd, 9);
	assert_int_equal(offset, 100);
	return len < f->room ? (ssize_t)len : (ssize_t)f->room;
}

static int
fake_end(struct stream *s)
{
	((struct fake *)s)->n_ends++;
	return 0;
}

static void
fake_reset(struct stream *s)
{
	((struct fake *)s)->n_resets++;
}

static const struct stream_ops fake_ops = {
	.name = "fake",
	.head = fake_head,
	.informational = fake_informational,
	.body = fake_body,
	.end = fake_end,
	.reset = fake_reset,
};

static struct fake fake;

static struct request *
start_request(const char *method)
{
	struct request *req;

	memset(&fake, 0, sizeof fake);
	fake.stream.ops = &fake_ops;
	fake.room = SIZE_MAX;
	req = request_create(&fake.stream, NULL, 1 << 16);
	assert_non_null(req);
	req->method = str_of(method);
	req->version = HTTP_1_1;
	req->keep_alive = true;
	return req;
}

static int
start_with(struct request *req, unsigned status, const char *name,
    struct str value)
{
	struct field f = { .name = str_of(name), .value = value };
	const char *bad = NULL;
	int rc = response_check(&f, &bad);

	if (rc == 0)
		rc = response_start(req, status, STR(""), &f, 1, &bad);
	assert_true((rc == -E_BAD_VALUE) == (bad != NULL));
	return rc;
}

static void
head_is_completed(void **state)
{
	struct request *req = start_request("GET");

	(void)state;
	assert_int_equal(start_with(req, 404, "X", STR(" y\t")), 0);
	assert_string_equal(fake.head, "404 Not Found\nX: y\n");
	assert_false(req->response.has_server || req->response.has_date);
	assert_int_equal(response_end(req), 0);
	assert_int_equal(fake.n_ends, 1);
	request_destroy(req);

	req = start_request("GET");
	assert_int_equal(start_with(req, 200, "server", STR("mine")), 0);
	assert_true(req->response.has_server);
	request_destroy(req);

	req = start_request("GET");
	assert_int_equal(start_with(req, 200, "DATE", STR("now")), 0);
	assert_true(req->response.has_date);
	request_destroy(req);
}

static void
hop_by_hop_is_dropped(void **state)
{
	static const char *const rows[] = {
		"Connection", "Keep-Alive", "Proxy-Authenticate",
		"Proxy-Authorization", "TE", "Trailers", "transfer-encoding",
		"Upgrade", "Proxy-Connection",
	};
	struct request *req;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		req = start_request("GET");
		assert_int_equal(start_with(req, 200, rows[i], STR("x")), 0);
		assert_null(strstr(fake.head, rows[i]));
		assert_true(req->keep_alive);
		request_destroy(req);
	}
	req = start_request("GET");
	assert_int_equal(start_with(req, 200, "Connection", STR("Close")), 0);
	assert_false(req->keep_alive);
	request_destroy(req);
}

static void
bad_heads_are_refused(void **state)
{
	struct request *req = start_request("GET");
	const char *bad;

	(void)state;
	assert_int_equal(start_with(req, 199, "X", STR("")), -E_BAD_VALUE);
	assert_int_equal(start_with(req, 600, "X", STR("")), -E_BAD_VALUE);
	assert_int_equal(start_with(req, 200, "", STR("")), -E_BAD_VALUE);
	assert_int_equal(start_with(req, 200, "A B", STR("")), -E_BAD_VALUE);
	assert_int_equal(start_with(req, 200, "X\n", STR("")), -E_BAD_VALUE);
	assert_int_equal(start_with(req, 200, "X", STR("a\r\nSet-Cookie: b")),
	    -E_BAD_VALUE);
	assert_int_equal(start_with(req, 200, "X", STR("a\0")), -E_BAD_VALUE);
	assert_int_equal(start_with(req, 200, "Content-Length", STR("-1")),
	    -E_BAD_VALUE);
	assert_int_equal(start_with(req, 200, "Content-Length", STR("1 2")),
	    -E_BAD_VALUE);
	assert_int_equal(response_start(req, 200, STR("O\nK"), NULL, 0, &bad),
	    -E_BAD_VALUE);
	assert_int_equal(fake.n_heads, 0);
	/* All of that left the answer open for another try. */
	response_error(req, 500, "the application failed");
	assert_int_equal(fake.status, 500);
	assert_int_equal(fake.n_ends, 1);
	assert_false(req->keep_alive);
	request_destroy(req);
}

static void
two_lengths_are_refused(void **state)
{
	struct request *req = start_request("GET");
	struct field f[] = {
		{ .name = STR("Content-Length"), .value = STR("1") },
		{ .name = STR("content-length"), .value = STR("1") },
	};
	const char *bad;

	(void)state;
	assert_int_equal(response_check(&f[0], &bad), 0);
	assert_int_equal(response_check(&f[1], &bad), 0);
	assert_int_equal(response_start(req, 200, STR("OK"), f, 2, &bad),
	    -E_BAD_VALUE);
	request_destroy(req);
}

static void
body_is_held_to_its_length(void **state)
{
	struct request *req = start_request("GET");

	(void)state;
	assert_int_equal(start_with(req, 200, "Content-Length", STR("5")), 0);
	assert_int_equal(response_write(req, STR("abc")), 3);
	fake.room = 1; /* a full output is no overrun yet */
	assert_int_equal(response_write(req, STR("defg")), 1);
	fake.room = SIZE_MAX;
	assert_int_equal(response_write(req, STR("efg")), -E_TOO_LONG);
	assert_true(str_eq(fake.body, STR("e")));
	assert_int_equal(response_write(req, STR("x")), -E_TOO_LONG);
	assert_int_equal(response_write(req, STR("")), 0);
	assert_int_equal(response_end(req), 0);
	request_destroy(req);

	req = start_request("GET");
	assert_int_equal(start_with(req, 200, "Content-Length", STR("5")), 0);
	assert_int_equal(response_write(req, STR("abcd")), 4);
	assert_int_equal(response_end(req), -E_PROTOCOL);
	assert_int_equal(fake.n_resets, 1);
	assert_int_equal(fake.n_ends, 0);
	request_destroy(req);
}

static void
no_body_where_http_has_none(void **state)
{
	static const struct {
		const char *method;
		unsigned status;
		bool keeps_length;
	} rows[] = {
		{ "HEAD", 200, true }, { "GET", 304, true },
		{ "GET", 204, false },
	};
	struct request *req;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		req = start_request(rows[i].method);
		assert_int_equal(start_with(req, rows[i].status,
		    "Content-Length", STR("5")), 0);
		assert_int_equal(strstr(fake.head, "Content-Length: 5") !=
		    NULL, rows[i].keeps_length);
		assert_int_equal(response_write(req, STR("abcdefgh")), 8);
		assert_int_equal(fake.body.len, 0);
		assert_int_equal(response_end(req), 0);
		request_destroy(req);
	}
}

static void
files_are_held_to_the_length_too(void **state)
{
	struct stream_ops with_file = fake_ops;
	struct request *req = start_request("GET");

	(void)state;
	with_file.file = fake_file;
	fake.stream.ops = &with_file;
	assert_int_equal(start_with(req, 200, "Content-Length", STR("50")),
	    0);
	fake.room = 20;
	assert_int_equal(response_file(req, 9, 100, 80), 20);
	fake.room = SIZE_MAX;
	assert_int_equal(response_file(req, 9, 100, 60), -E_TOO_LONG);
	assert_int_equal(req->response.body_sent, 50);
	request_destroy(req);

	req = start_request("GET");
	assert_int_equal(start_with(req, 200, "X", STR("y")), 0);
	assert_int_equal(response_file(req, 9, 100, 80), -E_NOT_FOUND);
	request_destroy(req);

	req = start_request("HEAD");
	assert_int_equal(start_with(req, 200, "X", STR("y")), 0);
	assert_int_equal(response_file(req, 9, 100, 80), 80);
	request_destroy(req);
}

static void
dropped_fields_leave_no_gap(void **state)
{
	static const char *const names[] = {
		"Upgrade", "X-A", "Connection", "TE", "X-B", "Keep-Alive",
	};
	struct request *req = start_request("GET");
	struct field f[6];
	const char *bad;

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		f[i] = (struct field){ .name = str_of(names[i]),
			.value = STR("v") };
		assert_int_equal(response_check(&f[i], &bad), 0);
	}
	assert_int_equal(response_start(req, 200, STR(""), f, 6, &bad), 0);
	assert_string_equal(fake.head, "200 OK\nX-A: v\nX-B: v\n");
	request_destroy(req);
}

static int whole_answers;

static int
fake_whole(struct stream *s, unsigned status, struct str reason,
    const struct field *fields, unsigned n_fields, struct str body)
{
	struct fake *f = (struct fake *)s;

	if (whole_answers == 0) {
		f->body = body;
		f->n_ends++;
		(void)fake_head(s, status, reason, fields, n_fields);
	}
	return whole_answers;
}

/* 0 and all of it, 1 and the head, or neither. */
static void
whole_answers_or_heads(void **state)
{
	static const struct {
		const char *method, *length;
		int op, rc;
		unsigned body_len, heads;
	} rows[] = {
		{ "GET", "4", 0, 0, 4, 1 }, { "HEAD", "9", 0, 0, 0, 1 },
		{ "GET", "5", 0, 1, 0, 1 }, { "GET", "3", 0, 1, 0, 1 },
		{ "GET", "4", -E_FULL, 1, 0, 1 },
		{ "GET", "4", -E_GONE, -E_GONE, 0, 0 },
		{ "GET", "x", 0, -E_BAD_VALUE, 0, 0 },
	};
	struct stream_ops with_whole = fake_ops;
	const char *bad;

	(void)state;
	with_whole.whole = fake_whole;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct request *req = start_request(rows[i].method);
		struct field f = { .name = STR("Content-Length"),
			.value = str_of(rows[i].length) };

		fake.stream.ops = &with_whole;
		whole_answers = rows[i].op;
		assert_int_equal(response_check(&f, &bad), 0);
		assert_int_equal(response_whole(req, 200, STR(""), &f, 1,
		    STR("body"), &bad), rows[i].rc);
		assert_int_equal(fake.body.len, rows[i].body_len);
		assert_int_equal(fake.n_heads, rows[i].heads);
		assert_int_equal(fake.n_ends, rows[i].rc == 0);
		assert_int_equal(req->response.state, rows[i].rc == 0 ?
		    RESPONSE_ENDED : rows[i].rc == 1 ? RESPONSE_STARTED :
		    RESPONSE_NONE);
		request_destroy(req);
	}
}

static void
informational_answers(void **state)
{
	struct request *req = start_request("GET");
	struct field f = { .name = STR("Upgrade"), .value = STR("x") };
	const char *bad;

	(void)state;
	assert_int_equal(response_check(&f, &bad), 0);
	assert_int_equal(response_informational(req, 103, NULL, 0), 0);
	assert_int_equal(fake.n_informational, 1);
	assert_int_equal(response_informational(req, 103, &f, 1),
	    -E_BAD_VALUE);
	assert_int_equal(response_informational(req, 101, NULL, 0),
	    -E_BAD_VALUE);
	assert_int_equal(response_informational(req, 200, NULL, 0),
	    -E_BAD_VALUE);
	req->version = HTTP_1_0;
	assert_int_equal(response_informational(req, 103, NULL, 0), 0);
	req->version = HTTP_1_1;
	assert_int_equal(start_with(req, 200, "X", STR("y")), 0);
	assert_int_equal(response_informational(req, 103, NULL, 0), 0);
	assert_int_equal(fake.n_informational, 1);
	request_destroy(req);
}

static void
error_after_the_head_cuts(void **state)
{
	struct request *req = start_request("GET");

	(void)state;
	assert_int_equal(start_with(req, 200, "X", STR("y")), 0);
	response_error(req, 500, NULL);
	assert_int_equal(fake.n_heads, 1);
	assert_int_equal(fake.n_resets, 1);
	response_error(req, 500, NULL);
	assert_int_equal(fake.n_resets, 1);
	request_destroy(req);
}

static void
error_of_a_head_request(void **state)
{
	struct request *req = start_request("HEAD");

	(void)state;
	response_error(req, 400, "no Host");
	assert_int_equal(fake.n_ends, 1);
	assert_int_equal(fake.body.len, 0);
	assert_non_null(strstr(fake.head, "Content-Length: "));
	request_destroy(req);
}

static void
the_first_end_word_stays(void **state)
{
	struct request *req = start_request("GET");

	(void)state;
	request_set_end(req, REQUEST_GONE);
	request_set_end(req, REQUEST_DRAIN);
	assert_int_equal(request_ended(req), REQUEST_GONE);
	request_destroy(req);
	request_destroy(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(head_is_completed),
		cmocka_unit_test(hop_by_hop_is_dropped),
		cmocka_unit_test(bad_heads_are_refused),
		cmocka_unit_test(two_lengths_are_refused),
		cmocka_unit_test(body_is_held_to_its_length),
		cmocka_unit_test(no_body_where_http_has_none),
		cmocka_unit_test(files_are_held_to_the_length_too),
		cmocka_unit_test(dropped_fields_leave_no_gap),
		cmocka_unit_test(whole_answers_or_heads),
		cmocka_unit_test(informational_answers),
		cmocka_unit_test(error_after_the_head_cuts),
		cmocka_unit_test(error_of_a_head_request),
		cmocka_unit_test(the_first_end_word_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
