/*
 * wsgi_input: read, readline, readlines and iteration over the body ring. A
 * client's word about the length is never reason enough to allocate.
 */
#include <Python.h>

#include "gateway/wsgi_input.h"

#include "base/error.h"
#include "gateway/wsgi_call.h"
#include "http/seams.h"

#include "base/banned.h"

#define GROW_MIN 8192
#define TRUST_MAX (1024 * 1024) /* taken at once for an announced length */

struct wsgi_input {
	PyObject ob_base;
	struct wsgi_call *call; /* NULL: cut off */
};

/* A bytes object that is being filled. */
struct growing {
	PyObject *bytes; /* strong; NULL: none yet, or no memory */
	size_t len, size;
};

static int
raise_end(enum request_end why)
{
	switch (why) {
	case REQUEST_BODY_TIMEOUT:
		PyErr_SetString(PyExc_TimeoutError,
		    "the client did not send its body in time");
		break;
	case REQUEST_OVERDUE:
		PyErr_SetString(PyExc_TimeoutError,
		    "the application did not answer in time");
		break;
	case REQUEST_BAD_BODY:
		PyErr_SetString(
		    PyExc_OSError, "the client broke the framing of its body");
		break;
	case REQUEST_TOO_LARGE:
		PyErr_SetString(PyExc_OSError,
		    "the body is larger than limit_request_body");
		break;
	case REQUEST_TAKEN:
		PyErr_SetString(
		    PyExc_OSError, "the application has taken gunicorn.socket");
		break;
	case REQUEST_DRAIN:
		PyErr_SetString(PyExc_OSError,
		    "the worker has to end before the body was complete");
		break;
	default:
		PyErr_SetString(PyExc_ConnectionResetError,
		    "the client is gone before its body was complete");
	}
	return -E_PYTHON;
}

/* The request, or NULL with an error set. */
static struct request *
request_of(struct wsgi_input *in)
{
	if (in->call != NULL && in->call->req != NULL && !in->call->returned)
		return in->call->req;
	PyErr_SetString(
	    PyExc_ValueError, "wsgi.input cannot be read: the request is over");
	return NULL;
}

static bool
has_no_body(const struct request *req)
{
	return req->body.size == 0 && !req->chunked && req->content_length <= 0;
}

/*
 * The next bytes as a slice in the ring, empty at the end; waits for them.
 * 0 or -E_PYTHON with an error set.
 */
static int
fetch(struct wsgi_input *in, struct request *req, struct str *s)
{
	bool complete;

	for (;;) {
		/* First, for the last bytes come before the word. */
		complete = body_complete(&req->body) || has_no_body(req);
		*s = body_peek(&req->body);
		if (s->len > 0 || complete)
			return 0;
		if (request_ended(req) != REQUEST_GOES_ON)
			return raise_end(request_ended(req));
		if (wsgi_call_wait(in->call, EXECUTOR_BODY) < 0)
			return -E_PYTHON;
	}
}

static void
take(struct request *req, size_t n)
{
	body_take(&req->body, n);
	req->stream->ops->body_credit(req->stream, n);
}

/* Bytes that may still come, as far as the head said; or max. */
static size_t
announced(const struct request *req, size_t max)
{
	uint64_t got = body_taken(&req->body);

	if (req->content_length < 0 || (uint64_t)req->content_length < got)
		return max;
	if ((uint64_t)req->content_length - got < max)
		return (size_t)((uint64_t)req->content_length - got);
	return max;
}

static int
grow_to(struct growing *g, size_t size)
{
	if (g->bytes == NULL)
		g->bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)size);
	else if (_PyBytes_Resize(&g->bytes, (Py_ssize_t)size) < 0)
		g->bytes = NULL;
	g->size = size;
	return g->bytes == NULL ? -E_PYTHON : 0;
}

/* want: a hint of how long it will be. */
static int
append(struct growing *g, struct str s, size_t want)
{
	size_t size = g->size == 0 ? want : g->size * 2;

	if (g->bytes == NULL || s.len > g->size - g->len) {
		if (size > want && want >= g->len + s.len)
			size = want;
		if (size < g->len + s.len)
			size = g->len + s.len;
		if (grow_to(g, size) < 0)
			return -E_PYTHON;
	}
	memcpy(PyBytes_AS_STRING(g->bytes) + g->len, s.ptr, s.len);
	g->len += s.len;
	return 0;
}

/* New reference to what was gathered, or NULL with an error set. */
static PyObject *
finish(struct growing *g)
{
	if (g->bytes == NULL && PyErr_Occurred() == NULL)
		return PyBytes_FromStringAndSize(NULL, 0);
	if (g->bytes != NULL && g->len < g->size)
		(void)grow_to(g, g->len);
	return g->bytes;
}

