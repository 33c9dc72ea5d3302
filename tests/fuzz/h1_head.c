/*
 * The head of a request and the policy behind it, from any bytes. The first
 * byte chooses the rules, the second where the input is cut; the answer must
 * be the same for the whole and for the parts.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/check.h"
#include "http/http_field.h"
#include "http/http_policy.h"
#include "http/request.h"
#include "http/seams.h"
#include "proto/h1_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_error(const struct http_error *err)
{
	CHECK(err->status >= 400 && err->status <= 599);
	CHECK(err->text != NULL);
}

/* Bytes up to at, then one by one. */
static ssize_t
find_in_parts(const struct h1_rules *rules, struct str in, size_t at,
    struct h1_head *head, struct http_error *err)
{
	ssize_t rc;

	do {
		rc = h1_head_find(head, rules, str_head(in, at), err);
		at++;
	} while (rc == 0 && at <= in.len);
	return rc;
}

static void
check_fields(const struct request *req)
{
	const struct field *f;
	unsigned i;

	for (i = 0; i < req->n_fields; i++) {
		f = &req->fields[i];
		CHECK(http_field_is_token(f->name));
		CHECK(http_field_is_value(f->value));
		CHECK(str_trim(f->value).len == f->value.len);
		CHECK(f->id == http_field_of(f->name));
	}
}

static void
check_request(const struct request *req)
{
	CHECK(http_field_is_token(req->method));
	CHECK(req->target.len > 0);
	CHECK(req->path_info.len <= req->path.len);
	CHECK(!(req->chunked && req->content_length >= 0));
	CHECK(!(req->chunked && req->version != HTTP_1_1));
	check_fields(req);
}

static void
read_head(const struct h1_head *head, const struct h1_rules *rules,
    struct str in, unsigned choice)
{
	static struct stream stream;
	static const struct str forwarders[] = {
		{ "SCRIPT_NAME", 11 }, { "PATH_INFO", 9 },
	};
	static const struct field schemes[] = {
		{
			.name = { "X-FORWARDED-PROTO", 17 },
			.value = { "https", 5 },
		}, {
			.name = { "X-FORWARDED-SSL", 15 },
			.value = { "on", 2 },
		},
	};
	struct http_policy policy = {
		.header_map = (enum header_map)(choice % 3),
		.peer_trusted = (choice & 4) != 0,
		.forwarder_headers = forwarders,
		.n_forwarder_headers = 2,
		.secure_scheme_headers = schemes,
		.n_secure_scheme_headers = 2,
	};
	struct request *req = request_create(&stream, NULL, 1 << 20);
	struct http_error err = { 0, NULL };
	int rc;

	if (req == NULL)
		return;
	http_policy_prepare(&policy);
	rc = h1_head_parse(head, rules, in, req, &err);
	if (rc == 0)
		rc = http_policy_apply(&policy, req, &err);
	if (rc == 0)
		check_request(req);
	else if (rc == -E_PROTOCOL)
		check_error(&err);
	request_destroy(req);
}

/* A copy of exactly this size, so that reading past it is seen. */
static struct str
exact(struct str s)
{
	char *p = malloc(s.len == 0 ? 1 : s.len);

	CHECK(p != NULL);
	if (s.len > 0)
		memcpy(p, s.ptr, s.len);
	return (struct str){ p, s.len };
}

static void
free_exact(struct str s)
{
	free((void *)(uintptr_t)s.ptr);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct h1_rules rules = {
		.head_max = 2048, .line_max = 256, .field_max = 512,
		.n_fields_max = 20,
	};
	struct h1_head whole = { 0 }, parts = { 0 };
	struct http_error err = { 0, NULL }, err2 = { 0, NULL };
	struct str in, head;
	unsigned choice;
	ssize_t n, m;

	if (size < 2)
		return 0;
	choice = data[0];
	rules.strip_header_spaces = (choice & 8) != 0;
	rules.permit_obsolete_folding = (choice & 16) != 0;
	rules.casefold_method = (choice & 32) != 0;
	rules.permit_unconventional_method = (choice & 64) != 0;
	rules.permit_unconventional_version = (choice & 128) != 0;
	in = exact((struct str){ (const char *)data + 2, size - 2 });
	n = h1_head_find(&whole, &rules, in, &err);
	m = find_in_parts(&rules, in, data[1] % (in.len + 1), &parts, &err2);
	CHECK(n == m && err.status == err2.status);
	if (n < 0)
		check_error(&err);
	if (n > 0) {
		CHECK((size_t)n <= in.len && (size_t)n <= rules.head_max);
		head = exact(str_head(in, (size_t)n));
		read_head(&whole, &rules, head, choice);
		free_exact(head);
	}
	free_exact(in);
	return 0;
}
