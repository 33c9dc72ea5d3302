/*
 * wsgi_file: PEP 3333's optional file handling. A regular file with a
 * descriptor goes out by response_file, from where the application left it.
 */
#include "gateway/wsgi_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "gateway/wsgi_call.h"
#include "gateway/wsgi_response.h"
#include "http/response.h"
#include "http/seams.h"
#include "python/python_gil.h"

#include "base/banned.h"

#define BLOCK_DEFAULT 8192

struct wsgi_file {
	PyObject ob_base;
	PyObject *filelike; /* strong */
	PyObject *block;    /* strong: int */
};

/* The part of a file that is to be sent. */
struct range {
	int fd;
	off_t offset;
	size_t len;
};

static PyObject *
file_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
	static char name_file[] = "filelike", name_block[] = "blksize";
	static char *names[] = { name_file, name_block, NULL };
	PyObject *filelike;
	Py_ssize_t block = BLOCK_DEFAULT;
	struct wsgi_file *f; /* new */

	if (!PyArg_ParseTupleAndKeywords(
		args, kwargs, "O|n", names, &filelike, &block))
		return NULL;
	f = (struct wsgi_file *)type->tp_alloc(type, 0);
	if (f == NULL)
		return NULL;
	f->filelike = Py_NewRef(filelike);
	f->block = PyLong_FromSsize_t(block > 0 ? block : BLOCK_DEFAULT);
	if (f->block == NULL)
		Py_CLEAR(f);
	return (PyObject *)f;
}

static int
file_traverse(PyObject *self, visitproc visit, void *arg)
{
	struct wsgi_file *f = (struct wsgi_file *)self;

	Py_VISIT(f->filelike);
	return 0;
}

static int
file_clear(PyObject *self)
{
	struct wsgi_file *f = (struct wsgi_file *)self;

	Py_CLEAR(f->filelike);
	Py_CLEAR(f->block);
	return 0;
}

static void
file_dealloc(PyObject *self)
{
	PyObject_GC_UnTrack(self);
	(void)file_clear(self);
	Py_TYPE(self)->tp_free(self);
}

/* The next block, or NULL: the end, or an error is set. */
static PyObject *
file_next(PyObject *self)
{
	struct wsgi_file *f = (struct wsgi_file *)self;
	PyObject *data; /* new */
	int more;

	data = PyObject_CallMethod(f->filelike, "read", "O", f->block);
	if (data == NULL)
		return NULL;
	more = PyObject_IsTrue(data);
	if (more <= 0)
		Py_CLEAR(data);
	return data;
}

static PyObject *
file_close(PyObject *self, PyObject *unused)
{
	struct wsgi_file *f = (struct wsgi_file *)self;
	PyObject *close; /* new */
	PyObject *result = NULL;

	(void)unused;
	if (PyObject_GetOptionalAttrString(f->filelike, "close", &close) < 0)
		return NULL;
	if (close == NULL)
		return Py_NewRef(Py_None);
	result = PyObject_CallNoArgs(close);
	Py_DECREF(close);
	return result;
}

static PyMethodDef methods[] = {
	{ "close", file_close, METH_NOARGS, NULL },
	{ NULL, NULL, 0, NULL },
};

static PyMemberDef members[] = {
	{ "filelike", Py_T_OBJECT_EX, offsetof(struct wsgi_file, filelike),
	    Py_READONLY, NULL },
	{ "blksize", Py_T_OBJECT_EX, offsetof(struct wsgi_file, block),
	    Py_READONLY, NULL },
	{ NULL, 0, 0, 0, NULL },
};

static PyTypeObject type = {
	PyVarObject_HEAD_INIT(NULL, 0).tp_name = "greencorn.FileWrapper",
	.tp_basicsize = sizeof(struct wsgi_file),
	.tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
	.tp_new = file_new,
	.tp_dealloc = file_dealloc,
	.tp_traverse = file_traverse,
	.tp_clear = file_clear,
	.tp_iter = PyObject_SelfIter,
	.tp_iternext = file_next,
	.tp_methods = methods,
	.tp_members = members,
};