/* New reference to up to max bytes, less only at the body's end. */
static PyObject *
read_up_to(struct wsgi_input *in, size_t max)
{
	struct request *req = request_of(in);
	struct growing g = { NULL, 0, 0 };
	size_t want;
	struct str s;

	if (req == NULL)
		return NULL;
	want = announced(req, max < TRUST_MAX ? max : TRUST_MAX);
	if (req->content_length < 0 && want > GROW_MIN)
		want = GROW_MIN;
	while (g.len < max) {
		if (fetch(in, req, &s) < 0) {
			Py_XDECREF(g.bytes);
			return NULL;
		}
		if (s.len == 0)
			break;
		s = str_head(s, max - g.len);
		if (append(&g, s, want) < 0)
			return NULL;
		take(req, s.len);
	}
	return finish(&g);
}

/* New reference to one line with its '\n', or its first max bytes. */
static PyObject *
read_line(struct wsgi_input *in, size_t max)
{
	struct request *req = request_of(in);
	struct growing g = { NULL, 0, 0 };
	bool ended = false;
	size_t at;
	struct str s;

	if (req == NULL)
		return NULL;
	while (!ended && g.len < max) {
		if (fetch(in, req, &s) < 0) {
			Py_XDECREF(g.bytes);
			return NULL;
		}
		if (s.len == 0)
			break;
		s = str_head(s, max - g.len);
		at = str_find(s, '\n');
		ended = at < s.len;
		s = str_head(s, at + 1);
		if (append(&g, s, s.len) < 0)
			return NULL;
		take(req, s.len);
	}
	return finish(&g);
}

/* The one optional argument: None and negative mean all. 0 or -1. */
static int
parse_size(PyObject *const *args, Py_ssize_t n, size_t *size)
{
	Py_ssize_t value;

	*size = PY_SSIZE_T_MAX;
	if (n > 1) {
		PyErr_Format(
		    PyExc_TypeError, "at most 1 argument expected, got %zd", n);
		return -1;
	}
	if (n == 0 || args[0] == Py_None)
		return 0;
	value = PyNumber_AsSsize_t(args[0], PyExc_OverflowError);
	if (value == -1 && PyErr_Occurred() != NULL)
		return -1;
	if (value >= 0)
		*size = (size_t)value;
	return 0;
}

static PyObject *
input_read(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
	size_t size;

	if (parse_size(args, n, &size) < 0)
		return NULL;
	return read_up_to((struct wsgi_input *)self, size);
}

static PyObject *
input_readline(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
	size_t size;

	if (parse_size(args, n, &size) < 0)
		return NULL;
	return read_line((struct wsgi_input *)self, size);
}

/* Appends one line. Its length, 0 at the end, -1 with an error set. */
static Py_ssize_t
append_line(struct wsgi_input *in, PyObject *lines)
{
	PyObject *line = read_line(in, PY_SSIZE_T_MAX); /* new */
	Py_ssize_t len = line == NULL ? -1 : PyBytes_GET_SIZE(line);

	if (len > 0 && PyList_Append(lines, line) < 0)
		len = -1;
	Py_XDECREF(line);
	return len;
}

static PyObject *
input_readlines(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
	PyObject *lines; /* new */
	size_t hint, total = 0;
	Py_ssize_t len = 1;

	if (parse_size(args, n, &hint) < 0)
		return NULL;
	if (hint == 0)
		hint = PY_SSIZE_T_MAX; /* as files do */
	lines = PyList_New(0);
	while (lines != NULL && len > 0 && total < hint) {
		len = append_line((struct wsgi_input *)self, lines);
		if (len < 0)
			Py_CLEAR(lines);
		else
			total += (size_t)len;
	}
	return lines;
}

static PyObject *
input_next(PyObject *self)
{
	PyObject *line =
	    read_line((struct wsgi_input *)self, PY_SSIZE_T_MAX); /* new */

	if (line != NULL && PyBytes_GET_SIZE(line) == 0)
		Py_CLEAR(line);
	return line;
}

static PyMethodDef methods[] = {
	{ "read", (PyCFunction)(void *)input_read, METH_FASTCALL, NULL },
	{ "readline", (PyCFunction)(void *)input_readline, METH_FASTCALL,
	    NULL },
	{ "readlines", (PyCFunction)(void *)input_readlines, METH_FASTCALL,
	    NULL },
	{ NULL, NULL, 0, NULL },
};

static PyTypeObject type = {
	PyVarObject_HEAD_INIT(NULL, 0).tp_name = "greencorn.input",
	.tp_basicsize = sizeof(struct wsgi_input),
	.tp_flags = Py_TPFLAGS_DEFAULT,
	.tp_methods = methods,
	.tp_iter = PyObject_SelfIter,
	.tp_iternext = input_next,
};

int
wsgi_input_start(void)
{
	return PyType_Ready(&type);
}

struct wsgi_input *
wsgi_input_create(struct wsgi_call *c)
{
	struct wsgi_input *in = PyObject_New(struct wsgi_input, &type);

	if (in != NULL)
		in->call = c;
	return in;
}

void
wsgi_input_cut(struct wsgi_input *in)
{
	in->call = NULL;
}
