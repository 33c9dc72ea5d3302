/*
 * The module _greencorn_dirty. Run in every process of Python.
 */
#include <Python.h>

#include "dirty/dirty_module.h"

#include "base/error.h"
#include "dirty/dirty_reader.h"
#include "dirty/dirty_value.h"
#include "role/heritage.h"
#include "role/role.h"
#include "sys/fd.h"
#include "sys/message.h"
#include "sys/sock.h"

#include "base/banned.h"

PyDoc_STRVAR(address_doc,
    "address(): where this server's dirty arbiter listens for others;\n"
    "None outside of a server.");

static PyObject *
address(PyObject *self, PyObject *unused)
{
	const struct heritage *h = role_heritage();

	(void)self;
	(void)unused;
	if (h == NULL || h->dirty_address[0] == '\0')
		return Py_NewRef(Py_None);
	return PyUnicode_DecodeFSDefault(h->dirty_address);
}

/* Passes fd through the door of the tree. 0 or -E_*. */
static int
pass(int fd)
{
	const struct heritage *h = role_heritage();
	struct message m = { .type = 0, .n_fds = 1 };

	if (h == NULL || h->dirty_door[1] < 0)
		return -E_NOT_FOUND;
	m.fds[0] = fd;
	return message_send(h->dirty_door[1], &m, 0);
}

PyDoc_STRVAR(knock_doc,
    "knock(): the descriptor of a new link to this server's dirty arbiter.\n"
    "BlockingIOError: too many wait already, ask again; ConnectionError:\n"
    "there is no such door.");

static PyObject *
knock(PyObject *self, PyObject *unused)
{
	int ends[2], rc;

	(void)self;
	(void)unused;
	if (sock_pair(ends) < 0)
		return PyErr_SetFromErrno(PyExc_OSError);
	rc = pass(ends[1]);
	fd_close(ends[1]);
	if (rc == 0)
		return PyLong_FromLong(ends[0]);
	fd_close(ends[0]);
	PyErr_SetString(
	    rc == -E_TIMEOUT ? PyExc_BlockingIOError : PyExc_ConnectionError,
	    error_text(rc));
	return NULL;
}

PyDoc_STRVAR(pack_doc,
    "pack(format, type, id[, value]): a message, head and all, as a list of\n"
    "buffers; large bytes are among them as they are.");

static PyObject *
pack(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
	unsigned long format, type;
	unsigned long long id;

	(void)self;
	if (n < 3 || n > 4) {
		PyErr_SetString(PyExc_TypeError, "three or four arguments");
		return NULL;
	}
	format = PyLong_AsUnsignedLong(args[0]);
	type = PyLong_AsUnsignedLong(args[1]);
	id = PyLong_AsUnsignedLongLongMask(args[2]);
	if (PyErr_Occurred() != NULL)
		return NULL;
	if ((format != DIRTY_BINARY && format != DIRTY_LINKED) || type > 255) {
		PyErr_SetString(PyExc_ValueError, "no such format or type");
		return NULL;
	}
	return dirty_value_pack((enum dirty_format)format,
	    (enum dirty_type)type, id, n == 4 ? args[3] : NULL);
}

PyDoc_STRVAR(unpack_doc, "unpack(buffer): the value that all of it says.");

static PyObject *
unpack(PyObject *self, PyObject *arg)
{
	PyObject *value; /* new */
	Py_buffer b;

	(void)self;
	if (PyObject_GetBuffer(arg, &b, PyBUF_CONTIG_RO) < 0)
		return NULL;
	value =
	    dirty_value_unpack((struct str){ b.buf, (size_t)b.len }, NULL, 0);
	PyBuffer_Release(&b);
	return value;
}

static PyMethodDef methods[] = {
	{ "address", address, METH_NOARGS, address_doc },
	{ "knock", knock, METH_NOARGS, knock_doc },
	{ "pack", (PyCFunction)(void (*)(void))pack, METH_FASTCALL, pack_doc },
	{ "unpack", unpack, METH_O, unpack_doc },
	{ NULL, NULL, 0, NULL },
};

static int
fill(PyObject *module)
{
	PyObject *type = dirty_reader_type(); /* new */
	int rc = -1;

	if (type != NULL)
		rc = PyModule_AddObjectRef(module, "Reader", type);
	Py_XDECREF(type);
	return rc;
}

static PyModuleDef_Slot slots[] = {
	{ Py_mod_exec, (void *)fill },
	{ Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED },
	{ 0, NULL },
};

static struct PyModuleDef definition = {
	.m_base = PyModuleDef_HEAD_INIT,
	.m_name = "_greencorn_dirty",
	.m_doc = "Links to the dirty arbiter, and what goes over them.",
	.m_methods = methods,
	.m_slots = slots,
};

static PyObject *
module(void)
{
	return PyModuleDef_Init(&definition);
}

int
dirty_module_announce(void)
{
	return PyImport_AppendInittab("_greencorn_dirty", module) < 0 ? -E_NOMEM
								      : 0;
}
