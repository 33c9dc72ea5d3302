/*
 * python_log: the function that greencorn._logging is given to write with.
 * Run by templates, for themselves and the workers that they fork.
 */
#include <Python.h>

#include "python/python_log.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/log.h"
#include "python/python_error.h"
#include "python/python_gil.h"
#include "python/python_ref.h"
#include "sys/log_ring.h"

#include "base/banned.h"

#define RING_MS 60000 /* the bell rings sooner */
#define LEVEL_STEP 10 /* logging counts DEBUG 10, INFO 20, ... CRITICAL 50 */

static enum log_level
level_from(long number)
{
	if (number < 2 * LEVEL_STEP)
		return LOG_DEBUG;
	if (number >= 5 * LEVEL_STEP)
		return LOG_CRITICAL;
	return (enum log_level)(number / LEVEL_STEP - 1);
}

static void
put_nowhere(struct str text)
{
	(void)text;
}

static void (*put_access)(struct str text) = put_nowhere;

void
python_log_set_access(void (*put)(struct str text))
{
	put_access = put;
}

static void (*put_metric)(struct str name, struct str value, struct str type);

void
python_log_set_metric(
    void (*put)(struct str name, struct str value, struct str type))
{
	put_metric = put;
}

/* metric(name, value, type), all of them text */
static PyObject *
log_metric(PyObject *self, PyObject *args)
{
	struct str name, value, type;
	PyObject *texts[3]; /* borrowed */

	(void)self;
	if (!PyArg_ParseTuple(args, "UUU", &texts[0], &texts[1], &texts[2]) ||
	    python_ref_utf8(texts[0], &name) < 0 ||
	    python_ref_utf8(texts[1], &value) < 0 ||
	    python_ref_utf8(texts[2], &type) < 0)
		return NULL;
	if (put_metric != NULL)
		put_metric(name, value, type);
	return Py_NewRef(Py_None);
}

/* A line of somebody's own form. */
static void
write_raw(struct str text)
{
	struct buf line;

	buf_init(&line, text.len + 1);
	if (buf_put(&line, text) == 0 && buf_put(&line, STR("\n")) == 0 &&
	    log_write != NULL)
		log_write(line.mem + line.start, buf_len(&line));
	buf_finish(&line);
}

/* write(levelno, text, is_access); levelno 0: text as it is */
static PyObject *
log_write_text(PyObject *self, PyObject *args)
{
	PyObject *text, *bytes; /* text borrowed, bytes new */
	struct str s;
	long number;
	int access;

	(void)self;
	if (!PyArg_ParseTuple(args, "lUp", &number, &text, &access))
		return NULL;
	bytes = PyUnicode_AsEncodedString(text, "utf-8", "backslashreplace");
	if (bytes == NULL)
		return NULL;
	s.ptr = PyBytes_AS_STRING(bytes);
	s.len = (size_t)PyBytes_GET_SIZE(bytes);
	if (access)
		put_access(s);
	else if (number == 0)
		write_raw(s);
	else
		log_python(level_from(number), s);
	Py_DECREF(bytes);
	return Py_NewRef(Py_None);
}

int
python_log_start(void)
{
	static PyMethodDef method = { "write", log_write_text, METH_VARARGS,
		NULL };
	static PyMethodDef metric = { "metric", log_metric, METH_VARARGS,
		NULL };
	PyObject *write = PyCFunction_New(&method, NULL); /* new */
	PyObject *module = NULL, *done = NULL;            /* new */
	int level = ((int)log_get_level() + 1) * LEVEL_STEP;

	if (write != NULL)
		module = PyImport_ImportModule("greencorn._logging");
	if (module != NULL)
		done = PyObject_CallMethod(module, "start", "OiN", write, level,
		    PyCFunction_New(&metric, NULL));
	Py_XDECREF(write);
	Py_XDECREF(module);
	if (done == NULL) {
		python_error_log(LOG_ERROR);
		return -E_PYTHON;
	}
	Py_DECREF(done);
	return 0;
}

/* take(): (levelno, text), or None when there will be no more. */
static PyObject *
take(PyObject *self, PyObject *unused)
{
	struct log_ring_line line;
	int rc;

	(void)self;
	(void)unused;
	python_gil_drop();
	while ((rc = log_ring_take(&line, RING_MS)) == 0)
		;
	python_gil_take();
	if (rc < 0)
		return Py_NewRef(Py_None);
	return Py_BuildValue("iN", ((int)line.level + 1) * LEVEL_STEP,
	    PyUnicode_DecodeUTF8(line.text, (Py_ssize_t)line.len, "replace"));
}

int
python_log_read_ring(void)
{
	static PyMethodDef method = { "take", take, METH_NOARGS, NULL };
	PyObject *function = PyCFunction_New(&method, NULL); /* new */
	PyObject *module = NULL, *done = NULL;               /* new */

	if (function != NULL)
		module = PyImport_ImportModule("greencorn._logging");
	if (module != NULL)
		done = PyObject_CallMethod(module, "read", "O", function);
	Py_XDECREF(function);
	Py_XDECREF(module);
	if (done == NULL) {
		python_error_log(LOG_ERROR);
		return -E_PYTHON;
	}
	Py_DECREF(done);
	return 0;
}

void
python_log_line(enum log_level level, int pid, struct str text)
{
	PyObject *module, *done = NULL; /* new */
	int number = ((int)level + 1) * LEVEL_STEP;

	module = PyImport_ImportModule("greencorn._logging");
	if (module != NULL)
		done = PyObject_CallMethod(module, "line", "iiN", number, pid,
		    PyUnicode_DecodeUTF8(
			text.ptr, (Py_ssize_t)text.len, "replace"));
	Py_XDECREF(module);
	if (done == NULL) {
		log_again(level, text);
		python_error_log(LOG_ERROR);
	}
	Py_XDECREF(done);
}
