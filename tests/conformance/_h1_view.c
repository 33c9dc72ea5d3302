/*
 * What our parser makes of some bytes, as text that a test can compare with
 * what another parser makes of them. Built by the test into a library of its
 * own; not part of the server.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "http/http_policy.h"
#include "http/seams.h"
#include "proto/h1_chunk.h"
#include "proto/h1_head.h"

static const struct h1_rules rules = {
	.head_max = 65536, .line_max = 4094, .field_max = 8190,
	.n_fields_max = 100,
};

/* Dropping would hide fields from the comparison. */
static const struct http_policy policy = {
	.header_map = HEADER_MAP_DANGEROUS,
};

/* Bytes read, or -1: broken. What is body goes to out. */
static ssize_t
read_body(const struct request *req, struct str in, struct buf *out,
    bool *complete, struct http_error *err)
{
	struct h1_chunk st;
	struct str data;
	size_t used = 0;
	ssize_t n = 1;

	*complete = true;
	if (!req->chunked) {
		used = req->content_length > 0 ? (size_t)req->content_length : 0;
		*complete = used <= in.len;
		data = str_head(in, used);
		return buf_put(out, data) < 0 ? -1 : (ssize_t)data.len;
	}
	h1_chunk_init(&st, &rules, req->n_fields);
	while (n > 0 && used < in.len && !st.done) {
		n = h1_chunk_decode(&st, str_tail(in, used), in.len, &data,
		    err);
		if (n < 0 || buf_put(out, data) < 0)
			return -1;
		used += (size_t)n;
	}
	*complete = st.done;
	return (ssize_t)used;
}

static int
read_request(struct str in, struct request *req, struct str *rest,
    struct http_error *err)
{
	struct h1_head head = { 0 };
	ssize_t n = h1_head_find(&head, &rules, in, err);

	if (n == 0)
		return 0;
	if (n > 0 &&
	    h1_head_parse(&head, &rules, str_head(in, (size_t)n), req,
	    err) == 0 && http_policy_apply(&policy, req, err) == 0) {
		*rest = str_tail(in, (size_t)n);
		return 200;
	}
	return (int)err->status;
}

static int
put_view(const struct request *req, struct buf *out)
{
	unsigned i;

	buf_printf(out, "%.*s\n%.*s\n1.%c\n", STR_ARG(req->method),
	    STR_ARG(req->target), req->version == HTTP_1_0 ? '0' : '1');
	for (i = 0; i < req->n_fields; i++)
		buf_printf(out, "%.*s:%.*s\n", STR_ARG(req->fields[i].name),
		    STR_ARG(req->fields[i].value));
	return buf_printf(out, "\n");
}

/*
 * Writes "method, target, version, fields, empty line, body" to out, its
 * length to *out_len. Returns 200 (complete), 100 (accepted so far, more of
 * the body is wanted), 0 (more of the head is wanted), or the status of the
 * refusal, whose text is then all that out has. *rest_len: bytes left for the
 * next request.
 */
int h1_view(const char *in, size_t len, char *out, size_t out_size,
    size_t *out_len, size_t *rest_len);

int
h1_view(const char *in, size_t len, char *out, size_t out_size,
    size_t *out_len, size_t *rest_len)
{
	static struct stream stream;
	struct request *req = request_create(&stream, NULL, 1 << 22);
	struct str rest = { NULL, 0 };
	struct http_error err = { 0, NULL };
	bool complete = false;
	struct buf text;
	ssize_t used;
	int status;

	if (req == NULL)
		return -1;
	buf_init(&text, out_size);
	req->scheme = STR("http");
	status = read_request((struct str){ in, len }, req, &rest, &err);
	if (status == 200) {
		put_view(req, &text);
		used = read_body(req, rest, &text, &complete, &err);
		status = used < 0 ? (int)err.status : complete ? 200 : 100;
		*rest_len = used < 0 ? 0 : rest.len - (size_t)used;
	}
	if (status >= 400) {
		buf_finish(&text);
		buf_init(&text, out_size);
		buf_put(&text, str_of(err.text));
	}
	*out_len = buf_len(&text);
	if (*out_len > 0)
		memcpy(out, text.mem, *out_len);
	buf_finish(&text);
	request_destroy(req);
	return status;
}
