/*
 * wsgi_environ: a copy of the call's template, which already has most texts
 * of the last request, plus the header fields. What costs is making strings:
 * so keys are ready, and values that come again are kept. On the way of
 * every request.
 */
#include "gateway/wsgi_environ.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/num.h"
#include "gateway/wsgi_input.h"
#include "http/http_field.h"
#include "http/http_host.h"
#include "python/python_ref.h"

#include "base/banned.h"

#define PREFIX "HTTP_"
#define NAME_KEPT_MAX 48 /* longer unknown names are made each time */
#define NAMES_MAX 256    /* kept unknown names; a power of two */

/* A known field: its key, and the value that it had last. */
static struct {
	PyObject *key;   /* strong, interned */
	PyObject *value; /* strong, NULL at first */
	bool secret;     /* its value is not kept */
} known[FIELD_MAX];

/* A name that is in no table, as it was written. */
static struct kept_name {
	PyObject *key; /* strong; NULL: free */
	size_t len;
	char name[NAME_KEPT_MAX];
} kept[NAMES_MAX];

static char *script_name; /* the process's SCRIPT_NAME, or NULL */

/* The environ key of a field: "HTTP_" and the name, as CGI has it. */
static PyObject *
key_of(struct str name)
{
	PyObject *key; /* new */
	Py_UCS1 *text;
	size_t i;
	char c;

	key = PyUnicode_New((Py_ssize_t)(sizeof PREFIX - 1 + name.len), 0x7f);
	if (key == NULL)
		return NULL;
	text = PyUnicode_1BYTE_DATA(key);
	memcpy(text, PREFIX, sizeof PREFIX - 1);
	text += sizeof PREFIX - 1;
	for (i = 0; i < name.len; i++) {
		c = name.ptr[i];
		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		text[i] = (Py_UCS1)(c == '-' ? '_' : c);
	}
	PyUnicode_InternInPlace(&key);
	return key;
}

static PyObject *
known_key(enum http_field id)
{
	switch (id) {
	case FIELD_CONTENT_TYPE:
		return python_ref_interned("CONTENT_TYPE");
	case FIELD_CONTENT_LENGTH:
		return python_ref_interned("CONTENT_LENGTH");
	default:
		return key_of(http_field_name(id));
	}
}

int
wsgi_environ_start(void)
{
	const char *script = getenv("SCRIPT_NAME");

	for (int id = FIELD_OTHER + 1; id < FIELD_MAX; id++) {
		if (known[id].key == NULL)
			known[id].key = known_key((enum http_field)id);
		if (known[id].key == NULL)
			return -E_PYTHON;
	}
	known[FIELD_COOKIE].secret = true;
	known[FIELD_AUTHORIZATION].secret = true;
	if (script_name == NULL && script != NULL)
		script_name = strdup(script); /* os.environ may change it */
	return 0;
}

/* Sets one of the texts that differ, in the template. 0 or -1. */
static int
set_text(struct wsgi_call *c, enum wsgi_key key, struct str s)
{
	PyObject *text; /* new */
	struct str have;
	int rc;

	if (c->last[key] != NULL && python_ref_bytes_of(c->last[key], &have) &&
	    str_eq(have, s))
		return 0;
	text = python_ref_latin1(s);
	if (text == NULL)
		return -1;
	rc = PyDict_SetItem(c->template, wsgi_keys[key], text);
	c->last[key] = rc == 0 ? text : NULL;
	Py_DECREF(text);
	return rc;
}

static int
remove_text(struct wsgi_call *c, enum wsgi_key key)
{
	if (c->last[key] == NULL)
		return 0;
	c->last[key] = NULL;
	return PyDict_DelItem(c->template, wsgi_keys[key]);
}

static int
set_number(struct wsgi_call *c, enum wsgi_key key, unsigned number)
{
	char digits[20];
	size_t len = num_put_dec(digits, number);

	return set_text(c, key, (struct str){ digits, len });
}

static bool
is_unix(const struct endpoint *e)
{
	return e->port == 0 &&
	    (e->host.len == 0 || e->host.ptr[0] == '/' ||
		e->host.ptr[0] == '@' || e->host.ptr[0] == '\0');
}

static int
set_peer(struct wsgi_call *c, const struct endpoint *peer)
{
	if (!is_unix(peer))
		return set_text(c, WSGI_KEY_REMOTE_ADDR, peer->host) < 0
		    ? -1
		    : set_number(c, WSGI_KEY_REMOTE_PORT, peer->port);
	return set_text(c, WSGI_KEY_REMOTE_ADDR, STR("")) < 0
	    ? -1
	    : remove_text(c, WSGI_KEY_REMOTE_PORT);
}

/* On a unix socket only the client knows which server it meant. */
static int
set_server_from_host(struct wsgi_call *c, const struct request *req)
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
	return set_text(c, WSGI_KEY_SERVER_NAME, host) < 0
	    ? -1
	    : set_text(c, WSGI_KEY_SERVER_PORT, port);
}

