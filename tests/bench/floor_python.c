/*
 * floor_python: the floor with Python. The same loop calls a WSGI
 * application through the C API, plainly written: a new environ with the
 * keys of PEP 3333 each time, no caches, no checks of what comes back, no
 * Date and no Server. Linked with the release's own interpreter.
 *
 *   floor-python PORT MODULE:NAME [close]
 *
 * Drops the GIL around epoll_wait, as any server must.
 */
#include <Python.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "python/python_loader.h"
#include "python/python_start.h"
#include "sys/log_out.h"
#include "sys/sys_time.h"
#include "sys/title.h"

#include "floor.h"

static PyObject *application, *start_response, *input_type, *no_input;
static PyObject *status, *headers; /* what start_response was given */
static PyThreadState *state;

/* Keys that are the same each time, their values too. */
static struct {
	const char *name;
	PyObject *key, *value;
} fixed[] = {
	{ "wsgi.version", NULL, NULL },
	{ "wsgi.url_scheme", NULL, NULL },
	{ "wsgi.errors", NULL, NULL },
	{ "wsgi.multithread", NULL, NULL },
	{ "wsgi.multiprocess", NULL, NULL },
	{ "wsgi.run_once", NULL, NULL },
	{ "SERVER_NAME", NULL, NULL },
	{ "SERVER_PORT", NULL, NULL },
	{ "SERVER_PROTOCOL", NULL, NULL },
	{ "SERVER_SOFTWARE", NULL, NULL },
	{ "REMOTE_ADDR", NULL, NULL },
	{ "SCRIPT_NAME", NULL, NULL },
};
#define N_FIXED (sizeof(fixed) / sizeof(fixed[0]))

static PyObject *key_method, *key_path, *key_query, *key_input;

static void
fatal(void)
{
	PyErr_Print();
	exit(1);
}

static void *
must(void *object)
{
	if (object == NULL)
		fatal();
	return object;
}

static PyObject *
on_start_response(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
	(void)self;
	if (n < 2) {
		PyErr_SetString(PyExc_TypeError, "start_response");
		return NULL;
	}
	Py_XSETREF(status, Py_NewRef(args[0]));
	Py_XSETREF(headers, Py_NewRef(args[1]));
	Py_RETURN_NONE;
}

static void
put(PyObject *dict, PyObject *key, PyObject *value)
{
	if (value == NULL || PyDict_SetItem(dict, key, value) < 0)
		fatal();
	Py_DECREF(value);
}

static PyObject *
text(const char *p, size_t len)
{
	return must(PyUnicode_DecodeLatin1(p, (Py_ssize_t)len, NULL));
}

/* New reference to CONTENT_LENGTH or HTTP_X of a field's name. */
static PyObject *
field_key(const char *p, size_t len)
{
	char name[256] = "HTTP_";
	size_t i, at = 5;

	if (len > sizeof(name) - 5)
		len = sizeof(name) - 5;
	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)p[i];

		name[at + i] =
		    c == '-' ? '_' : (char)(c >= 'a' && c <= 'z' ? c - 32 : c);
	}
	if ((len == 12 && memcmp(name + 5, "CONTENT_TYPE", 12) == 0) ||
	    (len == 14 && memcmp(name + 5, "CONTENT_LENGTH", 14) == 0))
		return text(name + 5, len);
	return text(name, at + len);
}

static void
put_target(PyObject *environ, const char *p, const char *end)
{
	const char *query = memchr(p, '?', (size_t)(end - p));
	const char *path_end = query == NULL ? end : query;

	put(environ, key_path, text(p, (size_t)(path_end - p)));
	if (query == NULL)
		put(environ, key_query, text("", 0));
	else
		put(environ, key_query,
		    text(query + 1, (size_t)(end - query - 1)));
}

static PyObject *
new_environ(const struct floor_request *req)
{
	const char *p = req->head, *end = p + req->head_len - 2, *eol, *sp;
	PyObject *environ = must(PyDict_New()), *key;
	size_t i;

	for (i = 0; i < N_FIXED; i++)
		if (PyDict_SetItem(environ, fixed[i].key, fixed[i].value) < 0)
			fatal();
	eol = memchr(p, '\r', (size_t)(end - p));
	sp = memchr(p, ' ', (size_t)(eol - p));
	put(environ, key_method, text(p, (size_t)(sp - p)));
	put_target(environ, sp + 1, eol - 9);
	for (p = eol + 2; p < end; p = eol + 2) {
		eol = memchr(p, '\r', (size_t)(end - p));
		sp = memchr(p, ':', (size_t)(eol - p));
		key = field_key(p, (size_t)(sp - p));
		put(environ, key, text(sp + 2, (size_t)(eol - sp - 2)));
		Py_DECREF(key);
	}
	if (req->body_len > 0)
		put(environ, key_input,
		    PyObject_CallFunction(input_type, "y#", req->body,
			(Py_ssize_t)req->body_len));
	else
		put(environ, key_input, Py_NewRef(no_input));
	return environ;
}

