/*
 * h1_head: finding the end of a head looks at line ends and lengths only, so
 * that a limit is noticed however slowly the bytes come; reading it then goes
 * once over the bytes, a run of good ones at a time.
 */
#include "proto/h1_head.h"

#include "base/check.h"
#include "base/scan.h"
#include "http/http_field.h"
#include "http/http_host.h"

#include "base/banned.h"

#define METHOD_MIN 3
#define METHOD_MAX 20

/* ---- finding ---- */

/*
 * The line that begins at head->start has at least len bytes before its CRLF.
 * A head ends with two CRLF, which must fit into head_max as well.
 */
static int
check_limits(const struct h1_head *head, const struct h1_rules *rules,
    size_t len, struct http_error *err)
{
	bool too_many =
	    len > rules->head_max || head->start + 4 > rules->head_max - len;

	if (len == 0)
		return 0;
	if (head->n_lines == 0) {
		if (too_many || (rules->line_max > 0 && len > rules->line_max))
			return http_error_set(
			    err, 414, "the request line is too long");
		return 0;
	}
	if (head->n_lines > rules->n_fields_max)
		return http_error_set(err, 431, "too many header fields");
	if (rules->field_max > 0 && len + 2 > rules->field_max)
		return http_error_set(err, 431, "a header field is too long");
	if (too_many)
		return http_error_set(err, 431, "the header is too long");
	return 0;
}

/*
 * A line ends with the LF at lf. Returns 1 when it was the head's last, 0
 * when more are to come, or -E_PROTOCOL.
 */
static int
end_line(struct h1_head *head, const struct h1_rules *rules, struct str in,
    size_t lf, struct http_error *err)
{
	size_t len = lf - head->start;
	bool crlf = len > 0 && in.ptr[lf - 1] == '\r';
	int rc;

	len -= crlf;
	rc = check_limits(head, rules, len, err);
	if (rc < 0)
		return rc;
	if (!crlf)
		return http_error_set(err, 400, "a line ends without CR");
	if (len == 0 && head->n_lines > 0)
		return 1;
	if (len > 0) {
		head->n_lines++;
	} else {
		/* RFC 9112, section 2.2: one empty line before is ignored. */
		if (head->start > 0)
			return http_error_set(
			    err, 400, "empty lines instead of a request line");
		head->first = lf + 1;
	}
	head->start = lf + 1;
	return 0;
}

static int
check_unfinished(const struct h1_head *head, const struct h1_rules *rules,
    struct str in, struct http_error *err)
{
	size_t len = in.len - head->start;

	/* The last byte may be the first half of a CRLF. */
	if (len > 0 && in.ptr[in.len - 1] == '\r')
		len--;
	return check_limits(head, rules, len, err);
}

/*
 * Takes the whole field lines that break no limit, as nearly all are. What it
 * stops at is end_line's, or has no end yet.
 */
static void
take_plain_lines(
    struct h1_head *head, const struct h1_rules *rules, struct str in)
{
	size_t lf, at = head->scanned, start = head->start;
	size_t len_max = rules->field_max == 0 ? SIZE_MAX : rules->field_max;

	while (head->n_lines > 0 && head->n_lines <= rules->n_fields_max) {
		lf = at + scan_byte(str_tail(in, at), '\n');
		/* At least one byte and a CR; len_max counts the LF too. */
		if (lf + 3 > rules->head_max || lf >= in.len ||
		    lf - start < 2 || lf - start >= len_max ||
		    in.ptr[lf - 1] != '\r')
			break;
		start = at = lf + 1;
		head->n_lines++;
	}
	head->start = start;
	head->scanned = at;
}

ssize_t
h1_head_find(struct h1_head *head, const struct h1_rules *rules, struct str in,
    struct http_error *err)
{
	size_t lf;
	int rc;

	CHECK(in.len >= head->scanned);
	while (head->scanned < in.len) {
		take_plain_lines(head, rules, in);
		lf = head->scanned +
		    scan_byte(str_tail(in, head->scanned), '\n');
		if (lf == in.len)
			break;
		rc = end_line(head, rules, in, lf, err);
		if (rc < 0)
			return rc;
		head->scanned = lf + 1;
		if (rc > 0)
			return (ssize_t)head->scanned;
	}
	head->scanned = in.len;
	return check_unfinished(head, rules, in, err);
}

/* ---- reading ---- */

/* One head on its way into a request. */
struct reader {
	struct str rest; /* what is still to be read */
	const struct h1_rules *rules;
	struct request *req;
	struct http_error *err;
};

static int
bad(struct reader *r, const char *text)
{
	return http_error_set(r->err, 400, text);
}

/* Cuts the first n bytes off what is to be read. */
static struct str
take(struct reader *r, size_t n)
{
	struct str s = str_head(r->rest, n);

	r->rest = str_tail(r->rest, n);
	return s;
}

static bool
take_crlf(struct reader *r)
{
	const char *p = r->rest.ptr;

	if (r->rest.len < 2 || p[0] != '\r' || p[1] != '\n')
		return false;
	r->rest = (struct str){ p + 2, r->rest.len - 2 };
	return true;
}

