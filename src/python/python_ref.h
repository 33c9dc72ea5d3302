/*
 * python_ref: small helpers for references and for text that crosses between
 * slices and str objects. All need the GIL.
 */
#ifndef PYTHON_PYTHON_REF_H
#define PYTHON_PYTHON_REF_H

#include <Python.h>

#include "base/str.h"

/* New reference to an interned str, or NULL with an error set. */
PyObject *python_ref_interned(const char *text);

/*
 * New reference to a str whose code points are the bytes of s, as PEP 3333
 * wants it; NULL with an error set.
 */
PyObject *python_ref_latin1(struct str s);

/* New reference; bytes that are no UTF-8 become surrogates, as in sys.argv. */
PyObject *python_ref_decoded(struct str s);

/*
 * The bytes of a str whose code points are all below 256, as long as the str
 * lives. False, without an error set, for any other object.
 */
static inline bool
python_ref_bytes_of(PyObject *text, struct str *out)
{
	if (!PyUnicode_Check(text) ||
	    PyUnicode_KIND(text) != PyUnicode_1BYTE_KIND)
		return false;
	out->ptr = PyUnicode_DATA(text);
	out->len = (size_t)PyUnicode_GET_LENGTH(text);
	return true;
}

/*
 * The UTF-8 of a str, as long as the str lives. -E_PYTHON with an error set
 * (not a str, or it has surrogates).
 */
int python_ref_utf8(PyObject *text, struct str *out);

/*
 * PyDict_SetDefaultRef, told the truth about: 3.13's says 0 when the table
 * could not grow, and counts a key that is not there. After -1 the dictionary
 * must not be written to again.
 */
static inline int
python_ref_set_default(
    PyObject *dict, PyObject *key, PyObject *value, PyObject **before)
{
	int rc = PyDict_SetDefaultRef(dict, key, value, before);

	return rc == 0 && PyErr_Occurred() != NULL ? -1 : rc;
}

#endif