static int
set_server(struct wsgi_call *c, const struct request *req)
{
	if (is_unix(&req->local))
		return set_server_from_host(c, req);
	return set_text(c, WSGI_KEY_SERVER_NAME, req->local.host) < 0
	    ? -1
	    : set_number(c, WSGI_KEY_SERVER_PORT, req->local.port);
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

/*
 * SCRIPT_NAME: from the process's environment, or from a field of that name,
 * which policy lets through from trusted peers only.
 */
static struct str
script_of(const struct request *req)
{
	for (unsigned i = 0; i < req->n_fields; i++)
		if (req->fields[i].id == FIELD_OTHER &&
		    req->fields[i].name.len == sizeof "SCRIPT_NAME" - 1 &&
		    str_eq_nocase(req->fields[i].name, STR("SCRIPT_NAME")))
			return req->fields[i].value;
	return str_of(script_name);
}

static int
set_path(struct wsgi_call *c, const struct request *req)
{
	struct str script = script_of(req), path = req->path_info;

	if (script.len > 0 && !str_starts(path, script)) {
		PyErr_SetString(PyExc_ValueError,
		    "Configuration problem: "
		    "the request's path does not start with SCRIPT_NAME");
		return -1;
	}
	return set_text(c, WSGI_KEY_SCRIPT_NAME, script) < 0
	    ? -1
	    : set_text(c, WSGI_KEY_PATH_INFO, str_tail(path, script.len));
}

static int
set_texts(struct wsgi_call *c, const struct request *req)
{
	if (set_text(c, WSGI_KEY_REQUEST_METHOD, req->method) < 0 ||
	    set_text(c, WSGI_KEY_RAW_URI, req->target) < 0 ||
	    set_text(c, WSGI_KEY_QUERY_STRING, req->query) < 0 ||
	    set_text(c, WSGI_KEY_SERVER_PROTOCOL, protocol_of(req)) < 0 ||
	    set_text(c, WSGI_KEY_URL_SCHEME, req->scheme) < 0)
		return -1;
	return set_path(c, req) < 0 || set_peer(c, &req->peer) < 0
	    ? -1
	    : set_server(c, req);
}

static unsigned
slot_of(struct str name)
{
	unsigned hash = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < name.len; i++)
		hash = (hash ^ (unsigned char)name.ptr[i]) * 16777619u;
	return (hash ^ (hash >> 16)) & (NAMES_MAX - 1);
}

/* New reference to an unknown name's key. One slot, newest first: bounded. */
static PyObject *
unknown_key(struct str name)
{
	struct kept_name *k;
	PyObject *key; /* new */

	if (name.len > NAME_KEPT_MAX)
		return key_of(name);
	k = &kept[slot_of(name)];
	if (k->key != NULL && str_eq(name, (struct str){ k->name, k->len }))
		return Py_NewRef(k->key);
	key = key_of(name);
	if (key == NULL)
		return NULL;
	memcpy(k->name, name.ptr, name.len);
	k->len = name.len;
	Py_XSETREF(k->key, Py_NewRef(key));
	return key;
}

/* New reference to a known field's value: the last one, if it is the same. */
static PyObject *
known_value(const struct field *f)
{
	PyObject *value; /* new */
	struct str have;

	value = known[f->id].value;
	if (value != NULL && python_ref_bytes_of(value, &have) &&
	    str_eq(have, f->value))
		return Py_NewRef(value);
	value = python_ref_latin1(f->value);
	if (value != NULL && !known[f->id].secret)
		Py_XSETREF(known[f->id].value, Py_NewRef(value));
	return value;
}

/* The field came before: both values, joined. 0 or -1. */
static int
join(PyObject *env, PyObject *key, PyObject *before, PyObject *value,
    bool cookie)
{
	PyObject *both = PyUnicode_FromFormat(
	    cookie ? "%U; %U" : "%U,%U", before, value); /* new */
	int rc = both == NULL ? -1 : PyDict_SetItem(env, key, both);

	Py_XDECREF(both);
	return rc;
}

/* key and value are stolen, and NULL when making them failed. */
static int
set_field(PyObject *env, PyObject *key, PyObject *value, bool cookie)
{
	PyObject *before = NULL; /* new */
	int rc = -1;

	if (key != NULL && value != NULL)
		rc = PyDict_SetDefaultRef(env, key, value, &before);
	if (rc == 1)
		rc = join(env, key, before, value, cookie);
	Py_XDECREF(before);
	Py_XDECREF(key);
	Py_XDECREF(value);
	return rc;
}

static int
set_fields(PyObject *env, const struct request *req)
{
	const struct field *f;
	int rc;

	for (f = req->fields; f < req->fields + req->n_fields; f++) {
		if (f->id != FIELD_OTHER)
			rc = set_field(env, Py_NewRef(known[f->id].key),
			    known_value(f), f->id == FIELD_COOKIE);
		else
			rc = set_field(env, unknown_key(f->name),
			    python_ref_latin1(f->value), false);
		if (rc < 0)
			return -1;
	}
	return 0;
}

PyObject *
wsgi_environ_create(struct wsgi_call *c)
{
	PyObject *env; /* new */

	if (set_texts(c, c->req) < 0)
		return NULL;
	env = PyDict_Copy(c->template);
	if (env != NULL && set_fields(env, c->req) < 0)
		Py_CLEAR(env);
	return env;
}
