/* Chunked bodies: every place of the grammar, every limit, every cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/http_field.h"
#include "proto/h1_chunk.h"

static const struct h1_rules rules = {
	.head_max = 65536, .line_max = 4094, .field_max = 8190,
	.n_fields_max = 100,
};

struct outcome {
	char data[64];
	size_t len;
	size_t used;
	unsigned status;
	bool done;
};

/* step bytes at a time, room bytes of data at a time. */
static struct outcome
decode(const struct h1_rules *r, unsigned n_fields, struct str in,
    size_t step, size_t room)
{
	struct http_error err = { 0, NULL };
	struct outcome o = { .len = 0 };
	struct h1_chunk st;
	struct str data;
	ssize_t n;

	h1_chunk_init(&st, r, n_fields);
	while (o.used < in.len && !st.done) {
		n = h1_chunk_decode(&st,
		    str_head(str_tail(in, o.used), step), room, &data, &err);
		if (n < 0)
			break;
		assert_true(n > 0);
		assert_true(data.len <= room);
		if (o.len + data.len <= sizeof o.data)
			memcpy(o.data + o.len, data.ptr, data.len);
		o.len += data.len;
		o.used += (size_t)n;
	}
	assert_int_equal(st.total, o.len);
	o.status = err.status;
	o.done = st.done;
	return o;
}

/* The outcome of the whole, which must be that of the parts. */
static struct outcome
outcome_of(const struct h1_rules *r, unsigned n_fields, struct str in)
{
	struct outcome whole = decode(r, n_fields, in, in.len, SIZE_MAX);
	size_t step;

	for (step = 1; step < 5; step++) {
		struct outcome parts = decode(r, n_fields, in, step, step);

		assert_int_equal(whole.status, parts.status);
		assert_int_equal(whole.done, parts.done);
		assert_int_equal(whole.len, parts.len);
		if (whole.done)
			assert_int_equal(whole.used, parts.used);
	}
	return whole;
}

