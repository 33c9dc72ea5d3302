/*
 * wsgi_call: calls come from a list of free ones, with all their objects
 * made, so that a request makes none but its environ. Run by workers.
 */
#include "gateway/wsgi_call.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/version.h"
#include "gateway/wsgi_file.h"
#include "gateway/wsgi_function.h"
#include "gateway/wsgi_input.h"
#include "gateway/wsgi_response.h"
#include "http/seams.h"
#include "python/python_gil.h"
#include "python/python_ref.h"

#include "base/banned.h"

#define TABLE_USED 42 /* entries that a table of 64 slots takes */
#define LIVE 22       /* of them there when it grows: 3 * 22 > 64 */

PyObject *wsgi_keys[WSGI_KEY_MAX];

static PyObject *constants; /* strong: what every environ has */
static struct wsgi_call *free_calls;

static int
make_keys(void)
{
	static const char *const texts[] = {
#define KEY(id, text) [WSGI_KEY_##id] = text,
#include "gateway/wsgi_keys.def"
#undef KEY
	};

	for (size_t i = 0; i < WSGI_KEY_MAX; i++) {
		wsgi_keys[i] = python_ref_interned(texts[i]);
		if (wsgi_keys[i] == NULL)
			return -1;
	}
	return 0;
}

/* Into the constants; value is stolen, and NULL when making it failed. */
static int
put(enum wsgi_key key, PyObject *value)
{
	int rc = -1;

	if (value != NULL)
		rc = PyDict_SetItem(constants, wsgi_keys[key], value);
	Py_XDECREF(value);
	return rc;
}

/* New reference: where applications write what went wrong. */
static PyObject *
errors_stream(void)
{
	PyObject *stream = PySys_GetObject("stderr"); /* borrowed */
	PyObject *io;                                 /* new */

	if (stream != NULL && stream != Py_None)
		return Py_NewRef(stream);
	io = PyImport_ImportModule("io"); /* standard error is closed */
	if (io == NULL)
		return NULL;
	stream = PyObject_CallMethod(io, "open", "ss", "/dev/null", "w");
	Py_DECREF(io);
	return stream;
}

int
wsgi_call_start(bool multithread, bool multiprocess)
{
	if (constants != NULL)
		return 0;
	if (wsgi_function_start() < 0 || wsgi_input_start() < 0 ||
	    wsgi_file_start() < 0 || make_keys() < 0)
		return -E_PYTHON;
	constants = PyDict_New();
	if (constants == NULL ||
	    put(WSGI_KEY_VERSION, Py_BuildValue("(ii)", 1, 0)) < 0 ||
	    put(WSGI_KEY_ERRORS, errors_stream()) < 0 ||
	    put(WSGI_KEY_MULTITHREAD, PyBool_FromLong(multithread)) < 0 ||
	    put(WSGI_KEY_MULTIPROCESS, PyBool_FromLong(multiprocess)) < 0 ||
	    put(WSGI_KEY_RUN_ONCE, Py_NewRef(Py_False)) < 0 ||
	    put(WSGI_KEY_INPUT_TERMINATED, Py_NewRef(Py_True)) < 0 ||
	    put(WSGI_KEY_FILE_WRAPPER, wsgi_file_type()) < 0 ||
	    put(WSGI_KEY_SERVER_SOFTWARE,
		PyUnicode_FromString("greencorn/" GREENCORN_VERSION)) < 0) {
		Py_CLEAR(constants);
		return -E_PYTHON;
	}
	return 0;
}

static void
destroy(struct wsgi_call *c)
{
	Py_XDECREF(c->template);
	Py_XDECREF((PyObject *)c->start_response);
	Py_XDECREF((PyObject *)c->write);
	Py_XDECREF((PyObject *)c->early_hints);
	Py_XDECREF((PyObject *)c->input);
	wsgi_headers_finish(&c->headers);
	wsgi_headers_finish(&c->draft);
	PyMem_Free(c);
}

static int
make_early_hints(struct wsgi_call *c)
{
	c->early_hints =
	    wsgi_function_create(c, "early_hints", wsgi_response_early_hints);
	return c->early_hints == NULL
	    ? -1
	    : PyDict_SetItem(c->template, wsgi_keys[WSGI_KEY_EARLY_HINTS],
		  (PyObject *)c->early_hints);
}

static int
make_input(struct wsgi_call *c)
{
	c->input = wsgi_input_create(c);
	return c->input == NULL
	    ? -1
	    : PyDict_SetItem(
		  c->template, wsgi_keys[WSGI_KEY_INPUT], (PyObject *)c->input);
}

