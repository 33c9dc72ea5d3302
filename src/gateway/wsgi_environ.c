/*
 * wsgi_environ: what one of the call's templates says, which has most texts of
 * the last request already. On the way of every request.
 */
#include "gateway/wsgi_environ.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/num.h"
#include "gateway/wsgi_field.h"
#include "gateway/wsgi_input.h"
#include "gateway/wsgi_lend.h"
#include "http/http_field.h"
#include "http/http_host.h"
#include "python/python_ref.h"

#include "base/banned.h"

#define PORTS_MAX 1024 /* a power of two */

static struct str script_name; /* the process's SCRIPT_NAME, or empty */

int
wsgi_environ_start(void)
{
	const char *script = getenv("SCRIPT_NAME");

	wsgi_lend_start();
	if (wsgi_field_start() < 0)
		return -E_PYTHON;
	if (script_name.len > 0 || script == NULL)
		return 0;
	script = strdup(script); /* os.environ may change it */
	if (script == NULL) {
		PyErr_NoMemory();
		return -E_PYTHON;
	}
	script_name = str_of(script);
	return 0;
}

/* Into the template; text is stolen, and NULL when making it failed. */
static int
put_text(struct wsgi_template *t, enum wsgi_key key, PyObject *text)
{
	int rc;

	if (text == NULL)
		return -1;
	rc = wsgi_template_put(t, wsgi_keys[key], text);
	t->texts[key].ptr = NULL;
	if (rc == 0)
		(void)python_ref_bytes_of(text, &t->texts[key]);
	Py_DECREF(text);
	return rc;
}

/* Sets one of the texts that differ, in the template. 0 or -1. */
static inline int
set_text(struct wsgi_template *t, enum wsgi_key key, struct str s)
{
	if (t->texts[key].ptr != NULL && str_eq_short(t->texts[key], s))
		return 0;
	return put_text(t, key, python_ref_latin1(s));
}

static int
remove_text(struct wsgi_template *t, enum wsgi_key key)
{
	if (t->texts[key].ptr == NULL)
		return 0;
	t->texts[key].ptr = NULL;
	return wsgi_template_remove(t, wsgi_keys[key]);
}

/* New reference to a port as text: open connections' come again and again. */
static PyObject *
port_text(unsigned port)
{
	static struct {
		PyObject *text; /* strong; NULL: none */
		unsigned port;
	} kept[PORTS_MAX], *k;
	char digits[20];
	PyObject *text; /* new */

	k = &kept[port % PORTS_MAX];
	if (k->text != NULL && k->port == port)
		return Py_NewRef(k->text);
	text = python_ref_latin1(
	    (struct str){ digits, num_put_dec(digits, port) });
	if (text == NULL)
		return NULL;
	k->port = port;
	Py_XSETREF(k->text, Py_NewRef(text));
	return text;
}

/* Sets a port, unless it is *last, what the template has. */
static int
set_port(struct wsgi_template *t, enum wsgi_key key, unsigned port, long *last)
{
	if (*last == (long)port)
		return 0;
	*last = -1;
	if (put_text(t, key, port_text(port)) < 0)
		return -1;
	*last = (long)port;
	return 0;
}

static bool
is_unix(const struct endpoint *e)
{
	return e->port == 0 &&
	    (e->host.len == 0 || e->host.ptr[0] == '/' ||
		e->host.ptr[0] == '@' || e->host.ptr[0] == '\0');
}

static int
set_peer(struct wsgi_template *t, const struct endpoint *peer)
{
	if (!is_unix(peer))
		return set_text(t, WSGI_KEY_REMOTE_ADDR, peer->host) < 0
		    ? -1
		    : set_port(
			  t, WSGI_KEY_REMOTE_PORT, peer->port, &t->peer_port);
	t->peer_port = -1;
	return set_text(t, WSGI_KEY_REMOTE_ADDR, STR("")) < 0
	    ? -1
	    : remove_text(t, WSGI_KEY_REMOTE_PORT);
}

