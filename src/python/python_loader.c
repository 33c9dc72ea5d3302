/*
 * python_loader: loads the application. Run once by a template (preload) or
 * by each worker. The messages are those that Gunicorn's users know.
 */
#include <Python.h>

#include "python/python_loader.h"

#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/log.h"
#include "python/python_error.h"
#include "python/python_ref.h"

#include "base/banned.h"

#define EXIT_BOOT 3
#define EXIT_APP_LOAD 4
#define ONLY_AST 0x400 /* ast.PyCF_ONLY_AST */

/* What stands behind the colon; all are new references or NULL. */
struct target {
	PyObject *name;   /* str, with dots */
	PyObject *args;   /* tuple: it is a call */
	PyObject *kwargs; /* dict */
};

/* Logs a message in the form of PyUnicode_FromFormat. Returns -E_APP_LOAD. */
static int
refuse(const char *format, ...)
{
	PyObject *text; /* new */
	struct str s;
	va_list ap;

	PyErr_Clear();
	va_start(ap, format);
	text = PyUnicode_FromFormatV(format, ap);
	va_end(ap);
	if (text != NULL && python_ref_utf8(text, &s) == 0)
		log_text(LOG_ERROR, s);
	PyErr_Clear();
	Py_XDECREF(text);
	return -E_APP_LOAD;
}

/* The exception that is set, as what it is. */
static int
failed(void)
{
	log_event(EV_PYTHON_BOOT);
	python_error_log(LOG_ERROR);
	return -E_PYTHON;
}

int
python_loader_exit_status(int rc)
{
	return rc == -E_APP_LOAD ? EXIT_APP_LOAD : EXIT_BOOT;
}

/* Takes text out of list, when it is there. -1 with a Python error set. */
static int
take_out(PyObject *list, PyObject *text)
{
	int rc = PySequence_Contains(list, text);

	if (rc > 0)
		rc = PySequence_DelItem(list, PySequence_Index(list, text));
	return rc;
}

int
python_loader_path(const char *dir)
{
	PyObject *path = PySys_GetObject("path"); /* borrowed */
	PyObject *text;                           /* new */
	int rc = -1;

	text = python_ref_decoded(str_of(dir));
	if (text != NULL && path != NULL && PyList_Check(path) &&
	    take_out(path, text) == 0)
		rc = PyList_Insert(path, 0, text);
	Py_XDECREF(text);
	return rc < 0 ? -E_PYTHON : 0;
}

/* Whether the exception that is set says that module is not there. */
static bool
is_not_there(PyObject *module)
{
	PyObject *exc = PyErr_GetRaisedException(); /* new */
	PyObject *name = NULL;                      /* new */
	Py_ssize_t len;
	bool is = false;

	if (PyErr_GivenExceptionMatches(exc, PyExc_ModuleNotFoundError))
		name = PyObject_GetAttrString(exc, "name");
	if (name != NULL && PyUnicode_Check(name)) {
		/* The module, or a package that it lies in. */
		len = PyUnicode_GET_LENGTH(name);
		is = PyUnicode_Tailmatch(module, name, 0, len, -1) == 1 &&
		    (len == PyUnicode_GET_LENGTH(module) ||
			PyUnicode_READ_CHAR(module, len) == '.');
	}
	Py_XDECREF(name);
	PyErr_Clear();
	PyErr_SetRaisedException(exc);
	return is;
}

/* "app.py" where "app" was meant. */
static void
suggest_module(struct str module, struct str object)
{
	char path[4096];

	if (!str_ends(module, STR(".py")) ||
	    str_to_z(module, path, sizeof path) < 0 || access(path, F_OK) < 0)
		return;
	module.len -= 3;
	log_event(EV_PYTHON_APP_SUGGEST, STR_ARG(module), STR_ARG(object));
}

/* New reference to the module in *out. */
static int
import(struct str module, struct str object, PyObject **out)
{
	PyObject *name = python_ref_decoded(module); /* new */
	bool missing;
	int rc;

	*out = name == NULL ? NULL : PyImport_Import(name);
	/* PyImport_Import gives the last part's module. */
	missing = *out == NULL && name != NULL && is_not_there(name);
	Py_XDECREF(name);
	if (*out != NULL)
		return 0;
	rc = failed();
	if (missing)
		suggest_module(module, object);
	return missing ? -E_NOT_FOUND : rc;
}

