/*
 * A uwsgi request and the policy behind it, from any bytes. The first byte
 * chooses the rules. With less of it there is no other answer but "more".
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/check.h"
#include "http/http_field.h"
#include "http/http_policy.h"
#include "http/request.h"
#include "http/seams.h"
#include "proto/uwsgi_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_request(const struct request *req)
{
	const struct field *f;

	CHECK(http_field_is_token(req->method));
	CHECK(req->target.len > 0 && !req->chunked);
	CHECK(str_eq(req->path, req->path_info));
	CHECK(req->path.len == 0 || req->path.ptr[0] == '/' ||
	    str_eq(req->path, STR("*")));
	CHECK(req->peer.host.len <= 45);
	for (f = req->fields; f < req->fields + req->n_fields; f++) {
		CHECK(http_field_is_token(f->name));
		CHECK(http_field_is_value(f->value));
		CHECK(str_find(f->name, '_') == f->name.len);
		CHECK(f->id == http_field_of(f->name));
	}
}

static void
read_head(const struct h1_rules *rules, struct str in, bool trusted)
{
	static struct stream stream;
	struct http_policy policy = { .peer_trusted = trusted };
	struct request *req = request_create(&stream, NULL, 1 << 20);
	struct http_error err = { 0, NULL };
	int rc;

	if (req == NULL)
		return;
	req->scheme = STR("http");
	http_policy_prepare(&policy);
	rc = uwsgi_head_parse(rules, in, req, &err);
	if (rc == 0)
		rc = http_policy_apply(&policy, req, &err);
	if (rc == 0)
		check_request(req);
	else if (rc == -E_PROTOCOL)
		CHECK(err.status >= 400 && err.text != NULL);
	request_destroy(req);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct h1_rules rules = {
		.head_max = 2048,
		.line_max = 256,
		.field_max = 512,
		.n_fields_max = 20,
	};
	struct http_error err;
	struct str in;
	ssize_t n;
	char *p;

	if (size == 0)
		return 0;
	rules.casefold_method = (data[0] & 1) != 0;
	rules.permit_unconventional_method = (data[0] & 2) != 0;
	/* Of exactly this size, so that reading past it is seen. */
	p = malloc(size);
	CHECK(p != NULL);
	memcpy(p, data + 1, size - 1);
	in = (struct str){ p, size - 1 };
	n = uwsgi_head_find(in, &err);
	CHECK(n <= (ssize_t)in.len && n <= UWSGI_HEAD_MAX);
	for (size_t i = 1; n > 0 && i < (size_t)n && i < 300; i++)
		CHECK(uwsgi_head_find(str_head(in, i), &err) == 0);
	if (n > 0) {
		char *exact = malloc((size_t)n);

		CHECK(exact != NULL);
		memcpy(exact, p, (size_t)n);
		read_head(&rules, (struct str){ exact, (size_t)n },
		    (data[0] & 4) != 0);
		free(exact);
	}
	free(p);
	return 0;
}
