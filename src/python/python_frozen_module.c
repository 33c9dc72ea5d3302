/*
 * The built-in module _greencorn_frozen: the tables of python_frozen for the
 * Python code of the greencorn package, which makes loaders, package data
 * and sources of them. Bytes are handed out as views of the binary itself.
 */
#include "base/version.h"
#include "python/python_frozen.h"

#include "base/banned.h"

/* musl's own version, a constant of its. glibc has none. */
extern const char __libc_version[] __attribute__((weak, visibility("hidden")));

/* Returns a new read-only view, or NULL with a Python error set. */
static PyObject *
view(const unsigned char *data, size_t len)
{
	/* The API takes char *; PyBUF_READ is what keeps it from writing. */
	return PyMemoryView_FromMemory(
	    (char *)(size_t)data, (Py_ssize_t)len, PyBUF_READ);
}

/* -1 with a Python error set when the object is not a str. */
static int
name_of(PyObject *object, struct str *name)
{
	Py_ssize_t len;

	name->ptr = PyUnicode_AsUTF8AndSize(object, &len);
	if (name->ptr == NULL)
		return -1;
	name->len = (size_t)len;
	return 0;
}

PyDoc_STRVAR(source_doc,
    "source(module): (number of the group, its xz stream, start, length)\n"
    "of a module's source, or None.");

static PyObject *
source(PyObject *self, PyObject *arg)
{
	const struct python_frozen_source *s;
	const struct python_frozen_group *g;
	PyObject *stream; /* new; N gives it away */
	struct str name;

	(void)self;
	if (name_of(arg, &name) < 0)
		return NULL;
	s = python_frozen_find_source(name);
	if (s == NULL)
		Py_RETURN_NONE;
	g = &python_frozen_groups[s->group];
	stream = view(python_frozen_texts + g->offset, g->len);
	if (stream == NULL)
		return NULL;
	return Py_BuildValue("(INII)", s->group, stream, s->start, s->len);
}

PyDoc_STRVAR(file_doc, "file(name): the bytes of a file, or None.");

static PyObject *
file(PyObject *self, PyObject *arg)
{
	const struct python_frozen_file *f;
	struct str name;

	(void)self;
	if (name_of(arg, &name) < 0)
		return NULL;
	f = python_frozen_find_file(name);
	if (f == NULL)
		Py_RETURN_NONE;
	return view(python_frozen_data + f->offset, f->len);
}

/* Appends and gives up item; -1 with a Python error set. */
static int
append(PyObject *list, PyObject *item)
{
	int rc;

	if (item == NULL)
		return -1;
	rc = PyList_Append(list, item);
	Py_DECREF(item);
	return rc;
}

PyDoc_STRVAR(files_doc, "files(): the names of all files.");

static PyObject *
files(PyObject *self, PyObject *unused)
{
	PyObject *list = PyList_New(0); /* new */
	unsigned i;

	(void)self;
	(void)unused;
	if (list == NULL)
		return NULL;
	for (i = 0; i < python_frozen_n_files; i++) {
		const char *name =
		    python_frozen_names + python_frozen_files[i].name;

		if (append(list, PyUnicode_FromString(name)) < 0) {
			Py_DECREF(list);
			return NULL;
		}
	}
	return list;
}

PyDoc_STRVAR(modules_doc, "modules(): [(name, is it a package?)] of all.");

static PyObject *
modules(PyObject *self, PyObject *unused)
{
	const struct _frozen *m = python_frozen_modules;
	PyObject *list = PyList_New(0); /* new */

	(void)self;
	(void)unused;
	if (list == NULL)
		return NULL;
	for (; m->name != NULL; m++) {
		PyObject *row = Py_BuildValue(
		    "(sO)", m->name, m->is_package ? Py_True : Py_False);

		if (append(list, row) < 0) {
			Py_DECREF(list);
			return NULL;
		}
	}
	return list;
}

static PyMethodDef methods[] = {
	{ "source", source, METH_O, source_doc },
	{ "file", file, METH_O, file_doc },
	{ "files", files, METH_NOARGS, files_doc },
	{ "modules", modules, METH_NOARGS, modules_doc },
	{ NULL, NULL, 0, NULL },
};

/* -1 with a Python error set. */
static int
fill(PyObject *module)
{
	const char *libc = __libc_version == NULL ? "" : __libc_version;

	if (PyModule_AddStringConstant(module, "version", GREENCORN_VERSION) <
	    0)
		return -1;
	return PyModule_AddStringConstant(module, "libc_version", libc);
}

static PyModuleDef_Slot slots[] = {
	{ Py_mod_exec, (void *)fill },
	{ Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED },
	{ 0, NULL },
};

static struct PyModuleDef definition = {
	.m_base = PyModuleDef_HEAD_INIT,
	.m_name = "_greencorn_frozen",
	.m_doc = "What rides in the binary.",
	.m_methods = methods,
	.m_slots = slots,
};

PyObject *
python_frozen_module(void)
{
	return PyModuleDef_Init(&definition);
}
