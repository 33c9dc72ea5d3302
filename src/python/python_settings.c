/*
 * The built-in module _greencorn_settings: rows of settings.def as tuples, and
 * struct config as a dict. What gunicorn.config is made of.
 */
#include <Python.h>

#include "python/python_settings.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "config/config.h"
#include "python/python_json.h"
#include "python/python_ref.h"

#include "base/banned.h"

#define JSON_MAX (1 << 20)
#define V4_BITS 96 /* before the address in an IPv4-mapped one */

static const struct config *config; /* NULL: this process has none */

void
python_settings_use(const struct config *cfg)
{
	config = cfg;
}

struct row {
	const char *name, *type, *default_text, *choices, *flags, *origin,
	    *section, *help;
};

static const struct row rows[] = {
#define SETTING( \
    name, type, default, min, max, flags, origin, section, effect, help) \
	{ #name, #type, default, "", flags, #origin, section, help },
#define CHOICE(name, choices, default, flags, origin, section, effect, help) \
	{ #name, "CHOICE", default, choices, flags, #origin, section, help },
#include "config/settings.def"
#undef SETTING
#undef CHOICE
};

/* Appends and gives up item; -1 with a Python error set. */
static int
append(PyObject *list, PyObject *item)
{
	int rc = item == NULL ? -1 : PyList_Append(list, item);

	Py_XDECREF(item);
	return rc;
}

PyDoc_STRVAR(table_doc,
    "table(): [(name, type, default, choices, flags, origin, section,\n"
    "help)] of all settings.");

static PyObject *
table(PyObject *self, PyObject *unused)
{
	PyObject *list = PyList_New(0); /* new */

	(void)self;
	(void)unused;
	if (list == NULL)
		return NULL;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];

		if (append(list,
			Py_BuildValue("(ssssssss)", r->name, r->type,
			    r->default_text, r->choices, r->flags, r->origin,
			    r->section, r->help)) < 0) {
			Py_DECREF(list);
			return NULL;
		}
	}
	return list;
}

static PyObject *
from_text(const char *text)
{
	return python_ref_decoded(str_of(text));
}

static PyObject *
from_number(uint64_t number)
{
	return PyLong_FromUnsignedLongLong(number);
}

static PyObject *
from_bool(bool is)
{
	return PyBool_FromLong(is);
}

/* Seconds: a whole number where it is one, as Gunicorn's always are. */
static PyObject *
from_ms(uint64_t ms)
{
	if (ms % 1000 == 0)
		return from_number(ms / 1000);
	return PyFloat_FromDouble((double)ms / 1000);
}

static PyObject *
from_list(struct config_list list)
{
	PyObject *made = PyList_New(0); /* new */

	for (unsigned i = 0; made != NULL && i < list.n; i++)
		if (append(made, from_text(list.items[i])) < 0)
			Py_CLEAR(made);
	return made;
}

static PyObject *
from_map(struct config_map map)
{
	PyObject *made = PyDict_New(), *value; /* new */

	for (unsigned i = 0; made != NULL && i < map.n; i++) {
		value = from_text(map.items[2 * i + 1]);
		if (value == NULL ||
		    PyDict_SetItemString(made, map.items[2 * i], value) < 0)
			Py_CLEAR(made);
		Py_XDECREF(value);
	}
	return made;
}

static PyObject *
from_net(const struct config_net *net)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char text[INET6_ADDRSTRLEN];
	bool v4 = net->bits >= V4_BITS &&
	    memcmp(net->address, mapped, sizeof(mapped)) == 0;
	unsigned bits = v4 ? net->bits - V4_BITS : net->bits;

	if (net->bits == 0)
		return PyUnicode_FromString("*");
	if (inet_ntop(v4 ? AF_INET : AF_INET6,
		v4 ? net->address + sizeof(mapped) : net->address, text,
		sizeof(text)) == NULL)
		return PyErr_SetFromErrno(PyExc_OSError);
	if (bits == (v4 ? 32u : 128u))
		return PyUnicode_FromString(text);
	return PyUnicode_FromFormat("%s/%u", text, bits);
}

static PyObject *
from_nets(struct config_nets nets)
{
	PyObject *made = PyList_New(0); /* new */

	for (unsigned i = 0; made != NULL && i < nets.n; i++)
		if (append(made, from_net(&nets.items[i])) < 0)
			Py_CLEAR(made);
	return made;
}

#define FROM_UINT from_number
#define FROM_MODE from_number
#define FROM_BOOL from_bool
#define FROM_MS from_ms
#define FROM_SIZE from_number
#define FROM_TEXT from_text
#define FROM_HOOK from_text
#define FROM_USER from_text
#define FROM_GROUP from_text
#define FROM_JSON from_text
#define FROM_SYSLOG from_text
#define FROM_STATSD from_text
#define FROM_FORMAT from_text
#define FROM_BIND from_text
#define FROM_LIST from_list
#define FROM_BINDS from_list
#define FROM_PAIRS from_list
#define FROM_APPS from_list
#define FROM_WORDS from_list
#define FROM_NETS from_nets
#define FROM_MAP from_map

/* 0, or -1 with an error set; value is stolen. */
static int
put(PyObject *dict, const char *name, PyObject *value)
{
	int rc = value == NULL ? -1 : PyDict_SetItemString(dict, name, value);

	Py_XDECREF(value);
	return rc;
}

static int
put_all(PyObject *dict)
{
#define SETTING(name, type, ...) \
	if (put(dict, #name, FROM_##type(config->name)) < 0) \
		return -1;
#define CHOICE(name, ...) \
	if (put(dict, #name, from_text(config->name)) < 0) \
		return -1;
#include "config/settings.def"
#undef SETTING
#undef CHOICE
	return 0;
}

PyDoc_STRVAR(values_doc,
    "values(): {name: value} of this server, or None where there is none.");

static PyObject *
values(PyObject *self, PyObject *unused)
{
	PyObject *dict; /* new */

	(void)self;
	(void)unused;
	if (config == NULL)
		Py_RETURN_NONE;
	dict = PyDict_New();
	if (dict != NULL && put_all(dict) < 0)
		Py_CLEAR(dict);
	return dict;
}

PyDoc_STRVAR(json_doc, "json(value): as a configuration file's value is sent.");

static PyObject *
json(PyObject *self, PyObject *value)
{
	PyObject *text = NULL; /* new */
	struct buf out;
	int rc;

	(void)self;
	buf_init(&out, JSON_MAX);
	rc = python_json_put(&out, value);
	if (rc == 0)
		text = python_ref_decoded(buf_str(&out));
	buf_finish(&out);
	if (text == NULL && PyErr_Occurred() == NULL)
		PyErr_SetString(PyExc_ValueError, error_text(rc));
	return text;
}

static PyMethodDef methods[] = {
	{ "table", table, METH_NOARGS, table_doc },
	{ "values", values, METH_NOARGS, values_doc },
	{ "json", json, METH_O, json_doc },
	{ NULL, NULL, 0, NULL },
};

static PyModuleDef_Slot slots[] = {
	{ Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED },
	{ 0, NULL },
};

static struct PyModuleDef definition = {
	.m_base = PyModuleDef_HEAD_INIT,
	.m_name = "_greencorn_settings",
	.m_doc = "The settings table, and what holds.",
	.m_methods = methods,
	.m_slots = slots,
};

PyObject *
python_settings_module(void)
{
	return PyModuleDef_Init(&definition);
}
