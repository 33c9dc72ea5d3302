/*
 * http_policy: one pass over the fields that drops, counts and remembers,
 * then a function for each thing that follows from what was found.
 */
#include "http/http_policy.h"

#include "base/num.h"
#include "http/http_field.h"
#include "http/http_host.h"

#include "base/banned.h"

/* What the pass over the fields has found. */
struct found {
	struct field *host;
	const struct field *length, *coding, *expect;
	unsigned n_hosts, n_lengths, n_codings, n_types;
	bool close, keep_alive;
	bool scheme_set, https;
};

struct check {
	const struct http_policy *policy;
	struct request *req;
	struct http_error *err;
	struct found found;
};

static int
bad(struct check *c, const char *text)
{
	return http_error_set(c->err, 400, text);
}

/* ---- the pass over the fields ---- */

static bool
may_forward(const struct http_policy *policy, struct str name)
{
	unsigned i;

	if (!policy->peer_trusted)
		return false;
	for (i = 0; i < policy->n_forwarder_headers; i++)
		if (str_eq(policy->forwarder_headers[i], STR("*")) ||
		    str_eq_nocase(policy->forwarder_headers[i], name))
			return true;
	return false;
}

/* 1: keep it, 0: drop it, -E_PROTOCOL: refuse the request. */
static int
check_name(struct check *c, const struct field *f)
{
	/* No name that is known has one. */
	if (f->id != FIELD_OTHER || str_find(f->name, '_') == f->name.len ||
	    c->policy->header_map == HEADER_MAP_DANGEROUS ||
	    may_forward(c->policy, f->name))
		return 1;
	if (c->policy->header_map == HEADER_MAP_REFUSE)
		return bad(c, "a header field's name has an underscore");
	return 0;
}

/* Its name may be one of secure_scheme_headers (or the id tells too little) */
static bool
may_be_secure(const struct http_policy *p, const struct field *f)
{
	return p->secure_ids[f->id / 64] >> f->id % 64 & 1;
}

/* secure_scheme_headers: two that disagree deceive somebody. */
static int
note_scheme(struct check *c, const struct field *f)
{
	const struct http_policy *p = c->policy;
	unsigned i;
	bool https;

	if (!may_be_secure(p, f))
		return 0;
	for (i = 0; i < p->n_secure_scheme_headers; i++) {
		const struct field *secure = &p->secure_scheme_headers[i];

		if (!str_eq_nocase(f->name, secure->name))
			continue;
		https = str_eq(f->value, secure->value);
		if (c->found.scheme_set && https != c->found.https)
			return bad(c, "contradictory scheme headers");
		c->found.scheme_set = true;
		c->found.https = https;
	}
	return 0;
}

/* RFC 9113, section 8.2.2: HTTP/2 has no fields about the connection. */
static int
check_h2_field(struct check *c, const struct field *f)
{
	switch (f->id) {
	case FIELD_CONNECTION:
	case FIELD_KEEP_ALIVE:
	case FIELD_PROXY_CONNECTION:
	case FIELD_TRANSFER_ENCODING:
	case FIELD_UPGRADE:
		return bad(c, "a field about the connection");
	case FIELD_TE:
		if (!str_eq_nocase(f->value, STR("trailers")))
			return bad(c, "TE is not \"trailers\"");
		return 0;
	default:
		return 0;
	}
}

static int
note_expect(struct check *c, const struct field *f)
{
	/* RFC 9110, section 10.1.1: HTTP/1.0 has no expectations. */
	if (c->req->version == HTTP_1_0)
		return 0;
	if (!str_eq_nocase(f->value, STR("100-continue")))
		return http_error_set(c->err, 417, "an unknown expectation");
	c->found.expect = f;
	return 0;
}

static void
note_connection(struct found *found, struct str value)
{
	if (str_eq(value, STR("keep-alive"))) { /* what all browsers say */
		found->keep_alive = true;
		return;
	}
	found->close |= http_field_has(value, STR("close"));
	found->keep_alive |= http_field_has(value, STR("keep-alive"));
}

static int
note_field(struct check *c, struct field *f)
{
	struct found *found = &c->found;

	switch (f->id) {
	case FIELD_HOST:
		found->host = f;
		found->n_hosts++;
		return 0;
	case FIELD_CONTENT_LENGTH:
		found->length = f;
		found->n_lengths++;
		return 0;
	case FIELD_TRANSFER_ENCODING:
		found->coding = f;
		found->n_codings++;
		return 0;
	case FIELD_CONTENT_TYPE:
		found->n_types++;
		return 0;
	case FIELD_CONNECTION:
		note_connection(found, f->value);
		return 0;
	case FIELD_EXPECT:
		return note_expect(c, f);
	default:
		return 0;
	}
}

static int
note_all(struct check *c, struct field *f)
{
	int rc = 0;

	if (c->req->version == HTTP_2)
		rc = check_h2_field(c, f);
	if (rc == 0)
		rc = note_field(c, f);
	if (rc == 0 && c->policy->peer_trusted)
		rc = note_scheme(c, f);
	return rc;
}

/* One that nothing below looks at: those that it does come first. */
static bool
is_indifferent(const struct check *c, const struct field *f)
{
	return f->id > FIELD_EXPECT && !may_be_secure(c->policy, f);
}

static int
pass_fields(struct check *c)
{
	struct request *req = c->req;
	bool h1 = req->version != HTTP_2;
	unsigned i, kept = 0;
	int rc;

	for (i = 0; i < req->n_fields; i++) {
		if (kept == i && h1 && is_indifferent(c, &req->fields[i])) {
			kept++;
			continue;
		}
		rc = check_name(c, &req->fields[i]);
		if (rc < 0)
			return rc;
		if (rc == 0)
			continue;
		if (kept != i)
			req->fields[kept] = req->fields[i];
		rc = note_all(c, &req->fields[kept]);
		if (rc < 0)
			return rc;
		kept++;
	}
	req->n_fields = kept;
	return 0;
}

