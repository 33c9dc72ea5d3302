/*
 * wsgi_response: what the application says: start_response, write,
 * early_hints, and the bytes of its result. All need the GIL.
 */
#ifndef GATEWAY_WSGI_RESPONSE_H
#define GATEWAY_WSGI_RESPONSE_H

#include <Python.h>

#include "gateway/wsgi_call.h"

/* Bodies of the functions that the application is given. */
PyObject *wsgi_response_start(struct wsgi_function *f, PyObject *const *args,
    Py_ssize_t n, PyObject *names);
PyObject *wsgi_response_write_function(struct wsgi_function *f,
    PyObject *const *args, Py_ssize_t n, PyObject *names);
PyObject *wsgi_response_early_hints(struct wsgi_function *f,
    PyObject *const *args, Py_ssize_t n, PyObject *names);

/*
 * Sends the head. length: the body's, when all of it is known, else -1; it
 * is said unless the application did, or HTTP forbids it. 0; -E_PYTHON with
 * an error set; -E_GONE.
 */
int wsgi_response_head(struct wsgi_call *c, int64_t length);

/*
 * Sends body bytes, the head before the first; waits for room. 0; 1: no more
 * will be taken (Content-Length is reached, or HTTP has no body here), so an
 * endless result must not be asked on; the errors above, -E_PYTHON also for
 * what is not bytes. data is kept alive meanwhile.
 */
int wsgi_response_write(struct wsgi_call *c, PyObject *data);

/*
 * Sends all items of the application's result; the head is sent by then
 * unless there was no byte. An answer that went out as a whole is over then
 * (c->req is NULL). The same errors. Does not close it.
 */
int wsgi_response_send(struct wsgi_call *c, PyObject *result);

#endif