int
wsgi_file_start(void)
{
	return PyType_Ready(&type);
}

PyObject *
wsgi_file_type(void)
{
	return Py_NewRef((PyObject *)&type);
}

bool
wsgi_file_is(PyObject *result)
{
	return Py_IS_TYPE(result, &type);
}

/* What method gives as a number; -1, without an error set, if it does not. */
static long long
number_from(PyObject *object, const char *method)
{
	PyObject *result = PyObject_CallMethod(object, method, NULL); /* new */
	long long number = -1;

	if (result != NULL && PyLong_Check(result))
		number = PyLong_AsLongLong(result);
	PyErr_Clear();
	Py_XDECREF(result);
	return number;
}

/*
 * A regular file, and where it stands: a buffered one has read ahead, so that
 * its tell() and not the descriptor's offset counts. False: read it.
 */
static bool
find_range(struct wsgi_file *f, struct range *r)
{
	long long fd = number_from(f->filelike, "fileno"), at;
	struct stat st;

	if (fd < 0 || fd > INT_MAX || fstat((int)fd, &st) < 0 ||
	    !S_ISREG(st.st_mode))
		return false;
	at = number_from(f->filelike, "tell");
	if (at < 0)
		return false;
	r->fd = (int)fd;
	r->offset = (off_t)at;
	r->len = st.st_size > (off_t)at ? (size_t)(st.st_size - (off_t)at) : 0;
	return true;
}

/* Disks block: without the GIL. */
static ssize_t
send_some(struct wsgi_call *c, const struct range *r)
{
	ssize_t n;

	python_gil_drop();
	n = response_file(c->req, r->fd, r->offset, r->len);
	python_gil_take();
	return n;
}

/* The file has become shorter than it was: there is no more to send. */
static bool
is_cut_short(const struct range *r)
{
	struct stat st;

	return fstat(r->fd, &st) < 0 || st.st_size <= r->offset;
}

/* 0, -E_GONE, -E_PYTHON; -E_NOT_FOUND: nothing was sent, it is to be read. */
static int
send_range(struct wsgi_call *c, struct range *r)
{
	off_t began = r->offset;
	ssize_t n;

	while (r->len > 0) {
		n = send_some(c, r);
		if (n == -E_TOO_LONG)
			return 0;
		if (n == -E_NOT_FOUND && r->offset == began)
			return (int)n;
		if (n < 0)
			return -E_GONE;
		r->offset += n;
		r->len -= (size_t)n;
		if (r->len == 0 || (n == 0 && is_cut_short(r)))
			return 0;
		if (request_ended(c->req) != REQUEST_GOES_ON)
			return -E_GONE;
		if (wsgi_call_wait(c, EXECUTOR_ROOM) < 0)
			return -E_PYTHON;
	}
	return 0;
}

static int
send_blocks(struct wsgi_call *c, PyObject *result)
{
	PyObject *data; /* new */
	int rc = 0;

	while (rc == 0 && (data = file_next(result)) != NULL) {
		rc = wsgi_response_write(c, data);
		Py_DECREF(data);
	}
	return PyErr_Occurred() != NULL ? -E_PYTHON : rc;
}

int
wsgi_file_send(struct wsgi_call *c, PyObject *result)
{
	struct wsgi_file *f = (struct wsgi_file *)result;
	struct range r;
	int rc = 0;

	if (!find_range(f, &r))
		return send_blocks(c, result);
	if (!c->head_sent)
		rc = wsgi_response_head(c, (int64_t)r.len);
	if (rc == 0)
		rc = send_range(c, &r);
	/* Nothing has gone out by the kernel: the file is where it was. */
	return rc == -E_NOT_FOUND ? send_blocks(c, result) : rc;
}
