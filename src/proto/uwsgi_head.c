/*
 * Twice over the variables: to see that they are whole and how many they are,
 * then to take them; then what follows from those that are not fields.
 */
#include "proto/uwsgi_head.h"

#include "base/num.h"
#include "base/scan.h"
#include "config/config_net.h"
#include "http/http_field.h"

#include "base/banned.h"

#define HEADER_LEN 4
#define VARS_MAX 1000 /* as Gunicorn has it */
#define ADDRESS_MAX 45
#define FIELD_PREFIX "HTTP_"

/* The variables that are no fields; ptr NULL: not there. */
struct vars {
	struct str method, path, query, uri, protocol, script;
	struct str https, scheme;
	struct str remote_addr, remote_port, server_name, server_port;
};

/* Which of them has that name. */
static const struct {
	struct str name;
	size_t at;
} names[] = {
#define VAR(text, member) \
	{ \
		{ text, sizeof(text) - 1 }, offsetof(struct vars, member) \
	}
	VAR("REQUEST_METHOD", method),
	VAR("PATH_INFO", path),
	VAR("QUERY_STRING", query),
	VAR("REQUEST_URI", uri),
	VAR("SERVER_PROTOCOL", protocol),
	VAR("SCRIPT_NAME", script),
	VAR("HTTPS", https),
	VAR("wsgi.url_scheme", scheme),
	VAR("REMOTE_ADDR", remote_addr),
	VAR("REMOTE_PORT", remote_port),
	VAR("SERVER_NAME", server_name),
	VAR("SERVER_PORT", server_port),
#undef VAR
};

struct reader {
	const struct h1_rules *rules;
	struct request *req;
	struct http_error *err;
	struct vars vars;
};

static int
bad(struct http_error *err, const char *text)
{
	return http_error_set(err, 400, text);
}

static unsigned
little16(const char *p)
{
	return (unsigned)(unsigned char)p[1] << 8 | (unsigned char)p[0];
}

ssize_t
uwsgi_head_find(struct str in, struct http_error *err)
{
	size_t len;

	/* modifier1: 0 is a request for WSGI; nobody looks at modifier2. */
	if (in.len > 0 && in.ptr[0] != 0)
		return bad(err, "this is no uwsgi request");
	if (in.len < HEADER_LEN)
		return 0;
	len = HEADER_LEN + little16(in.ptr + 1);
	return in.len < len ? 0 : (ssize_t)len;
}

/* --- the variables --- */

/* Cuts a length and so many bytes off the front. False: it has no such. */
static bool
take(struct str *rest, struct str *s)
{
	size_t len;

	if (rest->len < 2)
		return false;
	len = little16(rest->ptr);
	*rest = str_tail(*rest, 2);
	if (rest->len < len)
		return false;
	*s = str_head(*rest, len);
	*rest = str_tail(*rest, len);
	return true;
}

/* How many, or -E_PROTOCOL. */
static int
count(struct str rest, struct http_error *err)
{
	struct str key, value;
	int n = 0;

	while (rest.len > 0) {
		if (!take(&rest, &key) || !take(&rest, &value))
			return bad(err, "the uwsgi variables are cut short");
		if (++n > VARS_MAX)
			return http_error_set(
			    err, 431, "too many uwsgi variables");
	}
	return n;
}

/* HTTP_X_Y is what the front end made of X-Y. */
static int
set_name(struct reader *r, struct field *f, struct str name)
{
	char *p = arena_alloc(&r->req->arena, name.len + 1);

	if (p == NULL)
		return -E_NOMEM;
	for (size_t i = 0; i < name.len; i++)
		p[i] = name.ptr[i] == '_' ? '-' : name.ptr[i];
	f->name = (struct str){ p, name.len };
	f->id = (unsigned char)http_field_of(f->name);
	if (!http_field_is_token(f->name))
		return bad(r->err, "a header field's name is not a token");
	return 0;
}

static int
add_field(struct reader *r, struct str name, struct str value)
{
	struct field *f = &r->req->fields[r->req->n_fields];
	size_t len = name.len + value.len + sizeof(":\r\n") - 1;
	int rc = set_name(r, f, name);

	if (rc < 0)
		return rc;
	if (r->rules->field_max > 0 && len > r->rules->field_max)
		return http_error_set(
		    r->err, 431, "a header field is too long");
	if (!http_field_is_value(value))
		return bad(r->err, "a control character in a header field");
	f->value = str_trim(value);
	if (++r->req->n_fields > r->rules->n_fields_max)
		return http_error_set(r->err, 431, "too many header fields");
	return 0;
}

/*
 * The client's word about its body, which the front end has read: what we get
 * is framed by CONTENT_LENGTH alone.
 */
static bool
is_framing(struct str name)
{
	return str_eq(name, STR("CONTENT_LENGTH")) ||
	    str_eq(name, STR("CONTENT_TYPE")) ||
	    str_eq(name, STR("TRANSFER_ENCODING")) ||
	    str_eq(name, STR("TRAILER"));
}

static int
take_field(struct reader *r, struct str name, struct str value)
{
	return is_framing(name) ? 0 : add_field(r, name, value);
}

/* One that is no field: the place for it, or NULL. */
static struct str *
var_of(struct vars *vars, struct str name)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eq(names[i].name, name))
			return (
			    struct str *)(void *)((char *)vars + names[i].at);
	return NULL;
}

