/*
 * access_atoms: one function an atom, and the tables that name them. Run by
 * workers, in every thread that ends a request.
 */
#include "telemetry/access_atoms.h"

#include "base/base64.h"
#include "base/clock.h"
#include "base/error.h"
#include "http/request.h"

#include "base/banned.h"

#define USER_MAX 256 /* bytes of a name and password, decoded */

/* No bytes are nothing to say. */
static bool
put_some(struct access_line *l, struct str s)
{
	access_line_text(l, s);
	return s.len > 0;
}

static bool
put_nothing(struct access_line *l, const struct access_step *s,
    const struct access_record *r)
{
	(void)l;
	(void)s;
	(void)r;
	return false;
}

static bool
put_time(struct access_line *l, const struct access_step *s,
    const struct access_record *r)
{
	(void)s;
	(void)r;
	access_line_raw(l,
	    (struct str){ access_line_moment(clock_wall_ms() / 1000)->clf,
		ACCESS_CLF_LEN });
	return true;
}

static bool
put_peer(struct access_line *l, const struct access_step *s,
    const struct access_record *r)
{
	(void)s;
	return put_some(l, r->req->peer.host);
}

/* The name out of Basic credentials (RFC 7617). */
static bool
put_user(struct access_line *l, const struct access_step *s,
    const struct access_record *r)
{
	const struct field *f = r->req->fields, *end = f + r->req->n_fields;
	struct str text, scheme;
	char user[USER_MAX];
	ssize_t n;

	(void)s;
	while (f < end && f->id != FIELD_AUTHORIZATION)
		f++;
	if (f == end)
		return false;
	text = f->value;
	scheme = str_cut(&text, ' ');
	if (text.ptr == NULL || !str_eq_nocase(scheme, STR("basic")))
		return false;
	n = base64_decode(str_trim(text), user, sizeof(user));
	if (n <= 0)
		return false;
	text = (struct str){ user, (size_t)n };
	return put_some(l, str_head(text, str_find(text, ':')));
}

static struct str
protocol(const struct request *req)
{
	switch (req->version) {
	case HTTP_1_0:
		return STR("HTTP/1.0");
	case HTTP_1_1:
		return STR("HTTP/1.1");
	default:
		return STR("HTTP/2");
	}
}

static bool
put_request_line(struct access_line *l, const struct access_step *s,
    const struct access_record *r)
{
	(void)s;
	access_line_text(l, r->req->method);
	access_line_raw(l, STR(" "));
	access_line_text(l, r->req->target);
	access_line_raw(l, STR(" "));
	access_line_raw(l, protocol(r->req));
	return true;
}

static bool
put_method(struct access_line *l, const struct access_step *s,
    const struct access_record *r)
{
	(void)s;
	return put_some(l, r->req->method);
}

static bool
put_target(struct access_line *l, const struct access_step *s,
    const struct access_record *r)
{
	(void)s;
	return put_some(l, r->req->target);
}

static bool
put_path(struct access_line *l, const struct access_step *s,
    const struct access_record *r)
{
	(void)s;
	return put_some(l, r->req->path_info);
}

/* Text has room for nothing, as in Gunicorn; JSON needs no key for it. */
static bool
put_query(struct access_line *l, const struct access_step *s,
    const struct access_record *r)
{
	(void)s;
	access_line_text(l, r->req->query);
	return r->req->query.len > 0 || !l->json;
}

static bool
put_protocol(struct access_line *l, const struct access_step *s,
    const struct access_record *r)
{
	(void)s;
	access_line_raw(
	    l, str_tail(protocol(r->req), l->json ? strlen("HTTP/") : 0));
	return true;
}

static bool
put_status(struct access_line *l, const struct access_step *s,
    const struct access_record *r)
{
	(void)s;
	if (r->req->response.status == 0)
		return false; /* nothing was answered */
	access_line_number(l, r->req->response.status);
	return true;
}

static bool
put_size(struct access_line *l, const struct access_step *s,
    const struct access_record *r)
{
	(void)s;
	access_line_number(l, r->req->response.body_sent);
	return true;
}

static bool
put_size_if_answered(struct access_line *l, const struct access_step *s,
    const struct access_record *r)
{
	return r->req->response.status != 0 && put_size(l, s, r);
}

static bool
put_seconds(struct access_line *l, const struct access_step *s,
    const struct access_record *r)
{
	(void)s;
	access_line_number(l, r->spent_us / 1000000);
	return true;
}

static bool
put_milliseconds(struct access_line *l, const struct access_step *s,
    const struct access_record *r)
{
	(void)s;
	access_line_number(l, r->spent_us / 1000);
	return true;
}