/* On a unix socket only the client knows which server it meant. */
static int
set_server_from_host(struct wsgi_template *t, const struct request *req)
{
	struct str host = req->host, port = { NULL, 0 };
	size_t at = host.len;

	while (at > 0 && host.ptr[at - 1] >= '0' && host.ptr[at - 1] <= '9')
		at--;
	if (at > 1 && host.ptr[at - 1] == ':' && at < host.len) {
		port = str_tail(host, at);
		host = str_head(host, at - 1);
	}
	if (host.len == 0)
		host = STR("localhost"); /* PEP 3333: never empty */
	if (port.len == 0)
		port =
		    str_eq(req->scheme, STR("https")) ? STR("443") : STR("80");
	t->local_port = -1;
	return set_text(t, WSGI_KEY_SERVER_NAME, host) < 0
	    ? -1
	    : set_text(t, WSGI_KEY_SERVER_PORT, port);
}

static int
set_server(struct wsgi_template *t, const struct request *req)
{
	if (is_unix(&req->local))
		return set_server_from_host(t, req);
	return set_text(t, WSGI_KEY_SERVER_NAME, req->local.host) < 0
	    ? -1
	    : set_port(
		  t, WSGI_KEY_SERVER_PORT, req->local.port, &t->local_port);
}

static struct str
protocol_of(const struct request *req)
{
	switch (req->version) {
	case HTTP_1_0:
		return STR("HTTP/1.0");
	case HTTP_2:
		return STR("HTTP/2.0");
	default:
		return STR("HTTP/1.1");
	}
}

/* Which field is SCRIPT_NAME, or -1. */
static int
find_script(const struct request *req)
{
	for (unsigned i = 0; i < req->n_fields; i++)
		if (wsgi_field_is_script(&req->fields[i]))
			return (int)i;
	return -1;
}

static int
set_paths(struct wsgi_template *t, struct str script, struct str path)
{
	return set_text(t, WSGI_KEY_SCRIPT_NAME, script) < 0
	    ? -1
	    : set_text(t, WSGI_KEY_PATH_INFO, path);
}

/* The process's environment, unless a field of that name says otherwise. */
static int
set_path(struct wsgi_template *t, const struct request *req)
{
	int at = t->n_fields > 0 ? t->script : find_script(req);
	struct str path = req->path_info, script = script_name;

	if (at < 0 && req->script.ptr != NULL) /* both as they came */
		return set_paths(t, req->script, path);
	if (at >= 0)
		script = req->fields[at].value;
	if (script.len > 0 && !str_starts(path, script)) {
		PyErr_SetString(PyExc_ValueError,
		    "Configuration problem: "
		    "the request's path does not start with SCRIPT_NAME");
		return -1;
	}
	return set_paths(t, script, str_tail(path, script.len));
}

static int
set_texts(struct wsgi_template *t, const struct request *req)
{
	if (set_text(t, WSGI_KEY_REQUEST_METHOD, req->method) < 0 ||
	    set_text(t, WSGI_KEY_RAW_URI, req->target) < 0 ||
	    set_text(t, WSGI_KEY_QUERY_STRING, req->query) < 0 ||
	    set_text(t, WSGI_KEY_SERVER_PROTOCOL, protocol_of(req)) < 0 ||
	    set_text(t, WSGI_KEY_URL_SCHEME, req->scheme) < 0)
		return -1;
	return set_path(t, req) < 0 || set_peer(t, &req->peer) < 0
	    ? -1
	    : set_server(t, req);
}

/*
 * The field came before: repeats has a list of all values by key, so that
 * they are joined once, however many there are. 0 or -1.
 */
static int
note_repeat(PyObject **repeats, PyObject *key, PyObject *first, PyObject *value)
{
	PyObject *values; /* new */
	int rc;

	if (*repeats == NULL)
		*repeats = PyDict_New();
	if (*repeats == NULL || PyDict_GetItemRef(*repeats, key, &values) < 0)
		return -1;
	if (values != NULL) {
		rc = PyList_Append(values, value);
	} else {
		values = Py_BuildValue("[OO]", first, value);
		rc =
		    values == NULL ? -1 : PyDict_SetItem(*repeats, key, values);
	}
	Py_XDECREF(values);
	return rc;
}