static size_t
token_len(struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (!http_field_is_tchar(s.ptr[i]))
			break;
	return i;
}

static bool
method_is_usual(struct str method)
{
	size_t i;

	for (i = 0; i < method.len; i++)
		if ((method.ptr[i] >= 'a' && method.ptr[i] <= 'z') ||
		    method.ptr[i] == '#')
			return false;
	return method.len >= METHOD_MIN && method.len <= METHOD_MAX;
}

static int
casefold_method(struct request *req)
{
	struct str from = req->method;
	char *to = arena_alloc(&req->arena, from.len);
	size_t i;

	if (to == NULL)
		return -E_NOMEM;
	for (i = 0; i < from.len; i++)
		to[i] = from.ptr[i] >= 'a' && from.ptr[i] <= 'z'
		    ? (char)(from.ptr[i] - 0x20)
		    : from.ptr[i];
	req->method = (struct str){ to, from.len };
	return 0;
}

int
h1_head_method(const struct h1_rules *rules, struct str method,
    struct request *req, struct http_error *err)
{
	if (method.len == 0 || token_len(method) < method.len)
		return http_error_set(err, 400, "the method is not a token");
	req->method = method;
	if (!rules->permit_unconventional_method && !method_is_usual(method))
		return http_error_set(
		    err, 400, "the method is not a usual one");
	return rules->casefold_method ? casefold_method(req) : 0;
}

static int
read_method(struct reader *r)
{
	struct str method;

	if (str_starts(r->rest, STR("GET "))) { /* as nearly all do */
		r->req->method = take(r, 3);
		take(r, 1);
		return 0;
	}
	method = take(r, token_len(r->rest));
	if (!str_starts(r->rest, STR(" ")))
		return bad(r, "the method is not a token");
	take(r, 1);
	return h1_head_method(r->rules, method, r->req, r->err);
}

/* path [ "?" query ] [ "#" fragment ], the fragment dropped. */
static void
split_path(struct request *req, struct str s)
{
	s = str_head(s, scan_byte(s, '#'));
	req->path = str_head(s, scan_byte(s, '?'));
	req->query = str_tail(s, req->path.len + 1);
}

/* RFC 9112, section 3.2.3. */
static int
authority_form(struct reader *r)
{
	struct request *req = r->req;
	struct http_host host;

	if (http_host_parse(req->target, &host) < 0 || host.port < 0)
		return bad(r, "CONNECT needs host:port");
	req->host = req->target;
	return 0;
}

/* RFC 9112, section 3.2.2; s is what follows the "//". */
static int
absolute_form(struct reader *r, struct str s)
{
	struct request *req = r->req;
	struct http_host host;
	size_t n = 0;

	while (
	    n < s.len && s.ptr[n] != '/' && s.ptr[n] != '?' && s.ptr[n] != '#')
		n++;
	req->host = str_head(s, n);
	if (http_host_parse(req->host, &host) < 0)
		return bad(r, "the target's host is not valid");
	split_path(req, str_tail(s, n));
	if (req->path.len > 0)
		return 0;
	/* Section 3.2.4: OPTIONS without a path is about the server. */
	req->path = str_eq(req->method, STR("OPTIONS")) && req->query.len == 0
	    ? STR("*")
	    : STR("/");
	return 0;
}

static bool
starts_nocase(struct str s, struct str prefix)
{
	return str_eq_nocase(str_head(s, prefix.len), prefix);
}

static int
split_target(struct reader *r)
{
	static const char http[] = "http://", https[] = "https://";
	struct request *req = r->req;
	struct str target = req->target;

	if (str_eq(req->method, STR("CONNECT")))
		return authority_form(r);
	if (target.ptr[0] == '/') {
		split_path(req, target);
		return 0;
	}
	if (str_eq(target, STR("*"))) {
		if (!str_eq(req->method, STR("OPTIONS")))
			return bad(r, "only OPTIONS may have the target *");
		req->path = target;
		return 0;
	}
	if (starts_nocase(target, STR(http)))
		return absolute_form(r, str_tail(target, sizeof http - 1));
	if (starts_nocase(target, STR(https)))
		return absolute_form(r, str_tail(target, sizeof https - 1));
	return bad(r, "the target is neither a path nor a URL");
}