static bool
put_microseconds(struct access_line *l, const struct access_step *s,
    const struct access_record *r)
{
	(void)s;
	access_line_number(l, r->spent_us);
	return true;
}

/* "0.001234" */
static bool
put_decimal(struct access_line *l, const struct access_step *s,
    const struct access_record *r)
{
	char digits[7] = ".";
	uint64_t rest = r->spent_us % 1000000;

	(void)s;
	for (size_t i = sizeof(digits) - 1; i > 0; i--, rest /= 10)
		digits[i] = (char)('0' + rest % 10);
	access_line_number(l, r->spent_us / 1000000);
	access_line_raw(l, (struct str){ digits, sizeof(digits) });
	return true;
}

static bool
put_pid(struct access_line *l, const struct access_step *s,
    const struct access_record *r)
{
	(void)s;
	access_line_raw(l, l->json ? STR("") : STR("<"));
	access_line_number(l, (uint64_t)r->pid);
	access_line_raw(l, l->json ? STR("") : STR(">"));
	return true;
}

/* The first of f..end of that name, or end. Known ones are their ids. */
static const struct field *
next_field(
    const struct field *f, const struct field *end, const struct access_step *s)
{
	if (s->id != FIELD_OTHER)
		while (f < end && f->id != s->id)
			f++;
	else
		while (f < end &&
		    (f->id != FIELD_OTHER || !str_eq_nocase(f->name, s->name)))
			f++;
	return f;
}

/* All of that name, as one list. */
static bool
put_fields(struct access_line *l, const struct access_step *s,
    const struct field *fields, unsigned n)
{
	const struct field *end = fields + n, *f = next_field(fields, end, s);

	if (f == end)
		return false;
	access_line_text(l, f->value);
	while ((f = next_field(f + 1, end, s)) < end) {
		access_line_raw(l, STR(", "));
		access_line_text(l, f->value);
	}
	return true;
}

static bool
put_request_field(struct access_line *l, const struct access_step *s,
    const struct access_record *r)
{
	return put_fields(l, s, r->req->fields, r->req->n_fields);
}

static bool
put_answer_field(struct access_line *l, const struct access_step *s,
    const struct access_record *r)
{
	const struct response *resp = &r->req->response;

	return put_fields(l, s, resp->fields, resp->n_fields);
}

static bool
put_peer_port(struct access_line *l, const struct access_step *s,
    const struct access_record *r)
{
	(void)s;
	access_line_number(l, r->req->peer.port);
	return true;
}

static bool
put_server_name(struct access_line *l, const struct access_step *s,
    const struct access_record *r)
{
	(void)s;
	return put_some(l, r->req->local.host);
}

static bool
put_server_port(struct access_line *l, const struct access_step *s,
    const struct access_record *r)
{
	(void)s;
	access_line_number(l, r->req->local.port);
	return true;
}

static bool
put_scheme(struct access_line *l, const struct access_step *s,
    const struct access_record *r)
{
	(void)s;
	return put_some(l, r->req->scheme);
}

static const struct atom {
	char letter;
	access_put *put;
	const char *key;
	bool number, times;
	const char *field; /* whose value it is */
} atoms[] = {
	{ .letter = 'h', .put = put_peer, .key = "client.address" },
	{ .letter = 'u', .put = put_user, .key = "user.name" },
	{ .letter = 't', .put = put_time },
	{ .letter = 'r', .put = put_request_line, .key = "http.request.line" },
	{ .letter = 's',
	    .put = put_status,
	    .key = "http.response.status_code",
	    .number = true },
	{ .letter = 'm', .put = put_method, .key = "http.request.method" },
	{ .letter = 'U', .put = put_path, .key = "url.path" },
	{ .letter = 'q', .put = put_query, .key = "url.query" },
	{ .letter = 'H',
	    .put = put_protocol,
	    .key = "network.protocol.version" },
	{ .letter = 'B',
	    .put = put_size,
	    .key = "http.response.body.size",
	    .number = true },
	{ .letter = 'b',
	    .put = put_size_if_answered,
	    .key = "http.response.body.size",
	    .number = true },
	{ .letter = 'f',
	    .put = put_request_field,
	    .key = "http.request.header.referer",
	    .field = "referer" },
	{ .letter = 'a',
	    .put = put_request_field,
	    .key = "user_agent.original",
	    .field = "user-agent" },
	{ .letter = 'T',
	    .put = put_seconds,
	    .key = "duration_s",
	    .number = true,
	    .times = true },
	{ .letter = 'D',
	    .put = put_microseconds,
	    .key = "duration_us",
	    .number = true,
	    .times = true },
	{ .letter = 'M',
	    .put = put_milliseconds,
	    .key = "duration_ms",
	    .number = true,
	    .times = true },
	{ .letter = 'L',
	    .put = put_decimal,
	    .key = "duration",
	    .number = true,
	    .times = true },
	{ .letter = 'p', .put = put_pid, .key = "process.pid", .number = true },
};

