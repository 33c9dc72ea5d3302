/*
 * access_format: steps of text and atom in turns. A line is written from left
 * to right into memory of the caller's; nothing is allocated, nothing asks
 * the kernel, and the time is made into text once a second. Run by workers.
 */
#include "telemetry/access_format.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/civil.h"
#include "base/clock.h"
#include "base/escape.h"
#include "base/num.h"
#include "base/scan.h"
#include "config/config_atoms.h"
#include "http/http_field.h"
#include "http/request.h"

#include "base/banned.h"

#define FORMAT_MEMORY_MAX ((size_t)1 << 20)
#define LINE_TAIL 8   /* kept free for "...", a quote, a brace, a newline */
#define USER_MAX 256  /* bytes of a name and password, decoded */
#define NUMBER_MAX 20 /* digits */
#define CLF_LEN 28    /* "[31/Jan/2026:23:59:59 +0000]" */
#define ISO_LEN 19    /* "2026-01-31T23:59:59" */

struct line {
	char *p, *end;
	bool json;
	bool cut; /* something did not fit; nothing more is taken */
};

struct access_step;

/* What a line is about. */
struct record {
	const struct request *req;
	uint64_t spent_us;
	int pid;
};

/* Writes an atom's value; false: it has none. */
typedef bool
put_atom(struct line *l, const struct access_step *s, const struct record *r);

struct access_step {
	struct str before; /* as it is: text of the format, or a JSON key */
	put_atom *put;     /* NULL: there is no atom, only text */
	struct str after;  /* a JSON string's quote */
	struct str name;   /* of a field */
	enum http_field id;
	unsigned width;
	bool left;
};

struct access_format {
	struct arena arena; /* all of it */
	struct access_step *steps;
	unsigned n;
	int pid;
	bool json, times, answers;
};

/* --- writing --- */

static size_t
room(const struct line *l)
{
	return (size_t)(l->end - l->p);
}

/* Whole or not at all. */
static void
put_raw(struct line *l, struct str s)
{
	if (l->cut || s.len > room(l)) {
		l->cut = true;
		return;
	}
	if (s.len > 0)
		memcpy(l->p, s.ptr, s.len);
	l->p += s.len;
}

static void
put_number(struct line *l, uint64_t v)
{
	if (l->cut || room(l) < NUMBER_MAX)
		l->cut = true;
	else
		l->p += num_put_dec(l->p, v);
}

/* The first of s, which cannot stand as it is. */
static void
put_escape(struct line *l, struct str *s)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char c = (unsigned char)s->ptr[0];
	char text[ESCAPE_MAX] = { '\\', (char)c };
	size_t n = 2;

	if (l->json) {
		n = escape_next(s, ESCAPE_JSON, text);
		put_raw(l, (struct str){ text, n });
		return;
	}
	if (c != '"' && c != '\\') {
		text[1] = 'x';
		text[2] = digits[c >> 4];
		text[3] = digits[c & 15];
		n = 4;
	}
	put_raw(l, (struct str){ text, n });
	*s = str_tail(*s, 1);
}

/* What a peer said: as much as there is room for. */
static void
put_text(struct line *l, struct str s)
{
	size_t n;

	while (s.len > 0 && !l->cut) {
		n = scan_quotable(s);
		if (n > room(l)) {
			put_raw(l, str_head(s, room(l)));
			l->cut = true;
			return;
		}
		put_raw(l, str_head(s, n));
		s = str_tail(s, n);
		if (s.len > 0)
			put_escape(l, &s);
	}
}

/* The same, where no bytes are nothing to say. */
static bool
put_some(struct line *l, struct str s)
{
	put_text(l, s);
	return s.len > 0;
}

/* --- the time --- */

static void
put2(char *dst, unsigned v)
{
	dst[0] = (char)('0' + v / 10);
	dst[1] = (char)('0' + v % 10);
}

/* A moment in both forms, made once a second in each thread. */
static const struct moment {
	uint64_t second;
	char clf[CLF_LEN], iso[ISO_LEN];
	bool made;
} *
moment_of(uint64_t second)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	static _Thread_local struct moment m;
	struct civil c;

	if (m.made && m.second == second)
		return &m;
	c = civil_from(second);
	memcpy(m.clf, "[00/Mon/0000:00:00:00 +0000]", CLF_LEN);
	put2(m.clf + 1, c.day);
	memcpy(m.clf + 4, months + (c.month - 1) * 3, 3);
	put2(m.clf + 8, (unsigned)c.year / 100);
	put2(m.clf + 10, (unsigned)c.year % 100);
	put2(m.clf + 13, c.hour);
	put2(m.clf + 16, c.minute);
	put2(m.clf + 19, c.second);
	memcpy(m.iso, "0000-00-00T00:00:00", ISO_LEN);
	put2(m.iso, (unsigned)c.year / 100);
	put2(m.iso + 2, (unsigned)c.year % 100);
	put2(m.iso + 5, c.month);
	put2(m.iso + 8, c.day);
	put2(m.iso + 11, c.hour);
	put2(m.iso + 14, c.minute);
	put2(m.iso + 17, c.second);
	m.second = second;
	m.made = true;
	return &m;
}

