/*
 * python_conf: executes the configuration file in a module of its own,
 * __config__, and reads what is left in it. Run by templates only.
 */
#include <Python.h>

#include "python/python_conf.h"

#include <errno.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/log.h"
#include "python/python_error.h"
#include "python/python_json.h"
#include "python/python_ref.h"

#include "base/banned.h"

#define DEFAULT_FILE "gunicorn.conf.py"
#define MODULE_NAME "__config__"
#define VALUE_MAX (60 * 1024)

static PyObject *names; /* strong: the file's dict; process lifetime */

static int
failed(const char *source)
{
	log_event(EV_PYTHON_CONF, source);
	python_error_log(LOG_ERROR);
	return -E_PYTHON;
}

/* New reference to the bytes of a file, or NULL with an error set. */
static PyObject *
read_file(PyObject *path)
{
	PyObject *io = PyImport_ImportModule("io");    /* new */
	PyObject *file = NULL, *bytes = NULL, *closed; /* new */

	if (io != NULL)
		file = PyObject_CallMethod(io, "open", "Os", path, "rb");
	if (file != NULL)
		bytes = PyObject_CallMethod(file, "read", NULL);
	if (bytes != NULL) {
		closed = PyObject_CallMethod(file, "close", NULL);
		if (closed == NULL)
			Py_CLEAR(bytes);
		Py_XDECREF(closed);
	}
	Py_XDECREF(file);
	Py_XDECREF(io);
	return bytes;
}

/* New reference to the file's code; compile() honours its coding line. */
static PyObject *
compile_file(PyObject *path)
{
	PyObject *builtins = PyEval_GetBuiltins(); /* borrowed */
	PyObject *compile = PyDict_GetItemString(builtins, "compile");
	PyObject *bytes = read_file(path), *code = NULL; /* new */

	if (bytes != NULL && compile != NULL)
		code = PyObject_CallFunction(
		    compile, "OOsii", bytes, path, "exec", 0, 1);
	Py_XDECREF(bytes);
	return code;
}

/*
 * Borrowed reference to the dict of a new module __config__, which is in
 * sys.modules, so that what the file defines can be found there.
 */
static PyObject *
config_module(PyObject *path)
{
	PyObject *module = PyImport_AddModule(MODULE_NAME); /* borrowed */
	PyObject *dict, *builtins = PyEval_GetBuiltins();   /* borrowed */

	if (module == NULL)
		return NULL;
	dict = PyModule_GetDict(module);
	if (PyDict_SetItemString(dict, "__builtins__", builtins) < 0 ||
	    PyDict_SetItemString(dict, "__file__", path) < 0 ||
	    PyDict_SetItemString(dict, "__doc__", Py_None) < 0 ||
	    PyDict_SetItemString(dict, "__package__", Py_None) < 0)
		return NULL;
	return dict;
}

static int
run_file(const char *file)
{
	PyObject *path = python_ref_decoded(str_of(file));   /* new */
	PyObject *code = NULL, *dict = NULL, *result = NULL; /* dict borrowed */

	if (path != NULL)
		code = compile_file(path);
	if (code != NULL)
		dict = config_module(path);
	if (dict != NULL)
		result = PyEval_EvalCode(code, dict, dict);
	Py_XDECREF(path);
	Py_XDECREF(code);
	if (result == NULL)
		return failed(file);
	Py_DECREF(result);
	names = Py_NewRef(dict);
	return 0;
}

static int
run_module(const char *name)
{
	PyObject *text = python_ref_decoded(str_of(name)); /* new */
	PyObject *module = NULL;                           /* new */

	if (text != NULL)
		module = PyImport_Import(text);
	Py_XDECREF(text);
	if (module == NULL)
		return failed(name);
	names = Py_NewRef(PyModule_GetDict(module));
	Py_DECREF(module);
	return 0;
}

/* A program that has become the server says its settings itself. */
static int
run_program(const char *name)
{
	PyObject *module, *found = NULL; /* new */

	module = PyImport_ImportModule("greencorn._program");
	if (module != NULL)
		found = PyObject_CallMethod(module, "settings", NULL);
	Py_XDECREF(module);
	if (found == NULL)
		return failed(name);
	names = found;
	return 0;
}

