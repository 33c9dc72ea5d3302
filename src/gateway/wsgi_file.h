/*
 * wsgi_file: environ["wsgi.file_wrapper"]: a file that is sent by the kernel
 * where that is possible, and read piece by piece where it is not.
 */
#ifndef GATEWAY_WSGI_FILE_H
#define GATEWAY_WSGI_FILE_H

#include <Python.h>

#include <stdbool.h>

struct wsgi_call;

/* Makes the type ready. 0 or -1 with an error set. */
int wsgi_file_start(void);

/* New reference to the type. */
PyObject *wsgi_file_type(void);

/* result is what the application got from file_wrapper. */
bool wsgi_file_is(PyObject *result);

/* As wsgi_response_send, but 1 as wsgi_response_write. */
int wsgi_file_send(struct wsgi_call *c, PyObject *result);

#endif
