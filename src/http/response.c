/*
 * response: the checks between a gateway and a protocol. What passes here
 * can be written to a wire as it is.
 */
#include "http/response.h"

#include <stdio.h>

#include "base/check.h"
#include "base/error.h"
#include "base/num.h"
#include "base/scan.h"
#include "http/http_date.h"
#include "http/http_field.h"
#include "http/http_status.h"
#include "http/seams.h"

#include "base/banned.h"

static const struct stream_ops *
ops_of(const struct request *req)
{
	return req->stream->ops;
}

static int
refuse(const char **bad, const char *what)
{
	*bad = what;
	return -E_BAD_VALUE;
}

int
response_check(struct field *f, const char **bad)
{
	f->id = (unsigned char)http_field_of(f->name);
	/* A known name is a token. */
	if (f->id == FIELD_OTHER && !http_field_is_token(f->name))
		return refuse(bad, "a field's name is not a token");
	if (!http_field_is_value(f->value))
		return refuse(bad, "a field's value has a control character");
	f->value = str_trim(f->value);
	return 0;
}

/*
 * RFC 9110, section 7.6.1, and PEP 3333: about the connection, which is not
 * the application's. Gunicorn drops the same ones without a word.
 */
static bool
is_hop_by_hop(enum http_field id)
{
	switch (id) {
	case FIELD_CONNECTION:
	case FIELD_KEEP_ALIVE:
	case FIELD_PROXY_AUTHENTICATE:
	case FIELD_PROXY_AUTHORIZATION:
	case FIELD_PROXY_CONNECTION:
	case FIELD_TE:
	case FIELD_TRAILERS:
	case FIELD_TRANSFER_ENCODING:
	case FIELD_UPGRADE:
		return true;
	default:
		return false;
	}
}

static int
set_length(struct response *resp, struct str value, const char **bad)
{
	uint64_t length;

	if (resp->length >= 0)
		return refuse(bad, "two Content-Length fields");
	if (num_dec(value, INT64_MAX, &length) < 0)
		return refuse(bad, "Content-Length is not a number");
	resp->length = (int64_t)length;
	return 0;
}

/* Those that we have to know of. 1: keep it, 0: drop it, -E_BAD_VALUE. */
static int
note_field(struct request *req, const struct field *f, const char **bad)
{
	struct response *resp = &req->response;

	switch (f->id) {
	case FIELD_OTHER:
	case FIELD_CONTENT_TYPE:
		return 1;
	case FIELD_CONTENT_LENGTH:
		if (set_length(resp, f->value, bad) < 0)
			return -E_BAD_VALUE;
		/* RFC 9110, section 8.6: none in 204. */
		return resp->status != 204;
	case FIELD_DATE:
		resp->has_date = true;
		return 1;
	case FIELD_SERVER:
		resp->has_server = true;
		return 1;
	case FIELD_CONNECTION:
		if (http_field_has(f->value, STR("close")))
			req->keep_alive = false;
		return 0;
	default:
		return !is_hop_by_hop((enum http_field)f->id);
	}
}

/* Drops what may not be sent out of *fields. 0 or -E_BAD_VALUE. */
static int
note_fields(struct request *req, struct field *fields, unsigned *n_fields,
    const char **bad)
{
	unsigned kept = 0;
	int rc;

	for (unsigned i = 0; i < *n_fields; i++) {
		rc = note_field(req, &fields[i], bad);
		if (rc < 0)
			return rc;
		if (rc > 0 && kept++ != i)
			fields[kept - 1] = fields[i];
	}
	*n_fields = kept;
	return 0;
}

/* For the access log, which comes when the gateway's own are gone. */
static int
keep_fields(struct request *req, const struct field *fields, unsigned n)
{
	struct field *kept = arena_alloc(&req->arena, (n + 1) * sizeof *kept);

	if (kept == NULL)
		return -E_NOMEM;
	for (unsigned i = 0; i < n; i++) {
		kept[i] = fields[i];
		kept[i].name = arena_str(&req->arena, fields[i].name);
		kept[i].value = arena_str(&req->arena, fields[i].value);
		if (kept[i].name.ptr == NULL || kept[i].value.ptr == NULL)
			return -E_NOMEM;
	}
	req->response.fields = kept;
	req->response.n_fields = n;
	return 0;
}

