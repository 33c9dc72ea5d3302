/*
 * wsgi_field: a header field's key and value in environ. Making strings is
 * what costs, so keys, and values that come again, are kept. Needs the GIL.
 */
#ifndef GATEWAY_WSGI_FIELD_H
#define GATEWAY_WSGI_FIELD_H

#include <Python.h>

#include "http/request.h"

/* Once a process. 0, or -E_PYTHON with an error set. */
int wsgi_field_start(void);

/* New reference, interned; NULL with an error set. */
PyObject *wsgi_field_key(const struct field *f);

/* New reference, or NULL with an error set. */
PyObject *wsgi_field_value(const struct field *f);

/*
 * It says SCRIPT_NAME: policy decides whose may. Script-Name does not, though
 * it has the same key, for it is anybody's to send.
 */
bool wsgi_field_is_script(const struct field *f);

/* Its value is kept nowhere: Cookie, Authorization. */
bool wsgi_field_is_secret(const struct field *f);

#endif