/* RFC 9110, section 5.3; RFC 6265, section 5.4, for cookies. */
static int
join_repeats(PyObject *env, PyObject *repeats)
{
	PyObject *key, *values;  /* borrowed */
	PyObject *all, *between; /* new */
	Py_ssize_t at = 0;
	int rc = 0;

	while (rc == 0 && PyDict_Next(repeats, &at, &key, &values)) {
		between = PyUnicode_FromString(
		    PyUnicode_EqualToUTF8(key, "HTTP_COOKIE") ? "; " : ",");
		all = between == NULL ? NULL : PyUnicode_Join(between, values);
		rc = all == NULL ? -1 : PyDict_SetItem(env, key, all);
		Py_XDECREF(all);
		Py_XDECREF(between);
	}
	return rc;
}

/* key and value are stolen, and NULL when making them failed. */
static int
set_field(PyObject *env, PyObject *key, PyObject *value, PyObject **repeats)
{
	PyObject *before = NULL; /* new */
	int rc = -1;

	if (key != NULL && value != NULL)
		rc = python_ref_set_default(env, key, value, &before);
	if (rc == 1)
		rc = note_repeat(repeats, key, before, value);
	Py_XDECREF(before);
	Py_XDECREF(key);
	Py_XDECREF(value);
	return rc;
}

static int
set_fields(PyObject *env, const struct request *req)
{
	PyObject *repeats = NULL; /* new */
	const struct field *f;
	int rc = 0;

	for (f = req->fields; rc == 0 && f < req->fields + req->n_fields; f++)
		rc = set_field(
		    env, wsgi_field_key(f), wsgi_field_value(f), &repeats);
	if (rc == 0 && repeats != NULL)
		rc = join_repeats(env, repeats);
	Py_XDECREF(repeats);
	return rc;
}

/* The template has all fields but those whose values are kept nowhere. */
static int
set_secrets(
    PyObject *env, const struct wsgi_template *t, const struct request *req)
{
	PyObject *value; /* new */
	unsigned at;
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < t->n_secrets; i++) {
		at = t->secrets[i];
		value = wsgi_field_value(&req->fields[at]);
		rc = value == NULL ? -1
				   : PyDict_SetItem(env, t->keys[at], value);
		Py_XDECREF(value);
	}
	return rc;
}

/* value is stolen, and NULL when making it failed. */
static int
set_key(PyObject *env, enum wsgi_key key, PyObject *value)
{
	int rc = -1;

	if (value != NULL)
		rc = PyDict_SetItem(env, wsgi_keys[key], value);
	Py_XDECREF(value);
	return rc;
}

/* New reference to a copy with what a PROXY header said, or NULL. */
static PyObject *
behind_front(const struct wsgi_template *t, const struct endpoint *front)
{
	PyObject *env = PyDict_Copy(t->dict); /* new */
	bool v6 = str_find(front->host, ':') < front->host.len;
	struct str family = v6 ? STR("TCP6") : STR("TCP4");

	if (env == NULL)
		return NULL;
	if (set_key(env, WSGI_KEY_PROXY_PROTOCOL, python_ref_latin1(family)) <
		0 ||
	    set_key(env, WSGI_KEY_PROXY_ADDR, python_ref_latin1(front->host)) <
		0 ||
	    set_key(env, WSGI_KEY_PROXY_PORT, port_text(front->port)) < 0)
		Py_CLEAR(env);
	return env;
}

PyObject *
wsgi_environ_create(struct wsgi_call *c)
{
	const struct request *req = c->req;
	struct wsgi_template *t =
	    wsgi_template_for(&c->templates, req->fields, req->n_fields);
	PyObject *env; /* new */
	int rc;

	if (t == NULL || set_texts(t, req) < 0)
		return NULL;
	c->template = t;
	env = req->front.host.len > 0 ? behind_front(t, &req->front)
				      : wsgi_lend_take(&c->templates, t);
	if (env == NULL)
		return NULL;
	rc = t->n_fields == 0 ? set_fields(env, req) : set_secrets(env, t, req);
	if (rc == 0) {
		wsgi_lend_out(&c->templates, t, env);
		return env;
	}
	wsgi_lend_drop(&c->templates, t);
	Py_DECREF(env);
	return NULL;
}
