/*
 * wsgi_function: a callable that belongs to a call: start_response, write,
 * early_hints. After the call it raises. Needs the GIL.
 */
#ifndef GATEWAY_WSGI_FUNCTION_H
#define GATEWAY_WSGI_FUNCTION_H

#include <Python.h>

struct wsgi_call;
struct wsgi_function;

/* args: n positional ones, then those named by names (a tuple or NULL). */
typedef PyObject *wsgi_function_body(struct wsgi_function *f,
    PyObject *const *args, Py_ssize_t n, PyObject *names);

struct wsgi_function {
	PyObject ob_base;
	vectorcallfunc vectorcall;
	wsgi_function_body *body;
	const char *name;
	struct wsgi_call *call; /* NULL when it is over */
};

/* Makes the type ready. 0 or -1 with an error set. */
int wsgi_function_start(void);

/*
 * The call of f, or NULL with an error set: that is over. To be asked again
 * after Python has run: another thread may have ended it meanwhile, and it may
 * be another request's.
 */
struct wsgi_call *wsgi_function_call(const struct wsgi_function *f);

/* New reference, or NULL with an error set. name: a literal. */
struct wsgi_function *wsgi_function_create(
    struct wsgi_call *c, const char *name, wsgi_function_body *body);

#endif