/* All that is decided before the protocol has its say. 0 or -E_*. */
static int
decide(struct request *req, unsigned status, struct str *reason,
    struct field *fields, unsigned *n_fields, const char **bad)
{
	struct response *resp = &req->response;
	int rc;

	CHECK(resp->state == RESPONSE_NONE);
	if (status < 200 || status > 599)
		return refuse(bad, "the status is not 200 to 599");
	if (!http_field_is_value(*reason))
		return refuse(bad, "the reason has a control character");
	resp->status = status;
	resp->length = -1;
	resp->has_date = resp->has_server = false;
	resp->no_body =
	    http_status_no_body(status) || str_eq(req->method, STR("HEAD"));
	if (reason->len == 0)
		*reason = http_status_reason(status);
	rc = note_fields(req, fields, n_fields, bad);
	if (rc == 0 && req->keep_fields)
		rc = keep_fields(req, fields, *n_fields);
	return rc;
}

static int
begin(struct request *req, unsigned status, struct str reason,
    const struct field *fields, unsigned n_fields)
{
	int rc =
	    ops_of(req)->head(req->stream, status, reason, fields, n_fields);

	if (rc == 0)
		req->response.state = RESPONSE_STARTED;
	return rc;
}

int
response_start(struct request *req, unsigned status, struct str reason,
    struct field *fields, unsigned n_fields, const char **bad)
{
	int rc = decide(req, status, &reason, fields, &n_fields, bad);

	return rc < 0 ? rc : begin(req, status, reason, fields, n_fields);
}

int
response_whole(struct request *req, unsigned status, struct str reason,
    struct field *fields, unsigned n_fields, struct str body, const char **bad)
{
	struct response *resp = &req->response;
	int rc = decide(req, status, &reason, fields, &n_fields, bad);

	if (rc < 0)
		return rc;
	if (resp->no_body)
		body.len = 0;
	if (ops_of(req)->whole != NULL &&
	    (resp->no_body || resp->length == (int64_t)body.len)) {
		/* Now, for afterwards there may be no request. */
		resp->state = RESPONSE_ENDED;
		resp->body_sent = body.len;
		rc = ops_of(req)->whole(
		    req->stream, status, reason, fields, n_fields, body);
		if (rc == 0)
			return 0;
		resp->state = RESPONSE_NONE;
		resp->body_sent = 0;
		if (rc != -E_FULL)
			return rc;
	}
	rc = begin(req, status, reason, fields, n_fields);
	return rc < 0 ? rc : 1;
}

int
response_informational(struct request *req, unsigned status,
    const struct field *fields, unsigned n_fields)
{
	unsigned i;

	if (status < 100 || status > 199 || status == 101)
		return -E_BAD_VALUE;
	for (i = 0; i < n_fields; i++)
		if (is_hop_by_hop((enum http_field)fields[i].id))
			return -E_BAD_VALUE;
	/* HTTP/1.0 has none (RFC 9110, section 15.2), and none may be late. */
	if (req->version == HTTP_1_0 || req->response.state != RESPONSE_NONE)
		return 0;
	return ops_of(req)->informational(
	    req->stream, status, fields, n_fields);
}

/* How much of n bytes may still go out. */
static size_t
within_length(const struct response *resp, size_t n)
{
	uint64_t left;

	if (resp->length < 0)
		return n;
	left = (uint64_t)resp->length - resp->body_sent;
	return n < left ? n : (size_t)left;
}

/* Counts what the protocol took of allowed, where n were offered. */
static ssize_t
count_taken(struct response *resp, ssize_t taken, size_t allowed, size_t n)
{
	if (taken < 0)
		return taken;
	resp->body_sent += (uint64_t)taken;
	if ((size_t)taken == allowed && allowed < n)
		return -E_TOO_LONG;
	return taken;
}

