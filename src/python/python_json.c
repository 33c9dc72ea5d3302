/*
 * python_json: a small encoder for what a configuration file can say.
 */
#include "python/python_json.h"

#include "base/error.h"
#include "python/python_ref.h"

#include "base/banned.h"

#define DEPTH_MAX 16

static int put_value(struct buf *out, PyObject *value, unsigned depth);

static int
put_char(struct buf *out, unsigned char c)
{
	char one[2] = { '\\', (char)c };

	if (c == '"' || c == '\\')
		return buf_put(out, (struct str){ one, 2 });
	if (c < 0x20 || c == 0x7f)
		return buf_printf(out, "\\u%04x", c);
	return buf_put(out, (struct str){ one + 1, 1 });
}

static int
put_string(struct buf *out, PyObject *text)
{
	struct str s;
	int rc = python_ref_utf8(text, &s);

	if (rc == 0)
		rc = buf_put(out, STR("\""));
	for (size_t i = 0; rc == 0 && i < s.len; i++)
		rc = put_char(out, (unsigned char)s.ptr[i]);
	return rc == 0 ? buf_put(out, STR("\"")) : rc;
}

/* What is made by a call that gives a str; made is stolen. */
static int
put_made(struct buf *out, PyObject *made, bool quoted)
{
	struct str s;
	int rc = -E_PYTHON;

	if (made != NULL && quoted)
		rc = put_string(out, made);
	else if (made != NULL && python_ref_utf8(made, &s) == 0)
		rc = buf_put(out, s);
	Py_XDECREF(made);
	return rc;
}

int
python_json_put_callable(struct buf *out, PyObject *callable)
{
	PyObject *module = PyObject_GetAttrString(callable, "__module__");
	PyObject *name = PyObject_GetAttrString(callable, "__qualname__");
	PyObject *text; /* all new */

	PyErr_Clear();
	if (module != NULL && name != NULL)
		text = PyUnicode_FromFormat("%S:%S", module, name);
	else
		text = PyObject_Repr(callable);
	Py_XDECREF(module);
	Py_XDECREF(name);
	return put_made(out, text, false);
}

static int
put_other(struct buf *out, PyObject *value)
{
	int rc;

	if (!PyCallable_Check(value))
		return put_made(out, PyObject_Repr(value), true);
	rc = buf_put(out, STR("\""));
	if (rc == 0)
		rc = python_json_put_callable(out, value);
	return rc == 0 ? buf_put(out, STR("\"")) : rc;
}

static int
put_items(struct buf *out, PyObject *iterable, unsigned depth)
{
	PyObject *list = PySequence_List(iterable); /* new */
	Py_ssize_t i, n = list == NULL ? 0 : PyList_GET_SIZE(list);
	int rc = list == NULL ? -E_PYTHON : buf_put(out, STR("["));

	for (i = 0; rc == 0 && i < n; i++) {
		if (i > 0)
			rc = buf_put(out, STR(","));
		if (rc == 0)
			rc = put_value(out, PyList_GET_ITEM(list, i), depth);
	}
	Py_XDECREF(list);
	return rc == 0 ? buf_put(out, STR("]")) : rc;
}

static int
put_pair(struct buf *out, PyObject *key, PyObject *value, unsigned depth)
{
	int rc;

	if (PyUnicode_Check(key))
		rc = put_string(out, key);
	else
		rc = put_made(out, PyObject_Str(key), true);
	if (rc == 0)
		rc = buf_put(out, STR(":"));
	return rc == 0 ? put_value(out, value, depth) : rc;
}

static int
put_dict(struct buf *out, PyObject *dict, unsigned depth)
{
	PyObject *copy = PyDict_Copy(dict); /* new: a repr may change it */
	PyObject *key, *value;              /* borrowed */
	Py_ssize_t at = 0;
	bool first = true;
	int rc = copy == NULL ? -E_PYTHON : buf_put(out, STR("{"));

	while (rc == 0 && PyDict_Next(copy, &at, &key, &value)) {
		if (!first)
			rc = buf_put(out, STR(","));
		first = false;
		if (rc == 0)
			rc = put_pair(out, key, value, depth);
	}
	Py_XDECREF(copy);
	return rc == 0 ? buf_put(out, STR("}")) : rc;
}

static int
put_value(struct buf *out, PyObject *value, unsigned depth)
{
	if (depth == DEPTH_MAX)
		return -E_TOO_LONG;
	if (value == Py_None)
		return buf_put(out, STR("null"));
	if (PyBool_Check(value))
		return buf_put(
		    out, value == Py_True ? STR("true") : STR("false"));
	if (PyUnicode_Check(value))
		return put_string(out, value);
	if (PyLong_Check(value))
		return put_made(out, PyNumber_ToBase(value, 10), false);
	if (PyFloat_Check(value))
		return put_made(out, PyObject_Repr(value), false);
	if (PyDict_Check(value))
		return put_dict(out, value, depth + 1);
	if (PyList_Check(value) || PyTuple_Check(value) ||
	    PyAnySet_Check(value))
		return put_items(out, value, depth + 1);
	return put_other(out, value);
}

int
python_json_put(struct buf *out, PyObject *value)
{
	return put_value(out, value, 0);
}
