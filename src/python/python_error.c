/*
 * python_error: tracebacks as text. What goes wrong on the way (no memory, a
 * __str__ that raises) costs the details and never a second exception.
 */
#include <Python.h>

#include "python/python_error.h"

#include "base/error.h"
#include "python/python_ref.h"

#include "base/banned.h"

#define CUT_MARK "\n... the middle of this traceback is left out ...\n"

enum python_error_kind
python_error_kind(void)
{
	static const enum python_error_kind kinds[] = {
		PYTHON_ERROR_EXIT,
		PYTHON_ERROR_INTERRUPT,
		PYTHON_ERROR_IMPORT,
	};
	PyObject *types[] = {
		/* borrowed */
		PyExc_SystemExit,
		PyExc_KeyboardInterrupt,
		PyExc_ImportError,
	};

	if (PyErr_Occurred() == NULL)
		return PYTHON_ERROR_NONE;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (PyErr_ExceptionMatches(types[i]))
			return kinds[i];
	return PYTHON_ERROR_OTHER;
}

int
python_error_exit_status(void)
{
	PyObject *exc = PyErr_GetRaisedException(); /* new */
	PyObject *code = NULL;                      /* new */
	long status = 1;

	if (exc != NULL)
		code = PyObject_GetAttrString(exc, "code");
	if (code == Py_None)
		status = 0;
	else if (code != NULL && PyLong_Check(code))
		status = PyLong_AsLong(code);
	PyErr_Clear();
	Py_XDECREF(code);
	Py_XDECREF(exc);
	return (int)(status & 0xff);
}

/* New reference to "".join(traceback.<function>(exc)), or NULL. */
static PyObject *
formatted(PyObject *exc, const char *function)
{
	PyObject *module, *lines = NULL, *empty, *text = NULL; /* new */
	PyObject *name = python_ref_interned(function);        /* new */

	module = PyImport_ImportModule("traceback");
	empty = PyUnicode_FromString("");
	if (module != NULL && empty != NULL && name != NULL)
		lines = PyObject_CallMethodOneArg(module, name, exc);
	Py_XDECREF(name);
	if (lines != NULL)
		text = PyUnicode_Join(empty, lines);
	Py_XDECREF(lines);
	Py_XDECREF(empty);
	Py_XDECREF(module);
	PyErr_Clear();
	return text;
}

/* Both ends of a text that is too long: the cause stands at its end. */
static void
put_cut(struct buf *out, struct str text)
{
	size_t room = out->max - buf_len(out), half;

	if (text.len <= room) {
		(void)buf_put(out, text); /* without memory: no details */
		return;
	}
	if (room <= sizeof CUT_MARK)
		return;
	half = (room - sizeof CUT_MARK) / 2;
	(void)buf_put(out, str_head(text, half));
	(void)buf_put(out, STR(CUT_MARK));
	(void)buf_put(out, str_tail(text, text.len - half));
}

static void
put_text(struct buf *out, PyObject *exc, const char *function)
{
	PyObject *text = formatted(exc, function); /* new */
	PyObject *bytes = NULL;                    /* new */

	if (text != NULL)
		bytes = PyUnicode_AsEncodedString(
		    text, "utf-8", "backslashreplace");
	if (bytes == NULL)
		put_cut(out, str_of(Py_TYPE(exc)->tp_name));
	else
		put_cut(out,
		    (struct str){ PyBytes_AS_STRING(bytes),
			(size_t)PyBytes_GET_SIZE(bytes) });
	PyErr_Clear();
	Py_XDECREF(bytes);
	Py_XDECREF(text);
}

void
python_error_text(struct buf *out)
{
	PyObject *exc = PyErr_GetRaisedException(); /* new */

	if (exc == NULL)
		return;
	put_text(out, exc, "format_exception");
	Py_DECREF(exc);
}

void
python_error_line(struct buf *out)
{
	PyObject *exc = PyErr_GetRaisedException(); /* new */

	if (exc == NULL)
		return;
	put_text(out, exc, "format_exception_only");
	while (out->end > out->start && out->mem[out->end - 1] == '\n')
		out->end--;
	Py_DECREF(exc);
}

void
python_error_log(enum log_level level)
{
	struct buf text;

	buf_init(&text, PYTHON_ERROR_TEXT_MAX);
	python_error_text(&text);
	if (buf_len(&text) > 0)
		log_text(level, buf_str(&text));
	buf_finish(&text);
}
