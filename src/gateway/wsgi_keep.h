/*
 * wsgi_keep: variables of environ that the access log wants, as they are when
 * the application has returned: middleware may have added some.
 */
#ifndef GATEWAY_WSGI_KEEP_H
#define GATEWAY_WSGI_KEEP_H

#include <Python.h>

#include "http/request.h"

/*
 * Puts those of req->keep_environ that env has into req->environ, as
 * text. What cannot be told is left out; a Python error that is set stays set.
 * Needs the GIL.
 */
void wsgi_keep_environ(struct request *req, PyObject *env);

#endif