static void
bodies(void **state)
{
	static const struct {
		const char *wire, *data;
		size_t rest; /* bytes that belong to the next request */
	} rows[] = {
		{ "0\r\n\r\n", "", 0 },
		{ "5\r\nhello\r\n0\r\n\r\nGET", "hello", 3 },
		{ "A\r\n0123456789\r\na\r\n0123456789\r\n000\r\n\r\n",
		    "01234567890123456789", 0 },
		{ "0000000000000001\r\nx\r\n0\r\n\r\n", "x", 0 },
		{ "2\r\n\r\n\r\n0\r\n\r\n", "\r\n", 0 },
		{ "1;a\r\nx\r\n0;b;c=d;e=\"f;\\\"g\" \t; h\r\n\r\n", "x", 0 },
		{ "1 ;a\r\nx\r\n0\t; a\r\n\r\n", "x", 0 },
		{ "1;a=\"\xc3\xa9\t\"\r\nx\r\n0\r\n\r\n", "x", 0 },
		{ "0\r\nX-Sum: 5\r\nY:\r\nZ: \xe9\r\n\r\nx", "", 1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct outcome o = outcome_of(&rules, 0, str_of(rows[i].wire));

		if (!o.done || o.status != 0)
			fail_msg("%s: %u", rows[i].wire, o.status);
		assert_true(str_eq((struct str){ o.data, o.len },
		    str_of(rows[i].data)));
		assert_int_equal(strlen(rows[i].wire) - o.used, rows[i].rest);
	}
}

static void
broken_bodies(void **state)
{
	static const char *const rows[] = {
		"\r\n", "x\r\n", "-1\r\n", "+1\r\n", "0x1\r\n", "1x\r\n",
		" 1\r\n", "1 \r\n", "1\t\r\n", "1_0\r\n", "1,1\r\n",
		"\n", "1\n", "0\n\n", "1\r\r\n", "1\rx", "1\r\nx\n",
		"1\r\nxx\r\n", "1\r\nx0\r\n", "1\r\nx\r0", "1\r\nx\r\n\r\n",
		"00000000000000001\r\n", "8000000000000000\r\n",
		"ffffffffffffffff\r\n", "10000000000000000\r\n",
		";a\r\n", "1;\r\n", "1;;a\r\n", "1; \r\n", "1;a=\r\n",
		"1;a=;b\r\n", "1;a =b\r\n", "1;a= b\r\n", "1;a b\r\n",
		"1;a \r\n", "1;a\n", "1;a\rb\r\n", "1;a=\"b\r\n",
		"1;a=\"b\"c\r\n", "1;a=\"\x01\"\r\n", "1;a=\"\\\n\"\r\n",
		"1;a=\"b\nc\"\r\n", "1;(\r\n", "1;a=(\r\n", "1;\xe9\r\n",
		"0\r\nX\r\n", "0\r\n: x\r\n", "0\r\nX : y\r\n", "0\r\n X: y",
		"0\r\nX: y\n", "0\r\nX: y\r\n z\r\n", "0\r\nX: \x01",
		"0\r\nX: y\rz", "0\r\n\n", "0\r\n\rx", "0\r\n\r\r\n",
		"0\r\nHost: a\r\n", "0\r\ncontent-LENGTH: 1\r\n",
		"0\r\nTransfer-Encoding: chunked\r\n", "0\r\nTrailer: a\r\n",
		"0\r\nAuthorization: a\r\n", "0\r\nTE: a\r\n",
		"0\r\nConnection: close\r\n", "0\r\nContent-Type: a\r\n",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct outcome o = outcome_of(&rules, 0, str_of(rows[i]));

		if (o.status != 400 || o.done)
			fail_msg("%s: %u", rows[i], o.status);
	}
	assert_int_equal(outcome_of(&rules, 0, STR("1\0\r\n")).status, 400);
	assert_int_equal(outcome_of(&rules, 0, STR("0\r\nX: \0")).status, 400);
}

static void
the_largest_size(void **state)
{
	struct outcome o;

	(void)state;
	o = outcome_of(&rules, 0, STR("7fffffffffffffff\r\nabc"));
	assert_int_equal(o.status, 0);
	assert_int_equal(o.len, 3);
	assert_false(o.done);
}

/* Unfinished: more is wanted, nothing is refused. */
static void
truncated_is_not_done(void **state)
{
	static const char text[] = "3;a=\"b\"\r\nxyz\r\n0\r\nA: b\r\n\r\n";
	size_t len;

	(void)state;
	for (len = 0; len < sizeof text - 1; len++) {
		struct outcome o = decode(&rules, 0,
		    (struct str){ text, len }, len == 0 ? 1 : len, SIZE_MAX);

		assert_int_equal(o.status, 0);
		assert_false(o.done);
		assert_int_equal(o.used, len);
	}
}

/* The byte at @ is replaced by each of the 256 in turn. */
static void
check_bytes(const char *pattern, bool (*good)(unsigned c))
{
	char text[100];
	size_t at = str_find(str_of(pattern), '@');
	size_t len = strlen(pattern);
	struct outcome o;
	unsigned c;

	memcpy(text, pattern, len);
	for (c = 0; c < 256; c++) {
		text[at] = (char)c;
		o = outcome_of(&rules, 0, (struct str){ text, len });
		if ((o.status == 0) != good(c))
			fail_msg("%s with byte %u: %u", pattern, c, o.status);
	}
}

static bool
any_byte(unsigned c)
{
	(void)c;
	return true;
}

static bool
is_cr(unsigned c)
{
	return c == '\r';
}

static bool
is_lf(unsigned c)
{
	return c == '\n';
}

static bool
in_ext(unsigned c)
{
	return http_field_is_tchar((char)c) || c == ';' || c == '=';
}

static bool
in_quotes(unsigned c)
{
	/* A quote there ends the string and breaks what follows. */
	return c == '\t' || (c >= 32 && c != 127 && c != '"');
}

static bool
in_value(unsigned c)
{
	return c == '\t' || (c >= 32 && c != 127);
}

static bool
in_name(unsigned c)
{
	return http_field_is_tchar((char)c) || c == ':';
}

static void
every_byte_in_every_place(void **state)
{
	(void)state;
	check_bytes("1\r\n@\r\n0\r\n\r\n", any_byte);
	check_bytes("1@\nx\r\n0\r\n\r\n", is_cr);
	check_bytes("1\r@x\r\n0\r\n\r\n", is_lf);
	check_bytes("1\r\nx@\n0\r\n\r\n", is_cr);
	check_bytes("1\r\nx\r@0\r\n\r\n", is_lf);
	check_bytes("0\r\n\r@", is_lf);
	check_bytes("1;a@b\r\nx\r\n0\r\n\r\n", in_ext);
	check_bytes("1;a=\"b@c\"\r\nx\r\n0\r\n\r\n", in_quotes);
	check_bytes("0\r\nA: b@c\r\n\r\n", in_value);
	check_bytes("0\r\nA@B: c\r\n\r\n", in_name);
}

static struct str
filled(char *text, const char *before, size_t n, const char *after)
{
	size_t len = strlen(before);

	memcpy(text, before, len);
	memset(text + len, 'a', n);
	memcpy(text + len + n, after, strlen(after));
	return (struct str){ text, len + n + strlen(after) };
}

static void
limits(void **state)
{
	static char text[20000];
	struct h1_rules r = rules;
	unsigned i;

	(void)state;
	for (i = 0; i < 2; i++) {
		/* Finished or not, the limit is the same. */
		const char *end = i == 0 ? "\r\n\r\n" : "";

		assert_int_equal(outcome_of(&rules, 0, filled(text, "0;",
		    H1_CHUNK_LINE_MAX - 2, end)).status, 0);
		assert_int_equal(outcome_of(&rules, 0, filled(text, "0;",
		    H1_CHUNK_LINE_MAX - 1, end)).status, 400);
		assert_int_equal(outcome_of(&rules, 0, filled(text, "0\r\nA:",
		    8190 - 4, end)).status, 0);
		assert_int_equal(outcome_of(&rules, 0, filled(text, "0\r\nA:",
		    8190 - 3, end)).status, 431);
	}
	r.field_max = 0;
	assert_int_equal(outcome_of(&r, 0, filled(text, "0\r\nA:",
	    H1_CHUNK_TRAILER_MAX - 2, "\r\n\r\n")).status, 0);
	assert_int_equal(outcome_of(&r, 0, filled(text, "0\r\nA:",
	    H1_CHUNK_TRAILER_MAX - 1, "\r\n\r\n")).status, 431);
}

/* One limit for the fields of the head and the trailer together. */
static void
trailers_count_as_fields(void **state)
{
	(void)state;
	assert_int_equal(outcome_of(&rules, 98,
	    STR("0\r\nA: b\r\nB: c\r\n\r\n")).status, 0);
	assert_int_equal(outcome_of(&rules, 99,
	    STR("0\r\nA: b\r\nB: c\r\n\r\n")).status, 431);
	assert_int_equal(outcome_of(&rules, 100, STR("0\r\n\r\n")).status, 0);
	assert_int_equal(outcome_of(&rules, 100, STR("0\r\nA")).status, 431);
}

static void
waits_for_room(void **state)
{
	struct http_error err;
	struct h1_chunk st;
	struct str data;

	(void)state;
	h1_chunk_init(&st, &rules, 0);
	assert_int_equal(h1_chunk_decode(&st, STR("3\r\nabc\r\n"), 0, &data,
	    &err), 3);
	assert_int_equal(data.len, 0);
	assert_int_equal(h1_chunk_decode(&st, STR("abc\r\n"), 0, &data, &err),
	    0);
	assert_int_equal(h1_chunk_decode(&st, STR("abc\r\n"), 2, &data, &err),
	    2);
	assert_true(str_eq(data, STR("ab")));
}

static void
heads_of_chunks(void **state)
{
	char dst[H1_CHUNK_HEAD_MAX];

	(void)state;
	assert_int_equal(h1_chunk_put_head(dst, 500), 5);
	assert_memory_equal(dst, "1f4\r\n", 5);
	assert_int_equal(h1_chunk_put_head(dst, 1), 3);
	assert_memory_equal(dst, "1\r\n", 3);
	assert_int_equal(h1_chunk_put_head(dst, UINT64_MAX),
	    H1_CHUNK_HEAD_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bodies),
		cmocka_unit_test(broken_bodies),
		cmocka_unit_test(the_largest_size),
		cmocka_unit_test(truncated_is_not_done),
		cmocka_unit_test(every_byte_in_every_place),
		cmocka_unit_test(limits),
		cmocka_unit_test(trailers_count_as_fields),
		cmocka_unit_test(waits_for_room),
		cmocka_unit_test(heads_of_chunks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