static bool
put_time(struct line *l, const struct access_step *s, const struct record *r)
{
	(void)s;
	(void)r;
	put_raw(l,
	    (struct str){ moment_of(clock_wall_ms() / 1000)->clf, CLF_LEN });
	return true;
}

/* --- the atoms --- */

static bool
put_peer(struct line *l, const struct access_step *s, const struct record *r)
{
	(void)s;
	return put_some(l, r->req->peer.host);
}

/* The name out of Basic credentials (RFC 7617). */
static bool
put_user(struct line *l, const struct access_step *s, const struct record *r)
{
	const struct field *f;
	struct str text, scheme;
	char user[USER_MAX];
	ssize_t n;

	(void)s;
	f = request_field(r->req, STR("authorization"));
	if (f == NULL)
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
put_request_line(
    struct line *l, const struct access_step *s, const struct record *r)
{
	(void)s;
	put_text(l, r->req->method);
	put_raw(l, STR(" "));
	put_text(l, r->req->target);
	put_raw(l, STR(" "));
	put_raw(l, protocol(r->req));
	return true;
}

static bool
put_method(struct line *l, const struct access_step *s, const struct record *r)
{
	(void)s;
	return put_some(l, r->req->method);
}

static bool
put_target(struct line *l, const struct access_step *s, const struct record *r)
{
	(void)s;
	return put_some(l, r->req->target);
}

static bool
put_path(struct line *l, const struct access_step *s, const struct record *r)
{
	(void)s;
	return put_some(l, r->req->path_info);
}

/* Text has room for nothing, as in Gunicorn; JSON needs no key for it. */
static bool
put_query(struct line *l, const struct access_step *s, const struct record *r)
{
	(void)s;
	put_text(l, r->req->query);
	return r->req->query.len > 0 || !l->json;
}

static bool
put_protocol(
    struct line *l, const struct access_step *s, const struct record *r)
{
	(void)s;
	put_raw(l, str_tail(protocol(r->req), l->json ? strlen("HTTP/") : 0));
	return true;
}

static bool
put_status(struct line *l, const struct access_step *s, const struct record *r)
{
	(void)s;
	if (r->req->response.status == 0)
		return false; /* nothing was answered */
	put_number(l, r->req->response.status);
	return true;
}

static bool
put_size(struct line *l, const struct access_step *s, const struct record *r)
{
	(void)s;
	put_number(l, r->req->response.body_sent);
	return true;
}

static bool
put_size_if_answered(
    struct line *l, const struct access_step *s, const struct record *r)
{
	return r->req->response.status != 0 && put_size(l, s, r);
}

static bool
put_seconds(struct line *l, const struct access_step *s, const struct record *r)
{
	(void)s;
	put_number(l, r->spent_us / 1000000);
	return true;
}

static bool
put_milliseconds(
    struct line *l, const struct access_step *s, const struct record *r)
{
	(void)s;
	put_number(l, r->spent_us / 1000);
	return true;
}

static bool
put_microseconds(
    struct line *l, const struct access_step *s, const struct record *r)
{
	(void)s;
	put_number(l, r->spent_us);
	return true;
}

/* "0.001234" */
static bool
put_decimal(struct line *l, const struct access_step *s, const struct record *r)
{
	char digits[7] = ".";
	uint64_t rest = r->spent_us % 1000000;

	(void)s;
	for (size_t i = sizeof(digits) - 1; i > 0; i--, rest /= 10)
		digits[i] = (char)('0' + rest % 10);
	put_number(l, r->spent_us / 1000000);
	put_raw(l, (struct str){ digits, sizeof(digits) });
	return true;
}

static bool
put_pid(struct line *l, const struct access_step *s, const struct record *r)
{
	(void)s;
	put_raw(l, l->json ? STR("") : STR("<"));
	put_number(l, (uint64_t)r->pid);
	put_raw(l, l->json ? STR("") : STR(">"));
	return true;
}

static bool
is_field(const struct field *f, const struct access_step *s, bool known)
{
	if (known && (s->id != FIELD_OTHER || f->id != FIELD_OTHER))
		return f->id == s->id;
	return str_eq_nocase(f->name, s->name);
}

/* All of that name, as one list. known: the fields have their ids. */
static bool
put_fields(struct line *l, const struct access_step *s, bool known,
    const struct field *fields, unsigned n)
{
	bool any = false;

	for (unsigned i = 0; i < n; i++) {
		if (!is_field(&fields[i], s, known))
			continue;
		if (any)
			put_raw(l, STR(", "));
		put_text(l, fields[i].value);
		any = true;
	}
	return any;
}

static bool
put_request_field(
    struct line *l, const struct access_step *s, const struct record *r)
{
	return put_fields(l, s, true, r->req->fields, r->req->n_fields);
}

static bool
put_answer_field(
    struct line *l, const struct access_step *s, const struct record *r)
{
	const struct response *resp = &r->req->response;

	return put_fields(l, s, false, resp->fields, resp->n_fields);
}

static bool
put_peer_port(
    struct line *l, const struct access_step *s, const struct record *r)
{
	(void)s;
	put_number(l, r->req->peer.port);
	return true;
}

static bool
put_server_name(
    struct line *l, const struct access_step *s, const struct record *r)
{
	(void)s;
	return put_some(l, r->req->local.host);
}

static bool
put_server_port(
    struct line *l, const struct access_step *s, const struct record *r)
{
	(void)s;
	put_number(l, r->req->local.port);
	return true;
}

static bool
put_scheme(struct line *l, const struct access_step *s, const struct record *r)
{
	(void)s;
	return put_some(l, r->req->scheme);
}

enum atom_kind {
	ATOM_TEXT,
	ATOM_NUMBER, /* in JSON */
	ATOM_TIMES,  /* a number that needs the time spent */
};

static const struct atom {
	char letter;
	put_atom *put;
	const char *key; /* in JSON; NULL: it is there anyway */
	enum atom_kind kind;
	const char *field; /* whose value it is */
} atoms[] = {
	{ 'h', put_peer, "client.address", ATOM_TEXT, NULL },
	{ 'u', put_user, "user.name", ATOM_TEXT, NULL },
	{ 't', put_time, NULL, ATOM_TEXT, NULL },
	{ 'r', put_request_line, "http.request.line", ATOM_TEXT, NULL },
	{ 's', put_status, "http.response.status_code", ATOM_NUMBER, NULL },
	{ 'm', put_method, "http.request.method", ATOM_TEXT, NULL },
	{ 'U', put_path, "url.path", ATOM_TEXT, NULL },
	{ 'q', put_query, "url.query", ATOM_TEXT, NULL },
	{ 'H', put_protocol, "network.protocol.version", ATOM_TEXT, NULL },
	{ 'B', put_size, "http.response.body.size", ATOM_NUMBER, NULL },
	{ 'b', put_size_if_answered, "http.response.body.size", ATOM_NUMBER,
	    NULL },
	{ 'f', put_request_field, "http.request.header.referer", ATOM_TEXT,
	    "referer" },
	{ 'a', put_request_field, "user_agent.original", ATOM_TEXT,
	    "user-agent" },
	{ 'T', put_seconds, "duration_s", ATOM_TIMES, NULL },
	{ 'D', put_microseconds, "duration_us", ATOM_TIMES, NULL },
	{ 'M', put_milliseconds, "duration_ms", ATOM_TIMES, NULL },
	{ 'L', put_decimal, "duration", ATOM_TIMES, NULL },
	{ 'p', put_pid, "process.pid", ATOM_NUMBER, NULL },
};

/*
 * The keys of environ that follow from the request; what an application or a
 * framework adds is not known here.
 */
static const struct {
	const char *name;
	put_atom *put;
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
	{ "REMOTE_USER", put_user, NULL },
	{ "SERVER_NAME", put_server_name, NULL },
	{ "SERVER_PORT", put_server_port, NULL },
	{ "wsgi.url_scheme", put_scheme, NULL },
	{ "CONTENT_TYPE", put_request_field, "content-type" },
	{ "CONTENT_LENGTH", put_request_field, "content-length" },
};

/* --- making steps --- */

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
	return s->name.ptr == NULL ? -1 : 0;
}