/* New reference to "a.b" for an AST of names and attributes, or NULL. */
static PyObject *
dotted(PyObject *node)
{
	PyObject *part = NULL, *value = NULL, *left = NULL, *name = NULL;

	if (strcmp(Py_TYPE(node)->tp_name, "Name") == 0)
		return PyObject_GetAttrString(node, "id");
	if (strcmp(Py_TYPE(node)->tp_name, "Attribute") != 0)
		return NULL;
	part = PyObject_GetAttrString(node, "attr");
	value = PyObject_GetAttrString(node, "value");
	if (value != NULL)
		left = dotted(value);
	if (part != NULL && left != NULL)
		name = PyUnicode_FromFormat("%U.%U", left, part);
	Py_XDECREF(part);
	Py_XDECREF(value);
	Py_XDECREF(left);
	return name;
}

/* New reference to ast.literal_eval(node), or NULL with an error set. */
static PyObject *
literal(PyObject *node)
{
	PyObject *ast = PyImport_ImportModule("ast"), *value = NULL; /* new */

	if (ast != NULL)
		value = PyObject_CallMethod(ast, "literal_eval", "O", node);
	Py_XDECREF(ast);
	return value;
}

static int
take_args(PyObject *call, struct target *t)
{
	PyObject *nodes = PyObject_GetAttrString(call, "args"); /* new */
	PyObject *value;                                        /* new */
	Py_ssize_t i, n = nodes == NULL ? 0 : PyList_GET_SIZE(nodes);

	t->args = PyTuple_New(n);
	for (i = 0; t->args != NULL && i < n; i++) {
		value = literal(PyList_GET_ITEM(nodes, i));
		if (value == NULL)
			break;
		PyTuple_SET_ITEM(t->args, i, value); /* stolen */
	}
	Py_XDECREF(nodes);
	return PyErr_Occurred() == NULL ? 0 : -E_PYTHON;
}

static int
take_keyword(PyObject *node, PyObject *kwargs)
{
	PyObject *name = PyObject_GetAttrString(node, "arg");         /* new */
	PyObject *value_node = PyObject_GetAttrString(node, "value"); /* new */
	PyObject *value = NULL;                                       /* new */

	if (name == Py_None)
		PyErr_SetString(PyExc_ValueError, "no ** here");
	else if (name != NULL && value_node != NULL)
		value = literal(value_node);
	if (value != NULL)
		PyDict_SetItem(kwargs, name, value);
	Py_XDECREF(name);
	Py_XDECREF(value_node);
	Py_XDECREF(value);
	return PyErr_Occurred() == NULL ? 0 : -E_PYTHON;
}

static int
take_kwargs(PyObject *call, struct target *t)
{
	PyObject *nodes = PyObject_GetAttrString(call, "keywords"); /* new */
	Py_ssize_t i, n = nodes == NULL ? 0 : PyList_GET_SIZE(nodes);
	int rc = 0;

	t->kwargs = PyDict_New();
	for (i = 0; t->kwargs != NULL && rc == 0 && i < n; i++)
		rc = take_keyword(PyList_GET_ITEM(nodes, i), t->kwargs);
	Py_XDECREF(nodes);
	return PyErr_Occurred() == NULL ? 0 : -E_PYTHON;
}

static int
parse_call(PyObject *node, PyObject *text, struct target *t)
{
	PyObject *func; /* new */

	if (strcmp(Py_TYPE(node)->tp_name, "Call") != 0)
		return refuse("Failed to parse %R as an attribute name or "
			      "function call.",
		    text);
	func = PyObject_GetAttrString(node, "func");
	if (func != NULL)
		t->name = dotted(func);
	Py_XDECREF(func);
	if (t->name == NULL)
		return refuse(
		    "Function reference must be a simple name: %R", text);
	if (take_args(node, t) < 0 || take_kwargs(node, t) < 0)
		return refuse("Failed to parse arguments as literal values: "
			      "%R",
		    text);
	return 0;
}

/* Anything with a parenthesis: Python's own parser reads it. */
static int
parse_expression(PyObject *text, struct target *t)
{
	PyObject *builtins = PyEval_GetBuiltins();     /* borrowed */
	PyObject *compile, *tree = NULL, *body = NULL; /* tree, body: new */
	int rc;

	compile = PyDict_GetItemString(builtins, "compile"); /* borrowed */
	if (compile != NULL)
		tree = PyObject_CallFunction(
		    compile, "Ossi", text, "<application>", "eval", ONLY_AST);
	if (tree != NULL)
		body = PyObject_GetAttrString(tree, "body");
	if (body != NULL)
		rc = parse_call(body, text, t);
	else
		rc = refuse("Failed to parse %R as an attribute name or "
			    "function call.",
		    text);
	Py_XDECREF(body);
	Py_XDECREF(tree);
	return rc;
}

