/*
 * The module _greencorn_dirty. Run in every process of Python.
 */
#include <Python.h>

#include "dirty/dirty_module.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/error.h"
#include "dirty/dirty_reader.h"
#include "dirty/dirty_value.h"
#include "python/python_gil.h"
#include "role/heritage.h"
#include "role/role.h"
#include "sys/fd.h"
#include "sys/message.h"
#include "sys/sock.h"

#include "base/banned.h"

#define SEND_MAX 64 /* buffers of one call */
#define SEND_LARGE ((size_t)64 << 10)

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

	/* A template has none: what it loads is what others wait for. */
	if (h == NULL || h->dirty_door[1] < 0 || h->role == ROLE_TEMPLATE ||
	    h->role == ROLE_DIRTY_TEMPLATE)
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

/* The buffers of what send() was given, as far as one call takes them. */
struct sending {
	Py_buffer buffers[SEND_MAX];
	struct iovec io[SEND_MAX];
	size_t n, total;
};

static void
release(struct sending *s)
{
	for (size_t i = 0; i < s->n; i++)
		PyBuffer_Release(&s->buffers[i]);
}

/* 0, or -1 with an error set. */
static int
gather(struct sending *s, PyObject *parts)
{
	Py_ssize_t n = PyList_GET_SIZE(parts);

	for (s->n = 0; s->n < SEND_MAX && (Py_ssize_t)s->n < n; s->n++) {
		Py_buffer *b = &s->buffers[s->n];
		PyObject *part = PyList_GET_ITEM(parts, (Py_ssize_t)s->n);

		if (PyObject_GetBuffer(part, b, PyBUF_SIMPLE) < 0)
			return -1;
		s->io[s->n] = (struct iovec){ b->buf, (size_t)b->len };
		s->total += (size_t)b->len;
	}
	return 0;
}

/* What is little is done before another thread could have the GIL. */
static ssize_t
send_now(int fd, const struct sending *s)
{
	const struct msghdr m = { .msg_iov = (struct iovec *)(uintptr_t)s->io,
		.msg_iovlen = s->n };
	ssize_t n;

	if (s->total >= SEND_LARGE)
		python_gil_drop();
	n = sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (s->total >= SEND_LARGE)
		python_gil_take();
	return n;
}

PyDoc_STRVAR(send_doc,
    "send(fd, parts): sends a list of buffers as far as it goes, without\n"
    "waiting; how many bytes. BlockingIOError: none; OSError.");

static PyObject *
send_method(PyObject *self, PyObject *const *args, Py_ssize_t n_args)
{
	struct sending s = { .n = 0 };
	ssize_t n = -1;
	long fd;

	(void)self;
	if (n_args != 2 || !PyList_Check(args[1])) {
		PyErr_SetString(PyExc_TypeError, "a descriptor and a list");
		return NULL;
	}
	fd = PyLong_AsLong(args[0]);
	if (fd == -1 && PyErr_Occurred() != NULL)
		return NULL;
	if (gather(&s, args[1]) == 0) {
		do
			n = send_now((int)fd, &s);
		while (n < 0 && errno == EINTR);
		if (n < 0)
			PyErr_SetFromErrno(PyExc_OSError);
	}
	release(&s);
	return n < 0 ? NULL : PyLong_FromSsize_t(n);
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
	{ "send", (PyCFunction)(void (*)(void))send_method, METH_FASTCALL,
	    send_doc },
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