/* {NAME}e. A name that nobody knows leaves the step without an atom. */
static int
set_variable(struct arena *a, struct access_step *s, struct str name)
{
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		if (!str_eq_nocase(name, str_of(variables[i].name)))
			continue;
		s->put = variables[i].put;
		return variables[i].field == NULL
		    ? 0
		    : set_field(a, s, str_of(variables[i].field), false);
	}
	if (!str_eq_nocase(str_head(name, 5), STR("HTTP_")))
		return 0;
	s->put = put_request_field;
	return set_field(a, s, str_tail(name, 5), true);
}

/* What of an atom is the same in text and JSON. 0, or -1 without memory. */
static int
set_atom(struct access_format *f, struct access_step *s,
    const struct config_atom *atom, const struct atom **row)
{
	*row = NULL;
	s->width = atom->width;
	s->left = atom->left;
	if (atom->letter == 'e')
		return set_variable(&f->arena, s, atom->name);
	if (atom->letter == 'i' || atom->letter == 'o') {
		s->put = atom->letter == 'i' ? put_request_field
					     : put_answer_field;
		f->answers |= atom->letter == 'o';
		return set_field(&f->arena, s, atom->name, false);
	}
	for (size_t i = 0; i < sizeof(atoms) / sizeof(atoms[0]); i++)
		if (atoms[i].letter == atom->letter)
			*row = &atoms[i];
	if (*row == NULL)
		return 0; /* %(l)s, and what nobody knows */
	s->put = (*row)->put;
	f->times |= (*row)->kind == ATOM_TIMES;
	return (*row)->field == NULL
	    ? 0
	    : set_field(&f->arena, s, str_of((*row)->field), false);
}

