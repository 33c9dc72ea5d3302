/*
 * wsgi_socket: stands for a socket.socket that most requests never make. Run
 * by workers.
 */
#include <Python.h>

#include "gateway/wsgi_socket.h"

#include "base/error.h"
#include "gateway/wsgi_call.h"
#include "http/response.h"
#include "python/python_ref.h"
#include "sys/fd.h"

#include "base/banned.h"

struct wsgi_socket {
	PyObject ob_base;
	struct wsgi_call *call; /* NULL: cut off */
	PyObject *real;         /* strong; NULL: nobody has asked yet */
	bool taken;             /* it reads and writes there */
};

/* What only looks. */
static bool
is_look(PyObject *name)
{
	static const char *const looks[] = {
		"family",
		"getpeername",
		"getsockname",
		"getsockopt",
		"gettimeout",
		"proto",
		"setsockopt",
		"timeout",
		"type",
	};
	struct str s;

	if (!python_ref_bytes_of(name, &s))
		return true;
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
		if (str_eq(s, str_of(looks[i])))
			return true;
	return false;
}

static int
raise_why(int rc)
{
	switch (rc) {
	case -E_AGAIN:
		PyErr_SetString(PyExc_BlockingIOError,
		    "gunicorn.socket: bytes of this request or of its answer "
		    "still wait in the server");
		break;
	case -E_NOT_FOUND:
		PyErr_SetString(PyExc_OSError,
		    "gunicorn.socket: this request shares its connection");
		break;
	case -E_GONE:
		PyErr_SetString(PyExc_ConnectionResetError,
		    "gunicorn.socket: the client is gone");
		break;
	default:
		PyErr_SetString(PyExc_OSError,
		    "gunicorn.socket: no descriptor could be made of it");
	}
	return -1;
}

/* New reference to socket.socket, or NULL with an error set. */
static PyObject *
socket_type(void)
{
	PyObject *module = PyImport_ImportModule("socket"), *type = NULL;

	if (module != NULL)
		type = PyObject_GetAttrString(module, "socket");
	Py_XDECREF(module);
	return type;
}

/* New reference to one that owns fd, or NULL with an error set. */
static PyObject *
make_real(int fd)
{
	PyObject *type = socket_type(), *real = NULL;          /* new */
	PyObject *args = PyTuple_New(0);                       /* new */
	PyObject *named = Py_BuildValue("{si}", "fileno", fd); /* new */

	if (type != NULL && args != NULL && named != NULL)
		real = PyObject_Call(type, args, named);
	if (real == NULL)
		fd_close(fd);
	Py_XDECREF(named);
	Py_XDECREF(args);
	Py_XDECREF(type);
	return real;
}

/* Its request, or NULL with an error set. */
static struct request *
request_of(const struct wsgi_socket *s)
{
	if (s->call != NULL && s->call->req != NULL && !s->call->returned)
		return s->call->req;
	PyErr_SetString(PyExc_OSError, "gunicorn.socket: the request is over");
	return NULL;
}

/* Makes the socket when there is none, and takes it. 0 or -1: error set. */
static int
open_real(struct wsgi_socket *s, bool take)
{
	struct request *req = request_of(s);
	int fd;

	if (req == NULL)
		return -1;
	fd = response_connection(req, take);
	if (fd < 0)
		return raise_why(fd);
	s->call->socket_asked = true;
	if (s->real == NULL)
		s->real = make_real(fd);
	else
		fd_close(fd); /* real has one for the same connection */
	s->taken |= take;
	return s->real == NULL ? -1 : 0;
}

/* Python's own names: who prints environ, or asks what it is, makes none. */
static bool
is_pythons(PyObject *name)
{
	struct str s;

	return python_ref_bytes_of(name, &s) && str_starts(s, STR("__"));
}

/*
 * Who asks for what no socket has only wants to know what it is. False: an
 * error is set.
 */
static bool
is_sockets(PyObject *name)
{
	PyObject *type = socket_type(); /* new */
	int rc = type == NULL ? -1 : PyObject_HasAttrWithError(type, name);

	Py_XDECREF(type);
	if (rc == 0)
		PyErr_Format(PyExc_AttributeError,
		    "'socket' object has no attribute '%U'", name);
	return rc > 0;
}

static PyObject *
get(PyObject *self, PyObject *name)
{
	struct wsgi_socket *s = (struct wsgi_socket *)self;
	bool take = !s->taken && !is_look(name);
	PyObject *real, *value; /* new */

	if (PyUnicode_Check(name) && PyUnicode_EqualToUTF8(name, "__class__"))
		return socket_type();
	if (is_pythons(name))
		return PyObject_GenericGetAttr(self, name);
	if (take && !is_sockets(name))
		return NULL;
	/* Afterwards it is a socket that is closed. */
	if ((take || s->real == NULL) && open_real(s, take) < 0)
		return NULL;
	real = Py_NewRef(s->real); /* Python runs: the call may end */
	value = PyObject_GetAttr(real, name);
	Py_DECREF(real);
	return value;
}

static PyObject *
repr(PyObject *self)
{
	(void)self;
	return PyUnicode_FromString("<greencorn gunicorn.socket>");
}

static void
finish(PyObject *self)
{
	struct wsgi_socket *s = (struct wsgi_socket *)self;

	Py_XDECREF(s->real);
	PyObject_Free(self);
}

static PyTypeObject type = {
	PyVarObject_HEAD_INIT(NULL, 0).tp_name = "greencorn.socket",
	.tp_basicsize = sizeof(struct wsgi_socket),
	.tp_flags = Py_TPFLAGS_DEFAULT,
	.tp_getattro = get,
	.tp_repr = repr,
	.tp_dealloc = finish,
};

int
wsgi_socket_start(void)
{
	return PyType_Ready(&type);
}

struct wsgi_socket *
wsgi_socket_create(struct wsgi_call *c)
{
	struct wsgi_socket *s = PyObject_New(struct wsgi_socket, &type);

	if (s != NULL) {
		s->call = c;
		s->real = NULL;
		s->taken = false;
	}
	return s;
}

bool
wsgi_socket_is_gone(const struct wsgi_socket *s)
{
	PyObject *error = PyErr_GetRaisedException(); /* new */
	PyObject *peer = NULL;                        /* new */

	if (s->real != NULL)
		peer = PyObject_CallMethod(s->real, "getpeername", NULL);
	Py_XDECREF(peer);
	PyErr_SetRaisedException(error); /* instead of what that may have */
	return peer == NULL;
}

void
wsgi_socket_close(struct wsgi_socket *s)
{
	PyObject *closed; /* new */

	if (s->real == NULL)
		return;
	closed = PyObject_CallMethod(s->real, "close", NULL);
	if (closed == NULL)
		PyErr_Clear(); /* its descriptor is gone all the same */
	Py_XDECREF(closed);
}

void
wsgi_socket_renew(struct wsgi_socket *s)
{
	s->taken = false;
	Py_CLEAR(s->real);
}

void
wsgi_socket_cut(struct wsgi_socket *s)
{
	s->call = NULL;
}