/* What is missing is made. 0 or -1 with an error set. */
static int
complete(struct wsgi_call *c)
{
	if (c->start_response == NULL)
		c->start_response = wsgi_function_create(
		    c, "start_response", wsgi_response_start);
	if (c->write == NULL)
		c->write = wsgi_function_create(
		    c, "write", wsgi_response_write_function);
	if (c->start_response == NULL || c->write == NULL)
		return -1;
	if (c->early_hints == NULL && make_early_hints(c) < 0)
		return -1;
	return c->input == NULL ? make_input(c) : 0;
}

/* The texts that each request brings, empty for now. 0 or -1. */
static int
make_texts(struct wsgi_call *c)
{
	PyObject *empty = PyUnicode_New(0, 0); /* new */
	int rc = empty == NULL ? -1 : 0;

	for (size_t i = 0; rc == 0 && i < WSGI_KEY_VARYING; i++) {
		rc = PyDict_SetItem(c->template, wsgi_keys[i], empty);
		c->last[i] = empty;
	}
	Py_XDECREF(empty);
	return rc;
}

/* Sets (or removes) keys "from" to "to" - 1, which are in no environ. */
static int
fill(PyObject *dict, Py_ssize_t from, Py_ssize_t to, bool remove)
{
	PyObject *key; /* new */
	int rc = 0;

	for (Py_ssize_t i = from; rc == 0 && i < to; i++) {
		key = PyUnicode_FromFormat("%zd", i);
		if (key == NULL)
			return -1;
		rc = remove ? PyDict_DelItem(dict, key)
			    : PyDict_SetItem(dict, key, Py_None);
		Py_DECREF(key);
	}
	return rc;
}

/*
 * A table of 128 slots: a browser's header fields and what a framework adds
 * shall not make each copy grow. A dict grows when TABLE_USED entries were
 * made, to three times as many as are there then; and a copy keeps the size
 * only while few entries have been removed.
 */
static int
widen(PyObject *dict)
{
	Py_ssize_t n = PyDict_GET_SIZE(dict);

	if (n >= LIVE || fill(dict, n, TABLE_USED, false) < 0 ||
	    fill(dict, LIVE, TABLE_USED, true) < 0)
		return n >= LIVE ? 0 : -1;
	if (fill(dict, TABLE_USED, TABLE_USED + 1, false) < 0 ||
	    fill(dict, TABLE_USED, TABLE_USED + 1, true) < 0)
		return -1;
	return fill(dict, n, LIVE, true);
}

static struct wsgi_call *
create(void)
{
	struct wsgi_call *c = PyMem_Calloc(1, sizeof *c);

	if (c == NULL) {
		PyErr_NoMemory();
		return NULL;
	}
	c->template = PyDict_Copy(constants);
	if (c->template == NULL || complete(c) < 0 || make_texts(c) < 0 ||
	    widen(c->template) < 0) {
		destroy(c);
		return NULL;
	}
	return c;
}

struct wsgi_call *
wsgi_call_begin(struct request *req)
{
	struct wsgi_call *c = free_calls;

	if (c == NULL)
		c = create();
	else
		free_calls = c->next;
	if (c == NULL)
		return NULL;
	c->req = req;
	c->thread = PyThread_get_thread_ident();
	c->status = NULL;
	c->head_sent = false;
	return c;
}

void
wsgi_call_over(struct wsgi_call *c)
{
	c->req = NULL;
}

/* What somebody else holds too is left to them, without the call. */
static void
cut_function(struct wsgi_function **f, Py_ssize_t ours)
{
	if (Py_REFCNT((PyObject *)*f) == ours)
		return;
	(*f)->call = NULL;
	Py_CLEAR(*f);
}

static void
cut_input(struct wsgi_call *c)
{
	if (Py_REFCNT((PyObject *)c->input) == 2) /* ours and the template's */
		return;
	wsgi_input_cut(c->input);
	Py_CLEAR(c->input);
}

void
wsgi_call_end(struct wsgi_call *c)
{
	wsgi_call_over(c);
	Py_CLEAR(c->status);
	wsgi_headers_drop(&c->headers);
	cut_function(&c->start_response, 1);
	cut_function(&c->write, 1);
	cut_function(&c->early_hints, 2); /* the template's is the other */
	cut_input(c);
	if (complete(c) < 0) {
		PyErr_Clear();
		destroy(c);
		return;
	}
	c->next = free_calls;
	free_calls = c;
}

int
wsgi_call_wait(struct wsgi_call *c, unsigned events)
{
	struct request *req = c->req;

	if (PyThread_get_thread_ident() != c->thread) {
		PyErr_SetString(PyExc_RuntimeError,
		    "this has to wait for "
		    "the client, which only the thread can that the "
		    "application was called on");
		return -E_PYTHON;
	}
	python_gil_drop();
	(void)req->executor->ops->wait(
	    req->executor, req, events | EXECUTOR_END);
	python_gil_take();
	return 0;
}