static struct str
joined(struct arena *a, const struct str *parts, size_t n)
{
	size_t len = 0;
	char *p;

	for (size_t i = 0; i < n; i++)
		len += parts[i].len;
	p = arena_alloc(a, len + 1);
	if (p == NULL)
		return (struct str){ NULL, 0 };
	len = 0;
	for (size_t i = 0; i < n; i++) {
		if (parts[i].len > 0)
			memcpy(p + len, parts[i].ptr, parts[i].len);
		len += parts[i].len;
	}
	return (struct str){ p, len };
}

/* The name within a key: only what needs no escape. */
static struct str
key_name(struct arena *a, struct str name)
{
	struct str copy = wire_name(a, name, false);
	char *p;

	if (copy.ptr == NULL)
		return copy;
	p = arena_alloc(a, copy.len + 1);
	for (size_t i = 0; p != NULL && i < copy.len; i++)
		p[i] = scan_quotable(str_head(str_tail(copy, i), 1)) == 1
		    ? copy.ptr[i]
		    : '_';
	return (struct str){ p, copy.len };
}

/* ,"key":" before the value. 0, or -1 without memory. */
static int
set_key(struct access_format *f, struct access_step *s,
    const struct config_atom *atom, const struct atom *row)
{
	bool number = row != NULL && row->kind != ATOM_TEXT;
	struct str parts[] = { STR(",\""), STR(""), STR(""),
		number ? STR("\":") : STR("\":\"") };

	s->after = number ? STR("") : STR("\"");
	if (row != NULL) {
		parts[1] = str_of(row->key);
	} else {
		parts[1] = atom->letter == 'i' ? STR("http.request.header.")
		    : atom->letter == 'o'      ? STR("http.response.header.")
					       : STR("wsgi.environ.");
		parts[2] = key_name(&f->arena, atom->name);
		if (parts[2].ptr == NULL)
			return -1;
	}
	s->before = joined(&f->arena, parts, sizeof(parts) / sizeof(parts[0]));
	return s->before.ptr == NULL ? -1 : 0;
}

/* A part of the format as a step of JSON, which has no text between. */
static int
add_key(struct access_format *f, const struct config_atom *atom)
{
	struct access_step *s = &f->steps[f->n];
	const struct atom *row;

	if (atom->letter == '\0')
		return 0;
	if (set_atom(f, s, atom, &row) < 0)
		return -1;
	if (s->put == NULL || (row != NULL && row->key == NULL)) {
		*s = (struct access_step){ .put = NULL };
		return 0;
	}
	if (set_key(f, s, atom, row) < 0)
		return -1;
	for (unsigned i = 0; i < f->n; i++)
		if (str_eq(f->steps[i].before, s->before)) {
			*s = (struct access_step){ .put = NULL };
			return 0; /* %(b)s and %(B)s */
		}
	f->n++;
	return 0;
}