#define N_ATOMS (sizeof(atoms) / sizeof(atoms[0]))

/* The application may have changed what follows from the request. */
static bool
put_variable(struct access_line *l, const struct access_step *s,
    const struct access_record *r)
{
	const struct field *f = r->req->environ, *end = f + r->req->n_environ;

	while (f < end && !str_eq(f->name, s->variable))
		f++;
	if (f == end)
		return s->otherwise(l, s, r);
	/* As for the query: text has room for nothing. */
	return put_some(l, f->value) || !l->json;
}

/* The keys of environ that follow from the request. */
static const struct {
	const char *name;
	access_put *put;
	const char *field;
} variables[] = {
	{ "REQUEST_METHOD", put_method, NULL },
	{ "RAW_URI", put_target, NULL },
	{ "REQUEST_URI", put_target, NULL },
	{ "PATH_INFO", put_path, NULL },
	{ "QUERY_STRING", put_query, NULL },
	{ "SERVER_PROTOCOL", put_protocol, NULL },
	{ "REMOTE_ADDR", put_peer, NULL },
	{ "REMOTE_PORT", put_peer_port, NULL },
	{ "SERVER_NAME", put_server_name, NULL },
	{ "SERVER_PORT", put_server_port, NULL },
	{ "wsgi.url_scheme", put_scheme, NULL },
	{ "CONTENT_TYPE", put_request_field, "content-type" },
	{ "CONTENT_LENGTH", put_request_field, "content-length" },
};

/* A name as the wire has it: lower case, - for the environ's _. */
static struct str
wire_name(struct arena *a, struct str name, bool of_environ)
{
	char *p = arena_alloc(a, name.len + 1);

	if (p == NULL)
		return (struct str){ NULL, 0 };
	for (size_t i = 0; i < name.len; i++) {
		p[i] = name.ptr[i];
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] = (char)(p[i] - 'A' + 'a');
		if (of_environ && p[i] == '_')
			p[i] = '-';
	}
	return (struct str){ p, name.len };
}

static int
set_field(
    struct arena *a, struct access_step *s, struct str name, bool of_environ)
{
	s->name = wire_name(a, name, of_environ);
	s->id = http_field_of(s->name);
	return s->name.ptr == NULL ? -E_NOMEM : 0;
}

/* {NAME}e */
static int
set_variable(struct arena *a, struct access_step *s, struct str name)
{
	s->put = put_variable;
	s->otherwise = put_nothing;
	s->variable = name;
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		if (!str_eq_nocase(name, str_of(variables[i].name)))
			continue;
		s->otherwise = variables[i].put;
		return variables[i].field == NULL
		    ? 0
		    : set_field(a, s, str_of(variables[i].field), false);
	}
	if (!str_eq_nocase(str_head(name, 5), STR("HTTP_")))
		return 0;
	s->otherwise = put_request_field;
	return set_field(a, s, str_tail(name, 5), true);
}

/* {NAME}i, {NAME}o, {NAME}e. */
static int
set_named(struct arena *a, struct access_step *s,
    const struct config_atom *atom, struct access_atom *what)
{
	what->name = atom->name;
	switch (atom->letter) {
	case 'i':
		what->key = "http.request.header.";
		s->put = put_request_field;
		return set_field(a, s, atom->name, false);
	case 'o':
		what->key = "http.response.header.";
		what->answers = true;
		s->put = put_answer_field;
		return set_field(a, s, atom->name, false);
	default:
		what->key = "wsgi.environ.";
		return set_variable(a, s, atom->name);
	}
}

int
access_atoms_set(struct arena *a, struct access_step *s,
    const struct config_atom *atom, struct access_atom *what)
{
	const struct atom *row;

	*what = (struct access_atom){ .key = NULL };
	s->put = put_nothing; /* %(l)s, and what nobody knows */
	if (atom->name.len > 0)
		return set_named(a, s, atom, what);
	for (row = atoms; row < atoms + N_ATOMS; row++)
		if (row->letter == atom->letter)
			break;
	if (row == atoms + N_ATOMS)
		return 0;
	s->put = row->put;
	what->key = row->key;
	what->number = row->number;
	what->times = row->times;
	return row->field == NULL ? 0
				  : set_field(a, s, str_of(row->field), false);
}
