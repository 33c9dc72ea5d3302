/*
 * python_json: JSON text of plain Python values, without importing json,
 * which would cost a start ten milliseconds. Needs the GIL.
 */
#ifndef PYTHON_PYTHON_JSON_H
#define PYTHON_PYTHON_JSON_H

#include <Python.h>

#include "base/buf.h"

/*
 * Appends value: None, bool, int, float, str, list, tuple, set, dict with str
 * keys. Anything else is written as the string of its repr, callables as
 * "module:qualname". 0; -E_FULL or -E_NOMEM; -E_TOO_LONG: nested too deeply;
 * -E_PYTHON with an error set.
 */
int python_json_put(struct buf *out, PyObject *value);

/* Appends a callable's "module:qualname". The same errors. */
int python_json_put_callable(struct buf *out, PyObject *callable);

#endif