/* text is name or name.attribute.attribute. */
static bool
is_dotted_name(PyObject *text)
{
	PyObject *dot = PyUnicode_FromString("."); /* new */
	PyObject *parts = NULL;                    /* new */
	Py_ssize_t i;
	bool is;

	if (dot != NULL)
		parts = PyUnicode_Split(text, dot, -1);
	is = parts != NULL;
	for (i = 0; is && i < PyList_GET_SIZE(parts); i++)
		is = PyUnicode_IsIdentifier(PyList_GET_ITEM(parts, i)) == 1;
	Py_XDECREF(parts);
	Py_XDECREF(dot);
	return is;
}

static int
parse(struct str object, struct target *t)
{
	PyObject *text = python_ref_decoded(object); /* new */
	int rc = 0;

	if (text == NULL)
		return failed();
	if (is_dotted_name(text))
		t->name = Py_NewRef(text);
	else
		rc = parse_expression(text, t);
	Py_DECREF(text);
	return rc;
}

/* New reference to module.name, each dot followed, in *out. */
static int
find(PyObject *module, struct str module_name, PyObject *name, PyObject **out)
{
	PyObject *dot = PyUnicode_FromString("."); /* new */
	PyObject *parts = NULL, *at, *next;        /* new */
	Py_ssize_t i;

	if (dot != NULL)
		parts = PyUnicode_Split(name, dot, -1);
	Py_XDECREF(dot);
	if (parts == NULL)
		return failed();
	at = Py_NewRef(module);
	for (i = 0; at != NULL && i < PyList_GET_SIZE(parts); i++) {
		next = PyObject_GetAttr(at, PyList_GET_ITEM(parts, i));
		Py_DECREF(at);
		at = next;
	}
	Py_DECREF(parts);
	*out = at;
	if (at != NULL)
		return 0;
	if (!PyErr_ExceptionMatches(PyExc_AttributeError))
		return failed(); /* a module's own __getattr__ */
	return refuse(
	    "Failed to find attribute '%U' in '%s'.", name, module_name.ptr);
}

/*
 * A factory that raised, or that could not be called with these arguments:
 * the latter leaves no traceback, since no frame of Python was entered.
 */
static int
call_failed(void)
{
	PyObject *exc = PyErr_GetRaisedException();          /* new */
	PyObject *traceback = PyException_GetTraceback(exc); /* new or NULL */
	int rc;

	if (traceback == NULL &&
	    PyErr_GivenExceptionMatches(exc, PyExc_TypeError)) {
		rc = refuse("TypeError: %S", exc);
		Py_DECREF(exc);
		return rc;
	}
	Py_XDECREF(traceback);
	PyErr_SetRaisedException(exc);
	return failed();
}

/* The application out of what was found; takes found over. */
static int
finish(PyObject *found, const struct target *t, void **app)
{
	PyObject *made; /* new */

	if (t->args != NULL) {
		made = PyObject_Call(found, t->args, t->kwargs);
		Py_DECREF(found);
		if (made == NULL)
			return call_failed();
		found = made;
	}
	if (found == Py_None) {
		Py_DECREF(found);
		return refuse(
		    "Failed to find application object: '%U'", t->name);
	}
	if (!PyCallable_Check(found)) {
		Py_DECREF(found);
		return refuse("Application object must be callable.");
	}
	*app = found;
	return 0;
}

int
python_loader_load(const char *uri, void **app)
{
	struct str object = str_of(uri), module = str_cut(&object, ':');
	struct target t = { .name = NULL };
	PyObject *loaded = NULL, *found = NULL; /* new */
	char name[4096];
	int rc;

	*app = NULL;
	if (object.ptr == NULL)
		object = STR("application");
	if (str_to_z(module, name, sizeof name) < 0)
		return refuse("Failed to parse the application's name.");
	rc = import(module, object, &loaded);
	if (rc == 0)
		rc = parse(object, &t);
	if (rc == 0)
		rc = find(loaded, str_of(name), t.name, &found);
	if (rc == 0)
		rc = finish(found, &t, app);
	Py_XDECREF(loaded);
	Py_XDECREF(t.name);
	Py_XDECREF(t.args);
	Py_XDECREF(t.kwargs);
	return rc;
}

int
python_loader_spew(void)
{
	PyObject *module, *done = NULL; /* new */

	module = PyImport_ImportModule("gunicorn.debug");
	if (module != NULL)
		done = PyObject_CallMethod(module, "spew", NULL);
	Py_XDECREF(module);
	if (done == NULL)
		return failed();
	Py_DECREF(done);
	return 0;
}