ssize_t
response_write(struct request *req, struct str data)
{
	struct response *resp = &req->response;
	size_t allowed;
	ssize_t taken = 0;

	CHECK(resp->state == RESPONSE_STARTED);
	if (resp->no_body)
		return request_ended(req) != REQUEST_GOES_ON
		    ? -E_GONE
		    : (ssize_t)data.len;
	allowed = within_length(resp, data.len);
	if (allowed > 0)
		taken = ops_of(req)->body(req->stream, str_head(data, allowed));
	return count_taken(resp, taken, allowed, data.len);
}

ssize_t
response_file(struct request *req, int fd, off_t offset, size_t len)
{
	struct response *resp = &req->response;
	size_t allowed;
	ssize_t taken = 0;

	CHECK(resp->state == RESPONSE_STARTED);
	if (resp->no_body)
		return (ssize_t)len;
	if (ops_of(req)->file == NULL)
		return -E_NOT_FOUND;
	allowed = within_length(resp, len);
	if (allowed > 0)
		taken = ops_of(req)->file(req->stream, fd, offset, allowed);
	/* The protocol may have none on this connection only (TLS). */
	return count_taken(resp, taken, allowed, len);
}

int
response_end(struct request *req)
{
	struct response *resp = &req->response;

	CHECK(resp->state == RESPONSE_STARTED);
	resp->state = RESPONSE_ENDED;
	if (!resp->no_body && resp->length >= 0 &&
	    resp->body_sent < (uint64_t)resp->length) {
		ops_of(req)->reset(req->stream);
		return -E_PROTOCOL;
	}
	return ops_of(req)->end(req->stream);
}

static void
reset(struct request *req)
{
	req->response.state = RESPONSE_ENDED;
	ops_of(req)->reset(req->stream);
}

int
response_connection(struct request *req, bool take)
{
	int fd;

	if (ops_of(req)->connection == NULL)
		return -E_NOT_FOUND;
	fd = ops_of(req)->connection(req->stream, take);
	/* What it says there is not seen; this is the meaning, for the log. */
	if (fd >= 0 && take && req->response.state == RESPONSE_NONE)
		req->response.status = 101;
	return fd;
}

void
response_left(struct request *req)
{
	CHECK(request_ended(req) == REQUEST_TAKEN);
	reset(req);
}

static struct str
error_page(char *dst, size_t size, unsigned status, const char *detail)
{
	struct str reason = http_status_reason(status);
	int n;

	n = snprintf(dst, size,
	    "<!doctype html>\n<title>%u %.*s</title>\n<h1>%.*s</h1>\n"
	    "<p>%s</p>\n",
	    status, STR_ARG(reason), STR_ARG(reason),
	    detail == NULL ? "" : detail);
	if (n < 0 || (size_t)n >= size)
		n = 0;
	return (struct str){ dst, (size_t)n };
}

void
response_error(struct request *req, unsigned status, const char *detail)
{
	char text[1024], digits[20];
	struct str page = error_page(text, sizeof text, status, detail);
	struct field fields[] = {
		{
		    .id = FIELD_CONTENT_TYPE,
		    .name = STR("Content-Type"),
		    .value = STR("text/html; charset=utf-8"),
		},
		{
		    .id = FIELD_CONTENT_LENGTH,
		    .name = STR("Content-Length"),
		    .value = { digits, num_put_dec(digits, page.len) },
		},
	};
	const char *bad;

	if (req->response.state == RESPONSE_ENDED)
		return;
	/* What went wrong may have left the body half read. */
	req->keep_alive = false;
	if (req->response.state == RESPONSE_STARTED ||
	    response_start(req, status, STR(""), fields, 2, &bad) < 0 ||
	    response_write(req, page) != (ssize_t)page.len)
		reset(req);
	else
		response_end(req);
}