static int
run_source(const char *source)
{
	const char *file = source;

	if (str_starts(str_of(source), STR("program:")))
		return run_program(source + sizeof "program:" - 1);
	if (str_starts(str_of(source), STR("python:")))
		return run_module(source + sizeof "python:" - 1);
	if (str_starts(str_of(source), STR("file:")))
		file = source + sizeof "file:" - 1;
	if (access(file, F_OK) == 0)
		return run_file(file);
	log_event(EV_PYTHON_CONF_MISSING, file);
	return -E_NOT_FOUND;
}

static int
put_callable(struct buf *out, PyObject *name, PyObject *value)
{
	struct str s;
	int rc;

	if (PyType_Check(value)) /* worker_class, logger_class: by its name */
		return python_json_put_callable(out, value);
	rc = python_ref_utf8(name, &s);
	if (rc == 0)
		rc = buf_printf(out, MODULE_NAME ":%.*s", STR_ARG(s));
	return rc;
}

/* A path, as pathlib makes it, is its text. */
static int
put_path(struct buf *out, PyObject *value)
{
	PyObject *text = NULL; /* new */
	struct str s;
	int rc = -E_PYTHON;

	if (PyUnicode_FSDecoder(value, &text) && python_ref_utf8(text, &s) == 0)
		rc = buf_put(out, s);
	Py_XDECREF(text);
	return rc;
}

static bool
is_path(PyObject *value)
{
	return PyBytes_Check(value) ||
	    PyObject_HasAttrString((PyObject *)Py_TYPE(value), "__fspath__");
}

/* A text as it is, anything else as JSON or, failing that, as its repr. */
static int
put_value(struct buf *out, PyObject *name, PyObject *value)
{
	struct str s;
	int rc;

	if (PyCallable_Check(value))
		return put_callable(out, name, value);
	if (!PyUnicode_Check(value))
		return is_path(value) ? put_path(out, value)
				      : python_json_put(out, value);
	rc = python_ref_utf8(value, &s);
	return rc == 0 ? buf_put(out, s) : rc;
}

/* Private names and modules are no settings. */
static bool
may_be_setting(PyObject *name, PyObject *value)
{
	return PyUnicode_Check(name) && PyUnicode_GET_LENGTH(name) > 0 &&
	    PyUnicode_READ_CHAR(name, 0) != '_' && !PyModule_Check(value);
}

static int
send(
    PyObject *name, PyObject *value, python_conf_setting *setting, void *cookie)
{
	const char *name_z = PyUnicode_AsUTF8(name);
	struct str text = { NULL, 0 };
	struct buf out;
	int rc = name_z == NULL ? -E_PYTHON : 0;

	buf_init(&out, VALUE_MAX);
	/* An empty text is none that is not there: it has an address. */
	if (rc == 0 && value != Py_None) {
		rc = put_value(&out, name, value);
		text = buf_len(&out) > 0 ? buf_str(&out) : STR("");
	}
	if (rc == -E_PYTHON || rc == -E_TOO_LONG || rc == -E_FULL) {
		/* No setting has such a value; other names may have. */
		PyErr_Clear();
		rc = 0;
	} else if (rc == 0) {
		rc = setting(cookie, name_z, text);
	}
	buf_finish(&out);
	return rc;
}

int
python_conf_read(const char *source, python_conf_setting *setting, void *cookie)
{
	PyObject *copy, *name, *value; /* copy: new; others borrowed */
	Py_ssize_t at = 0;
	int rc;

	if (source == NULL && access(DEFAULT_FILE, F_OK) < 0)
		return 0;
	rc = run_source(source == NULL ? DEFAULT_FILE : source);
	if (rc < 0)
		return rc;
	copy = PyDict_Copy(names); /* a repr may run code that changes it */
	if (copy == NULL)
		return failed(source);
	while (rc == 0 && PyDict_Next(copy, &at, &name, &value))
		if (may_be_setting(name, value))
			rc = send(name, value, setting, cookie);
	Py_DECREF(copy);
	return rc;
}

struct _object *
python_conf_names(void)
{
	return names;
}
