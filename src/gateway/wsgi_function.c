/*
 * wsgi_function: a callable in its cheapest form: vectorcall, no collector.
 */
#include "gateway/wsgi_function.h"

#include <stddef.h>

#include "gateway/wsgi_call.h"

#include "base/banned.h"

struct wsgi_call *
wsgi_function_call(const struct wsgi_function *f)
{
	if (f->call != NULL && f->call->req != NULL && !f->call->returned)
		return f->call;
	PyErr_Format(PyExc_RuntimeError, "%s: the request is over", f->name);
	return NULL;
}

static PyObject *
call(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *names)
{
	struct wsgi_function *f = (struct wsgi_function *)self;

	if (wsgi_function_call(f) == NULL)
		return NULL;
	return f->body(f, args, PyVectorcall_NARGS(nargsf), names);
}

static PyObject *
repr(PyObject *self)
{
	const struct wsgi_function *f = (struct wsgi_function *)self;

	return PyUnicode_FromFormat("<greencorn %s>", f->name);
}

static PyTypeObject type = {
	PyVarObject_HEAD_INIT(NULL, 0).tp_name = "greencorn.function",
	.tp_basicsize = sizeof(struct wsgi_function),
	.tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL,
	.tp_vectorcall_offset = offsetof(struct wsgi_function, vectorcall),
	.tp_call = PyVectorcall_Call,
	.tp_repr = repr,
};

int
wsgi_function_start(void)
{
	return PyType_Ready(&type);
}

struct wsgi_function *
wsgi_function_create(
    struct wsgi_call *c, const char *name, wsgi_function_body *body)
{
	struct wsgi_function *f = PyObject_New(struct wsgi_function, &type);

	if (f == NULL)
		return NULL;
	f->vectorcall = call;
	f->body = body;
	f->name = name;
	f->call = c;
	return f;
}
