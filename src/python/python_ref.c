/*
 * python_ref: text between slices and str objects. On the way of a request.
 */
#include "python/python_ref.h"

#include "base/error.h"
#include "base/scan.h"

#include "base/banned.h"

PyObject *
python_ref_interned(const char *text)
{
	return PyUnicode_InternFromString(text);
}

/* As PyUnicode_DecodeLatin1, at half its price: no second look at the bytes. */
PyObject *
python_ref_latin1(struct str s)
{
	PyObject *text; /* new */

	if (s.len < 2)
		return PyUnicode_DecodeLatin1(s.ptr, (Py_ssize_t)s.len, NULL);
	text = PyUnicode_New(
	    (Py_ssize_t)s.len, scan_ascii(s) == s.len ? 0x7f : 0xff);
	if (text != NULL)
		memcpy(PyUnicode_DATA(text), s.ptr, s.len);
	return text;
}

PyObject *
python_ref_decoded(struct str s)
{
	return PyUnicode_DecodeFSDefaultAndSize(s.ptr, (Py_ssize_t)s.len);
}

int
python_ref_utf8(PyObject *text, struct str *out)
{
	Py_ssize_t len;

	out->ptr = PyUnicode_AsUTF8AndSize(text, &len);
	if (out->ptr == NULL)
		return -E_PYTHON;
	out->len = (size_t)len;
	return 0;
}