static int
add_part(struct access_format *f, const struct config_atom *atom)
{
	struct access_step *s = &f->steps[f->n++];
	const struct atom *row;

	if (atom->letter == '\0') {
		s->before = atom->text;
		return 0;
	}
	if (set_atom(f, s, atom, &row) < 0)
		return -1;
	if (s->put == NULL)
		s->before = STR("-");
	return 0;
}

static unsigned
count_parts(struct str format)
{
	struct config_atom atom;
	unsigned n = 0;

	while (config_atoms_next(&format, &atom) > 0)
		n++;
	return n;
}

static int
make_steps(struct access_format *f, struct str format)
{
	size_t size = (count_parts(format) + 1) * sizeof(f->steps[0]);
	struct config_atom atom;
	int rc = 0;

	f->steps = arena_alloc(&f->arena, size);
	format = arena_str(&f->arena, format);
	if (f->steps == NULL || format.ptr == NULL)
		return -1;
	memset(f->steps, 0, size);
	while (rc == 0 && config_atoms_next(&format, &atom) > 0)
		rc = f->json ? add_key(f, &atom) : add_part(f, &atom);
	return rc;
}

struct access_format *
access_format_create(struct str format, bool json, int pid)
{
	struct access_format *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return NULL;
	arena_init(&f->arena, FORMAT_MEMORY_MAX);
	f->json = json;
	f->pid = pid;
	if (make_steps(f, format) == 0)
		return f;
	access_format_destroy(f);
	return NULL;
}

void
access_format_destroy(struct access_format *f)
{
	if (f == NULL)
		return;
	arena_finish(&f->arena);
	free(f);
}

bool
access_format_times(const struct access_format *f)
{
	return f->times;
}

bool
access_format_answers(const struct access_format *f)
{
	return f->answers;
}

/* --- a line --- */

/* Blanks before or behind what has been written since start. */
static void
pad(struct line *l, char *start, const struct access_step *s)
{
	size_t len = (size_t)(l->p - start), n;

	if (l->cut || len >= s->width)
		return;
	n = s->width - len;
	if (n > room(l)) {
		l->cut = true;
		return;
	}
	if (!s->left)
		memmove(start + n, start, len);
	memset(s->left ? l->p : start, ' ', n);
	l->p += n;
}

static void
put_text_step(
    struct line *l, const struct access_step *s, const struct record *r)
{
	char *start;

	put_raw(l, s->before);
	start = l->p;
	if (s->put != NULL && !s->put(l, s, r))
		put_raw(l, STR("-"));
	if (s->width > 0) {
		/* "-" of an atom that is none is what was put before. */
		pad(l, s->put == NULL ? start - s->before.len : start, s);
	}
}

static void
put_json_step(
    struct line *l, const struct access_step *s, const struct record *r)
{
	char *start = l->p;
	bool number = s->after.len == 0;

	put_raw(l, s->before);
	if (l->cut) /* no key, or no number, is cut in two */
		return;
	if (!s->put(l, s, r) || (l->cut && number)) {
		l->p = start;
		return;
	}
	if (l->cut) {
		memcpy(l->p, "...", 3);
		l->p += 3;
	}
	memcpy(l->p, s->after.ptr, s->after.len);
	l->p += s->after.len;
}

static void
put_json_start(struct line *l)
{
	uint64_t ms = clock_wall_ms();
	char fraction[4] = { '.', (char)('0' + ms % 1000 / 100),
		(char)('0' + ms % 100 / 10), (char)('0' + ms % 10) };

	put_raw(l, STR("{\"timestamp\":\""));
	put_raw(l, (struct str){ moment_of(ms / 1000)->iso, ISO_LEN });
	put_raw(l, (struct str){ fraction, sizeof(fraction) });
	put_raw(l, STR("Z\",\"severity_text\":\"INFO\",\"severity_number\":9,"
		       "\"event_name\":\"ACCESS\""));
}

size_t
access_format_line(const struct access_format *f, const struct request *req,
    uint64_t spent_us, char *dst)
{
	struct line l = { dst, dst + ACCESS_LINE_MAX - LINE_TAIL, f->json,
		false };
	const struct record r = { req, spent_us, f->pid };
	struct str tail;

	if (f->json)
		put_json_start(&l);
	for (unsigned i = 0; i < f->n && !l.cut; i++) {
		if (f->json)
			put_json_step(&l, &f->steps[i], &r);
		else
			put_text_step(&l, &f->steps[i], &r);
	}
	tail = f->json ? STR("}\n") : l.cut ? STR("...\n") : STR("\n");
	memcpy(l.p, tail.ptr, tail.len); /* LINE_TAIL has room for it */
	return (size_t)(l.p - dst) + tail.len;
}