static int
take_var(struct reader *r, struct str name, struct str value)
{
	struct str *var;

	if (str_starts(name, STR(FIELD_PREFIX)))
		return take_field(
		    r, str_tail(name, sizeof(FIELD_PREFIX) - 1), value);
	if (str_eq(name, STR("CONTENT_LENGTH")) ||
	    str_eq(name, STR("CONTENT_TYPE")))
		return value.len == 0 ? 0 : add_field(r, name, value);
	var = var_of(&r->vars, name);
	if (var == NULL)
		return 0;
	if (var->ptr != NULL)
		return bad(r->err, "a uwsgi variable comes twice");
	*var = value;
	return 0;
}

/* --- what follows --- */

static bool
is_visible(struct str s)
{
	return scan_visible(s) == s.len;
}

static int
decide_path(struct reader *r)
{
	struct request *req = r->req;
	struct str path = r->vars.path;
	bool below = r->vars.script.len > 0;

	if (path.ptr == NULL || (path.len == 0 && !below))
		path = STR("/");
	if (path.len > 0 && path.ptr[0] != '/' && !str_eq(path, STR("*")))
		return bad(r->err, "PATH_INFO is no path");
	req->path = req->path_info = path;
	if (below)
		req->script = r->vars.script;
	return 0;
}

/* What the client has written is not known: CGI's way back to a URL. */
static int
compose_target(struct request *req)
{
	size_t len = req->script.len + req->path.len + 1 + req->query.len;
	char *mem = arena_alloc(&req->arena, len), *p;

	if (mem == NULL)
		return -E_NOMEM;
	p = str_copy(mem, req->script);
	p = str_copy(p, req->path);
	if (req->query.len > 0) {
		*p++ = '?';
		p = str_copy(p, req->query);
	}
	req->target = (struct str){ mem, (size_t)(p - mem) };
	return 0;
}

static int
decide_target(struct reader *r)
{
	struct request *req = r->req;
	struct str uri = r->vars.uri;
	int rc;

	req->query = r->vars.query;
	if (!is_visible(req->query) || !is_visible(uri))
		return bad(
		    r->err, "the target has a byte that may not be in it");
	req->target = uri;
	if (uri.len == 0) {
		rc = compose_target(req);
		if (rc < 0)
			return rc;
	}
	if (r->rules->line_max > 0 &&
	    req->method.len + req->target.len + sizeof("  HTTP/1.1") - 1 >
		r->rules->line_max)
		return http_error_set(
		    r->err, 414, "the request line is too long");
	return 0;
}

static void
decide_scheme(struct reader *r)
{
	struct str https = r->vars.https;

	if (str_eq_nocase(https, STR("on")) || str_eq(https, STR("1")) ||
	    str_eq_nocase(https, STR("true")) ||
	    (https.len == 0 && str_eq(r->vars.scheme, STR("https"))))
		r->req->scheme = STR("https");
}

/* A numeric address; "unix:" is what nginx says of the others. */
static bool
is_address(struct str s)
{
	struct config_net net;

	return s.len > 0 && s.len <= ADDRESS_MAX && str_find(s, '/') == s.len &&
	    s.ptr[0] != '*' && config_net_parse(s, &net) == 0;
}

static uint16_t
port_of(struct str s)
{
	uint64_t port;

	return num_dec(s, UINT16_MAX, &port) < 0 ? 0 : (uint16_t)port;
}

/* Who is at the ends of the front end's connection. */
static void
decide_ends(struct reader *r)
{
	const struct vars *v = &r->vars;
	struct request *req = r->req;

	if (is_address(v->remote_addr))
		req->peer = (struct endpoint){
			.host = v->remote_addr,
			.port = port_of(v->remote_port),
		};
	if (v->server_name.len > 0 && http_field_is_value(v->server_name) &&
	    port_of(v->server_port) > 0)
		req->local = (struct endpoint){
			.host = v->server_name,
			.port = port_of(v->server_port),
		};
}

static int
decide(struct reader *r)
{
	struct request *req = r->req;
	struct str method = r->vars.method;
	struct str protocol = r->vars.protocol;
	int rc;

	/* HTTP/2.0 and HTTP/3.0 are what the front end spoke. */
	req->version = protocol.len == 0 || str_eq(protocol, STR("HTTP/1.0"))
	    ? HTTP_1_0
	    : HTTP_1_1;
	if (method.ptr == NULL)
		method = STR("GET");
	rc = h1_head_method(r->rules, method, req, r->err);
	if (rc == 0)
		rc = decide_path(r);
	if (rc == 0)
		rc = decide_target(r);
	if (rc < 0)
		return rc;
	decide_scheme(r);
	decide_ends(r);
	return 0;
}

int
uwsgi_head_parse(const struct h1_rules *rules, struct str in,
    struct request *req, struct http_error *err)
{
	struct reader r = { .rules = rules, .req = req, .err = err };
	struct str rest = str_tail(in, HEADER_LEN), name, value;
	int n = count(rest, err), rc = 0;

	if (n < 0)
		return n;
	req->n_fields = 0;
	req->fields =
	    arena_alloc(&req->arena, ((size_t)n + 1) * sizeof(*req->fields));
	if (req->fields == NULL)
		return -E_NOMEM;
	while (rc == 0 && rest.len > 0 && take(&rest, &name) &&
	    take(&rest, &value))
		rc = take_var(&r, name, value);
	return rc < 0 ? rc : decide(&r);
}