static int
read_target(struct reader *r)
{
	r->req->target = take(r, scan_visible(r->rest));
	if (r->req->target.len == 0 || !str_starts(r->rest, STR(" ")))
		return bad(r,
		    "the target is empty, or has a byte that may "
		    "not be in it");
	take(r, 1);
	return split_target(r);
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int
read_version(struct reader *r)
{
	struct str v = take(r, 8);

	if (v.len < 8 || !str_starts(v, STR("HTTP/")) || !is_digit(v.ptr[5]) ||
	    v.ptr[6] != '.' || !is_digit(v.ptr[7]) || !take_crlf(r))
		return bad(r, "the version is not HTTP/1.1");
	if (v.ptr[5] != '1' ||
	    (v.ptr[7] > '1' && !r->rules->permit_unconventional_version))
		return http_error_set(
		    r->err, 505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
	r->req->version = v.ptr[7] == '0' ? HTTP_1_0 : HTTP_1_1;
	return 0;
}

static int
read_request_line(struct reader *r)
{
	int rc = read_method(r);

	if (rc == 0)
		rc = read_target(r);
	if (rc == 0)
		rc = read_version(r);
	return rc;
}

static void
skip_blanks(struct reader *r)
{
	while (r->rest.len > 0 && str_is_blank(r->rest.ptr[0]))
		take(r, 1);
}

/* The rest of a line, without OWS, into f; its CRLF is used up. */
static inline int
read_value(struct reader *r, struct field *f)
{
	const char *p = r->rest.ptr;
	size_t n = scan_text(r->rest);

	if (r->rest.len - n < 2 || p[n] != '\r' || p[n + 1] != '\n')
		return bad(r, "a control character in a header field");
	r->rest = (struct str){ p + n + 2, r->rest.len - n - 2 };
	if (n > 1 && *p == ' ') { /* as everybody writes it */
		p++;
		n--;
	}
	f->value = (struct str){ p, n };
	if (n > 0 && (str_is_blank(*p) || str_is_blank(p[n - 1])))
		f->value = str_trim(f->value);
	return 0;
}

/* A name that is not known, or not written as it should be. */
static int
read_other_name(struct reader *r, struct field *f)
{
	f->name = take(r, token_len(r->rest));
	if (f->name.len == 0)
		return bad(r, "a header field without a name");
	if (r->rules->strip_header_spaces)
		skip_blanks(r);
	if (!str_starts(r->rest, STR(":")))
		return bad(r, "a header field's name is not a token");
	f->id = (unsigned char)http_field_of(f->name);
	take(r, 1);
	return 0;
}

/* Known names are tokens: those bytes need no look one by one. */
static int
read_name(struct reader *r, struct field *f)
{
	const char *p = r->rest.ptr;
	size_t colon;

	if (r->rest.len < SCAN_NEAR)
		return read_other_name(r, f);
	colon = scan_byte_near(p, ':');
	f->name = (struct str){ p, colon };
	f->id = (unsigned char)http_field_of(f->name);
	if (colon == SCAN_NEAR || f->id == FIELD_OTHER)
		return read_other_name(r, f);
	r->rest = (struct str){ p + colon + 1, r->rest.len - colon - 1 };
	return 0;
}

static int
read_field(struct reader *r, struct field *f)
{
	int rc = read_name(r, f);

	return rc < 0 ? rc : read_value(r, f);
}

/* Two parts of a folded value, with one space between them. */
static int
join(struct reader *r, struct field *f, const struct field *more)
{
	size_t len = f->value.len + 1 + more->value.len;
	char *p;

	if (r->rules->field_max > 0 &&
	    f->name.len + 1 + len + 2 > r->rules->field_max)
		return http_error_set(
		    r->err, 431, "a header field is too long");
	p = arena_alloc(&r->req->arena, len);
	if (p == NULL)
		return -E_NOMEM;
	if (f->value.len > 0)
		memcpy(p, f->value.ptr, f->value.len);
	p[f->value.len] = ' ';
	if (more->value.len > 0)
		memcpy(p + f->value.len + 1, more->value.ptr, more->value.len);
	f->value = str_trim((struct str){ p, len });
	return 0;
}

/* RFC 9112, section 5.2: a line that continues the one before. */
static int
read_folded(struct reader *r, struct field *before)
{
	struct field more;
	int rc;

	if (!r->rules->permit_obsolete_folding || before < r->req->fields)
		return bad(r, "a header field is folded");
	rc = read_value(r, &more);
	return rc < 0 ? rc : join(r, before, &more);
}

static int
read_fields(struct reader *r, unsigned n_max)
{
	struct field *f = r->req->fields, *end = f + n_max;
	int rc = 0;

	while (rc == 0 && !take_crlf(r)) {
		if (r->rest.len == 0)
			return bad(r, "the header has no end");
		if (str_is_blank(r->rest.ptr[0])) {
			rc = read_folded(r, f - 1);
		} else {
			CHECK(f < end);
			rc = read_field(r, f++);
		}
	}
	r->req->n_fields = (unsigned)(f - r->req->fields);
	return rc;
}

int
h1_head_parse(const struct h1_head *head, const struct h1_rules *rules,
    struct str in, struct request *req, struct http_error *err)
{
	struct reader r = {
		.rest = str_tail(in, head->first),
		.rules = rules,
		.req = req,
		.err = err,
	};
	unsigned n_max = head->n_lines - 1;
	int rc;

	CHECK(head->n_lines > 0);
	req->n_fields = 0;
	req->fields = arena_alloc(&req->arena, n_max * sizeof *req->fields);
	if (req->fields == NULL)
		return -E_NOMEM;
	rc = read_request_line(&r);
	if (rc < 0)
		return rc;
	return read_fields(&r, n_max);
}
