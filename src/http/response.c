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

#define SERVER_NAME "greencorn"

/* Fields of the application on their way to the protocol. */
struct head {
	struct field *fields; /* room for the application's and two more */
	unsigned n;
	bool has_date, has_server;
	const char **bad; /* where to say what may not be sent */
};

static const struct stream_ops *
ops_of(const struct request *req)
{
	return req->stream->ops;
}

static int
refuse(struct head *h, const char *what)
{
	*h->bad = what;
	return -E_BAD_VALUE;
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
set_length(struct request *req, struct head *h, struct str value)
{
	uint64_t length;

	if (req->response.length >= 0)
		return refuse(h, "two Content-Length fields");
	if (num_dec(value, INT64_MAX, &length) < 0)
		return refuse(h, "Content-Length is not a number");
	req->response.length = (int64_t)length;
	return 0;
}

/* Takes one field over: 0 and kept, 0 and dropped, or -E_BAD_VALUE. */
static int
add_field(struct request *req, struct head *h, const struct field *f)
{
	enum http_field id;
	int rc;

	if (!http_field_is_token(f->name))
		return refuse(h, "a field's name is not a token");
	if (!http_field_is_value(f->value))
		return refuse(h, "a field's value has a control character");
	id = http_field_of(f->name);
	if (id == FIELD_CONNECTION && http_field_has(f->value, STR("close")))
		req->keep_alive = false;
	if (is_hop_by_hop(id))
		return 0;
	if (id == FIELD_CONTENT_LENGTH) {
		rc = set_length(req, h, str_trim(f->value));
		/* RFC 9110, section 8.6: none in 204. */
		if (rc < 0 || req->response.status == 204)
			return rc;
	}
	h->has_date |= id == FIELD_DATE;
	h->has_server |= id == FIELD_SERVER;
	h->fields[h->n] = *f;
	h->fields[h->n].value = str_trim(f->value);
	h->n++;
	return 0;
}

static int
add_ours(struct request *req, struct head *h)
{
	struct str date;

	if (!h->has_server)
		h->fields[h->n++] = (struct field){
			.name = STR("Server"),
			.value = STR(SERVER_NAME),
		};
	if (!h->has_date) {
		date = arena_str(&req->arena, http_date_now());
		if (date.ptr == NULL)
			return -E_NOMEM;
		h->fields[h->n++] = (struct field){
			.name = STR("Date"),
			.value = date,
		};
	}
	return 0;
}

static int
add_fields(struct request *req, struct head *h, const struct field *fields,
    unsigned n_fields)
{
	unsigned i;
	int rc;

	h->fields =
	    arena_alloc(&req->arena, ((size_t)n_fields + 2) * sizeof *fields);
	if (h->fields == NULL)
		return -E_NOMEM;
	for (i = 0; i < n_fields; i++) {
		rc = add_field(req, h, &fields[i]);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int
check_status(struct head *h, unsigned status, struct str reason)
{
	if (status < 200 || status > 599)
		return refuse(h, "the status is not 200 to 599");
	if (!http_field_is_value(reason))
		return refuse(h, "the reason has a control character");
	return 0;
}

int
response_start(struct request *req, unsigned status, struct str reason,
    const struct field *fields, unsigned n_fields, const char **bad)
{
	struct response *resp = &req->response;
	struct head h = { .bad = bad };
	int rc;

	CHECK(resp->state == RESPONSE_NONE);
	rc = check_status(&h, status, reason);
	if (rc < 0)
		return rc;
	resp->status = status;
	resp->length = -1;
	resp->no_body =
	    http_status_no_body(status) || str_eq(req->method, STR("HEAD"));
	rc = add_fields(req, &h, fields, n_fields);
	if (rc == 0)
		rc = add_ours(req, &h);
	if (rc < 0)
		return rc;
	if (reason.len == 0)
		reason = http_status_reason(status);
	rc = ops_of(req)->head(req->stream, status, reason, h.fields, h.n);
	if (rc == 0)
		resp->state = RESPONSE_STARTED;
	return rc;
}

int
response_informational(struct request *req, unsigned status,
    const struct field *fields, unsigned n_fields)
{
	unsigned i;

	if (status < 100 || status > 199 || status == 101)
		return -E_BAD_VALUE;
	for (i = 0; i < n_fields; i++)
		if (!http_field_is_token(fields[i].name) ||
		    !http_field_is_value(fields[i].value) ||
		    is_hop_by_hop(http_field_of(fields[i].name)))
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
	const struct field fields[] = {
		{
		    .name = STR("Content-Type"),
		    .value = STR("text/html; charset=utf-8"),
		},
		{
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