/* ---- what follows ---- */

/* RFC 9112, section 3.2. */
static int
decide_host(struct check *c)
{
	struct field *f = c->found.host;
	struct http_host host;

	if (c->found.n_hosts > 1)
		return bad(c, "more than one Host");
	if (f == NULL)
		return c->req->version == HTTP_1_1 ? bad(c, "no Host") : 0;
	if (f->value.len > 0 && http_host_parse(f->value, &host) < 0)
		return bad(c, "Host is not valid");
	/* Section 3.2.2: a target that names its host outdoes the field. */
	if (c->req->host.len > 0) {
		f->value = c->req->host;
	} else {
		c->req->host = f->value;
	}
	return 0;
}

/*
 * "chunked" and nothing else is understood. A list that does not end in it
 * has no end that both sides know (RFC 9112, section 6.3).
 */
static int
check_codings(struct check *c, struct str list)
{
	struct str coding;
	bool other = false;

	do {
		coding = str_trim(str_cut(&list, ','));
		if (coding.len == 0)
			return bad(c, "Transfer-Encoding is malformed");
		if (!str_eq_nocase(coding, STR("chunked")))
			other = true;
		else if (list.ptr != NULL)
			return bad(c, "chunked is not the last coding");
	} while (list.ptr != NULL);
	if (!str_eq_nocase(coding, STR("chunked")))
		return bad(c, "Transfer-Encoding does not end in chunked");
	if (other)
		return http_error_set(c->err, 501,
		    "no transfer coding but chunked is understood");
	return 0;
}

static int
decide_chunked(struct check *c)
{
	int rc;

	if (c->req->version != HTTP_1_1)
		return bad(c, "Transfer-Encoding needs HTTP/1.1");
	if (c->found.n_codings > 1)
		return bad(c, "more than one Transfer-Encoding");
	if (c->found.n_lengths > 0)
		return bad(c, "both Transfer-Encoding and Content-Length");
	rc = check_codings(c, c->found.coding->value);
	c->req->chunked = rc == 0;
	return rc;
}

static int
decide_length(struct check *c)
{
	uint64_t length;

	if (c->found.n_lengths == 0)
		return 0;
	if (c->found.n_lengths > 1)
		return bad(c, "more than one Content-Length");
	if (num_dec(c->found.length->value, INT64_MAX, &length) < 0)
		return bad(c, "Content-Length is not a number");
	c->req->content_length = (int64_t)length;
	return 0;
}

static int
decide_framing(struct check *c)
{
	c->req->content_length = -1;
	c->req->chunked = false;
	if (c->found.n_codings > 0)
		return decide_chunked(c);
	return decide_length(c);
}

/* RFC 9112, section 9.3. */
static void
decide_connection(struct check *c)
{
	struct request *req = c->req;

	req->keep_alive = !c->found.close &&
	    (req->version != HTTP_1_0 || c->found.keep_alive) &&
	    !str_eq(req->method, STR("CONNECT"));
	req->expect_continue = c->found.expect != NULL &&
	    (req->chunked || req->content_length > 0);
	if (c->found.scheme_set)
		req->scheme = c->found.https ? STR("https") : STR("http");
}

/* Bytes at the front of s that make one byte: 3 for %xx, else 1. */
static size_t
decode_one(struct str s, char *to)
{
	int high, low;

	*to = s.ptr[0];
	if (s.ptr[0] != '%' || s.len < 3)
		return 1;
	high = num_hex_digit(s.ptr[1]);
	low = num_hex_digit(s.ptr[2]);
	if (high < 0 || low < 0)
		return 1;
	*to = (char)(high << 4 | low);
	return 3;
}

/* A % that is none of an escape stays, as in Python's unquote_to_bytes. */
static int
decode_path(struct request *req)
{
	struct str s = req->path;
	size_t n = 0;
	char *to;

	if (req->path_info.ptr != NULL)
		return 0; /* it came decoded */
	req->path_info = s;
	if (str_find(s, '%') == s.len)
		return 0;
	to = arena_alloc(&req->arena, s.len);
	if (to == NULL)
		return -E_NOMEM;
	while (s.len > 0)
		s = str_tail(s, decode_one(s, &to[n++]));
	req->path_info = (struct str){ to, n };
	return 0;
}

void
http_policy_prepare(struct http_policy *policy)
{
	enum http_field id;

	_Static_assert(FIELD_MAX <= 128, "secure_ids has a bit for each");
	policy->secure_ids[0] = policy->secure_ids[1] = 0;
	for (unsigned i = 0; i < policy->n_secure_scheme_headers; i++) {
		id = http_field_of(policy->secure_scheme_headers[i].name);
		policy->secure_ids[id / 64] |= (uint64_t)1 << id % 64;
	}
}

int
http_policy_apply(const struct http_policy *policy, struct request *req,
    struct http_error *err)
{
	struct check c = { .policy = policy, .req = req, .err = err };
	int rc;

	rc = pass_fields(&c);
	if (rc < 0)
		return rc;
	if (c.found.n_types > 1)
		return bad(&c, "more than one Content-Type");
	rc = decide_host(&c);
	if (rc < 0)
		return rc;
	rc = decide_framing(&c);
	if (rc < 0)
		return rc;
	decide_connection(&c);
	return decode_path(req);
}
