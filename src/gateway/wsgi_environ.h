/*
 * wsgi_environ: the dict that an application is called with.
 *
 * PEP 3333, with what Gunicorn adds. Text is latin-1 of the bytes as they came.
 * Repeated fields are joined by commas, Cookie by "; " (RFC 9113, section
 * 8.2.3).
 */
#ifndef GATEWAY_WSGI_ENVIRON_H
#define GATEWAY_WSGI_ENVIRON_H

#include <Python.h>

#include "gateway/wsgi_call.h"

/* Once a process, after wsgi_call_start. 0, or -E_PYTHON with an error set. */
int wsgi_environ_start(void);

/* New reference, or NULL with a Python error set. Needs the GIL. */
PyObject *wsgi_environ_create(struct wsgi_call *c);

#endif