static void
append(struct floor_answer *a, PyObject *s)
{
	Py_ssize_t len;
	const char *p = PyUnicode_AsUTF8AndSize(s, &len);

	if (p == NULL || a->head_len + (size_t)len + 64 > sizeof(a->head))
		fatal();
	memcpy(a->head + a->head_len, p, (size_t)len);
	a->head_len += (size_t)len;
}

static void
append_bytes(struct floor_answer *a, const char *p, size_t len)
{
	memcpy(a->head + a->head_len, p, len);
	a->head_len += len;
}

static void
write_head(struct floor_answer *a)
{
	Py_ssize_t i;

	a->head_len = 0;
	append_bytes(a, "HTTP/1.1 ", 9);
	append(a, status);
	append_bytes(a, "\r\n", 2);
	for (i = 0; i < PyList_GET_SIZE(headers); i++) {
		PyObject *pair = PyList_GET_ITEM(headers, i);

		append(a, PyTuple_GET_ITEM(pair, 0));
		append_bytes(a, ": ", 2);
		append(a, PyTuple_GET_ITEM(pair, 1));
		append_bytes(a, "\r\n", 2);
	}
	append_bytes(a, "\r\n", 2);
}

/* New reference to the whole body; takes the reference to result. */
static PyObject *
whole_body(PyObject *result)
{
	PyObject *all, *iterator, *part;

	if (PyList_CheckExact(result) && PyList_GET_SIZE(result) == 1) {
		all = Py_NewRef(PyList_GET_ITEM(result, 0));
		Py_DECREF(result);
		return all;
	}
	all = must(PyBytes_FromStringAndSize(NULL, 0));
	iterator = must(PyObject_GetIter(result));
	while ((part = PyIter_Next(iterator)) != NULL) {
		PyBytes_ConcatAndDel(&all, part);
		must(all);
	}
	if (PyErr_Occurred())
		fatal();
	Py_DECREF(iterator);
	Py_DECREF(result);
	return all;
}

static void
answer(const struct floor_request *req, struct floor_answer *a)
{
	PyObject *args[2] = { new_environ(req), start_response };
	PyObject *body =
	    whole_body(must(PyObject_Vectorcall(application, args, 2, NULL)));

	write_head(a);
	a->body = PyBytes_AS_STRING(body);
	a->body_len = (size_t)PyBytes_GET_SIZE(body);
	a->owner = body;
	Py_DECREF(args[0]);
}

static void
done(void *owner)
{
	Py_DECREF((PyObject *)owner);
}

static void
before_wait(void)
{
	state = PyEval_SaveThread();
}

static void
after_wait(void)
{
	PyEval_RestoreThread(state);
}

static PyObject *
interned(const char *name)
{
	return must(PyUnicode_InternFromString(name));
}

static void
start(const char *uri)
{
	static PyMethodDef method = { "start_response",
		(PyCFunction)(void (*)(void))on_start_response, METH_FASTCALL,
		NULL };
	PyObject *io;
	void *app;
	size_t i;

	if (python_loader_path(".") < 0 || python_loader_load(uri, &app) < 0)
		exit(1);
	application = app;
	start_response = must(PyCFunction_New(&method, NULL));
	io = must(PyImport_ImportModule("io"));
	input_type = must(PyObject_GetAttrString(io, "BytesIO"));
	no_input = must(PyObject_CallNoArgs(input_type));
	for (i = 0; i < N_FIXED; i++) {
		fixed[i].key = interned(fixed[i].name);
		fixed[i].value = interned("127.0.0.1");
	}
	fixed[0].value = must(Py_BuildValue("(ii)", 1, 0));
	fixed[1].value = interned("http");
	fixed[2].value = Py_NewRef(must(PySys_GetObject("stderr")));
	fixed[3].value = fixed[4].value = fixed[5].value = Py_False;
	fixed[8].value = interned("HTTP/1.1");
	fixed[11].value = interned("");
	key_method = interned("REQUEST_METHOD");
	key_path = interned("PATH_INFO");
	key_query = interned("QUERY_STRING");
	key_input = interned("wsgi.input");
}

int
main(int argc, char **argv)
{
	struct floor_app app = {
		.answer = answer,
		.done = done,
		.before_wait = before_wait,
		.after_wait = after_wait,
		.bodies = true,
	};

	if (argc < 3)
		return 2;
	app.close_each = argc > 3;
	title_start(argc, argv);
	time_start();
	log_out_start();
	if (python_start_server(argc, argv) < 0)
		return 1;
	start(argv[2]);
	floor_run(atoi(argv[1]), &app);
	return 0;
}
