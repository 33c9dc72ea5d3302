/*
 * wsgi_headers: the header list that an application gave, checked and as
 * fields. Needs the GIL.
 */
#ifndef GATEWAY_WSGI_HEADERS_H
#define GATEWAY_WSGI_HEADERS_H

#include <Python.h>

#include "http/request.h"

/* All zero: empty. Its memory is used again for the next list. */
struct wsgi_headers {
	struct field *fields; /* checked; room for n + 1 */
	PyObject **pairs;     /* strong: tuples that fields point into */
	unsigned n, max;
	bool has_length; /* Content-Length is among them */
};

/*
 * New reference to headers (any iterable of pairs) as a list or tuple, or NULL
 * with an error set. An iterable of the application's runs its Python code.
 */
PyObject *wsgi_headers_list(PyObject *headers);

/*
 * Takes over items (of wsgi_headers_list) instead of what h held; the
 * application may do with it what it wants then. 0, or -E_PYTHON with an
 * error set; h is empty then.
 */
int wsgi_headers_take(struct wsgi_headers *h, PyObject *items);

/* Lets the application's objects go. */
void wsgi_headers_drop(struct wsgi_headers *h);

/* The memory too. */
void wsgi_headers_finish(struct wsgi_headers *h);

/* A str's bytes; -E_PYTHON with the error that says what it is instead. */
int wsgi_headers_text(PyObject *object, const char *what, struct str *out);

#endif
