/*
 * Reading a link. Run in whatever process of Python calls, or is, a dirty
 * worker. Small messages lie in one buffer, many after one read; of a large
 * one each large bytes object is received where it will stay.
 */
#include <Python.h>

#include "dirty/dirty_reader.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "dirty/dirty_tlv.h"
#include "dirty/dirty_value.h"
#include "python/python_gil.h"

#include "base/banned.h"

#define IN_SIZE ((size_t)64 << 10)
#define READS_MAX 16 /* of one call: then its caller looks at what came */
#define HOLES_MAX 256
#define BYTES_HEAD 5
#define NO_SCAN SIZE_MAX

/* A message that does not fit into the buffer, as far as it has come. */
struct large {
	bool is;
	struct dirty_envelope e;
	size_t left; /* of it */
	size_t scan; /* in rest: where the next value's head is, or will be */
	struct buf rest; /* all that is in no hole */
	struct dirty_hole holes[HOLES_MAX];
	size_t n_holes;
};

typedef struct {
	PyObject_HEAD int fd;
	bool reads, ended;
	size_t start, end; /* of what is in in */
	char *in;
	struct large large;
} reader;

/* --- a large message --- */

static void
forget_large(struct large *l)
{
	for (size_t i = 0; i < l->n_holes; i++)
		Py_CLEAR(l->holes[i].bytes);
	l->n_holes = 0;
	buf_finish(&l->rest);
	l->is = false;
}

/* The hole that is not full, or NULL. */
static struct dirty_hole *
open_hole(struct large *l)
{
	struct dirty_hole *h;

	if (l->n_holes == 0)
		return NULL;
	h = &l->holes[l->n_holes - 1];
	return h->filled < (size_t)PyBytes_GET_SIZE(h->bytes) ? h : NULL;
}

static size_t
hole_room(const struct dirty_hole *h)
{
	return (size_t)PyBytes_GET_SIZE(h->bytes) - h->filled;
}

/* A bytes value's head ends at l->scan: what it has so far moves there. */
static int
begin_hole(struct large *l, uint32_t n)
{
	struct dirty_hole *h = &l->holes[l->n_holes];
	size_t over = buf_len(&l->rest) - l->scan;

	if (over > n)
		over = n;
	h->bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)n);
	if (h->bytes == NULL)
		return -1;
	l->n_holes++;
	h->at = l->scan;
	h->filled = over;
	memcpy(
	    PyBytes_AS_STRING(h->bytes), buf_str(&l->rest).ptr + l->scan, over);
	return 0;
}

/*
 * Looks for large bytes in rest, from scan on. 1: one begins, and what is
 * behind it in rest, *over bytes, was there already; 0: none; -1.
 */
static int
look_for_hole(struct large *l, size_t *over)
{
	struct str s = buf_str(&l->rest);
	enum dirty_tlv type;
	struct str rest;
	uint32_t n;

	while (l->scan < s.len) {
		rest = str_tail(s, l->scan);
		if (rest.len < BYTES_HEAD &&
		    (unsigned char)rest.ptr[0] >= DIRTY_TLV_BYTES)
			return 0;
		(void)dirty_tlv_head(&rest, &type, &n);
		l->scan = s.len - rest.len;
		if (type == DIRTY_TLV_BYTES && n >= DIRTY_VALUE_LARGE &&
		    l->n_holes < HOLES_MAX && n <= l->left + rest.len) {
			*over = rest.len;
			return begin_hole(l, n) < 0 ? -1 : 1;
		}
		if (type == DIRTY_TLV_BYTES || type == DIRTY_TLV_STRING)
			l->scan += n;
		else if (type == DIRTY_TLV_BOOL)
			l->scan += 1;
		else if (type == DIRTY_TLV_INT64 || type == DIRTY_TLV_FLOAT64)
			l->scan += 8;
		/* Any other is NONE, or the unpacker says that it is none. */
	}
	return 0;
}

/* So many bytes of it that were read into memory. 0 or -1. */
static int
feed(struct large *l, const char *mem, size_t n)
{
	struct dirty_hole *h;
	size_t part, over;
	int rc;

	l->left -= n;
	while (n > 0) {
		h = open_hole(l);
		if (h != NULL) {
			part = n < hole_room(h) ? n : hole_room(h);
			memcpy(
			    PyBytes_AS_STRING(h->bytes) + h->filled, mem, part);
			h->filled += part;
			mem += part;
			n -= part;
			continue;
		}
		if (buf_put(&l->rest, (struct str){ mem, n }) < 0) {
			PyErr_NoMemory();
			return -1;
		}
		rc = l->e.format == DIRTY_JSON ? 0 : look_for_hole(l, &over);
		if (rc <= 0)
			return rc;
		/* Back to where the hole begins; what it took is done. */
		l->rest.end -= over;
		part = l->holes[l->n_holes - 1].filled;
		mem += n - (over - part);
		n = over - part;
	}
	return 0;
}

/* --- messages --- */

/* Appends (type, format, id, size, value) to list; value is stolen. 0, -1. */
static int
append(PyObject *list, const struct dirty_envelope *e, PyObject *value)
{
	PyObject *item; /* new */
	int rc;

	item = value == NULL ? NULL
			     : Py_BuildValue("iiKIN", e->type, e->format,
				   (unsigned long long)e->id, e->len, value);
	if (item == NULL)
		return -1;
	rc = PyList_Append(list, item);
	Py_DECREF(item);
	return rc;
}

/* New: what a payload says; what is wrong with it is a value, too. */
static PyObject *
value_of(
    const struct dirty_envelope *e, struct str payload, const struct large *l)
{
	PyObject *value; /* new */

	if (e->len == 0)
		return Py_NewRef(Py_None);
	if (e->format == DIRTY_JSON || e->type >= DIRTY_HELLO)
		return PyBytes_FromStringAndSize(
		    payload.ptr, (Py_ssize_t)payload.len);
	value = dirty_value_unpack(
	    payload, l == NULL ? NULL : l->holes, l == NULL ? 0 : l->n_holes);
	if (value == NULL && !PyErr_ExceptionMatches(PyExc_MemoryError))
		value = PyErr_GetRaisedException();
	return value;
}

static int
begin_large(reader *r, const struct dirty_envelope *e)
{
	struct large *l = &r->large;
	size_t n = r->end - r->start - sizeof(*e);
	int rc;

	l->is = true;
	l->e = *e;
	l->left = e->len;
	l->scan = 0;
	buf_init(&l->rest, DIRTY_PAYLOAD_MAX);
	rc = feed(l, r->in + r->start + sizeof(*e), n);
	r->start = r->end = 0;
	return rc;
}

/* What is in the buffer of a large message that has begun. 0 or -1. */
static int
go_on_large(reader *r, PyObject *list)
{
	struct large *l = &r->large;
	size_t n = r->end - r->start;
	int rc;

	if (n > l->left)
		n = l->left;
	if (feed(l, r->in + r->start, n) < 0)
		return -1;
	r->start += n;
	if (l->left > 0)
		return 0;
	rc = append(list, &l->e, value_of(&l->e, buf_str(&l->rest), l));
	forget_large(l);
	return rc;
}

/* Takes all that is complete. 0 or -1. */
static int
take(reader *r, PyObject *list)
{
	struct dirty_envelope e;
	struct str payload;
	ssize_t n;

	for (;;) {
		struct str in = { r->in + r->start, r->end - r->start };

		if (r->large.is) {
			if (go_on_large(r, list) < 0)
				return -1;
			if (r->large.is)
				return 0;
			continue;
		}
		n = dirty_envelope_parse(in, &e, &payload);
		if (n < 0) {
			dirty_value_error("Message too large");
			return -1;
		}
		if (n == 0)
			break;
		if (append(list, &e, value_of(&e, payload, NULL)) < 0)
			return -1;
		r->start += (size_t)n;
	}
	if (r->end - r->start >= sizeof(e) && e.len > IN_SIZE - sizeof(e))
		return begin_large(r, &e);
	return 0;
}

/* Reads once: how much there was room for is *room. */
static ssize_t
receive(reader *r, size_t *room)
{
	struct dirty_hole *h = r->large.is ? open_hole(&r->large) : NULL;
	struct iovec io[2];
	struct msghdr m = { .msg_iov = io, .msg_iovlen = 0 };
	size_t direct = 0;
	ssize_t n;

	if (r->start > 0) {
		memmove(r->in, r->in + r->start, r->end - r->start);
		r->end -= r->start;
		r->start = 0;
	}
	if (h != NULL) { /* then the buffer is empty */
		direct = hole_room(h);
		io[m.msg_iovlen++] =
		    (struct iovec){ PyBytes_AS_STRING(h->bytes) + h->filled,
			    direct };
	}
	io[m.msg_iovlen++] = (struct iovec){ r->in + r->end, IN_SIZE - r->end };
	*room = direct + IN_SIZE - r->end;
	if (h != NULL)
		python_gil_drop();
	n = recvmsg(r->fd, &m, MSG_DONTWAIT);
	if (h != NULL)
		python_gil_take();
	if (n <= 0)
		return n;
	if ((size_t)n < direct)
		direct = (size_t)n;
	if (h != NULL) {
		h->filled += direct;
		r->large.left -= direct;
	}
	r->end += (size_t)n - direct;
	return n;
}

/* 0, or -1 with an error set: nothing more will come. */
static int
read_all(reader *r, PyObject *list)
{
	size_t room;
	ssize_t n;

	for (unsigned i = 0; i < READS_MAX; i++) {
		n = receive(r, &room);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0) {
			PyErr_SetFromErrno(PyExc_OSError);
			return -1;
		}
		if (n == 0) {
			PyErr_SetString(PyExc_EOFError, "the link has ended");
			return -1;
		}
		if (take(r, list) < 0)
			return -1;
		if ((size_t)n < room && PyList_GET_SIZE(list) > 0)
			return 0;
	}
	return 0;
}

PyDoc_STRVAR(read_doc,
    "read(): what has come, without waiting: a list of (type, format, id,\n"
    "size, value). A value that is wrong is a DirtyProtocolError. EOFError,\n"
    "OSError or DirtyProtocolError: the link is over. One thread at a time.");

static PyObject *
read_method(PyObject *self, PyObject *unused)
{
	reader *r = (reader *)self;
	PyObject *list; /* new */

	(void)unused;
	if (r->reads) {
		PyErr_SetString(PyExc_RuntimeError, "another thread reads");
		return NULL;
	}
	list = PyList_New(0);
	if (list == NULL)
		return NULL;
	r->reads = true;
	if (r->ended || read_all(r, list) < 0) {
		/* What came before the end is delivered before it. */
		if (!r->ended && PyList_GET_SIZE(list) > 0)
			PyErr_Clear();
		else
			Py_CLEAR(list);
		if (r->ended)
			PyErr_SetString(PyExc_EOFError, "the link has ended");
		r->ended = true;
	}
	r->reads = false;
	return list;
}

static PyObject *
new_reader(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
	reader *r; /* new */
	int fd;

	(void)kwargs;
	if (!PyArg_ParseTuple(args, "i", &fd))
		return NULL;
	r = (reader *)type->tp_alloc(type, 0);
	if (r == NULL)
		return NULL;
	r->fd = fd;
	r->in = PyMem_Malloc(IN_SIZE);
	if (r->in == NULL) {
		Py_DECREF(r);
		return PyErr_NoMemory();
	}
	return (PyObject *)r;
}

static void
dealloc(PyObject *self)
{
	reader *r = (reader *)self;
	PyTypeObject *type = Py_TYPE(self);

	forget_large(&r->large);
	PyMem_Free(r->in);
	type->tp_free(self);
	Py_DECREF(type);
}

PyObject *
dirty_reader_type(void)
{
	static PyMethodDef methods[] = {
		{ "read", read_method, METH_NOARGS, read_doc },
		{ NULL, NULL, 0, NULL },
	};
	static PyType_Slot slots[] = {
		{ Py_tp_doc, "Reader(fd): reads the link at that descriptor." },
		{ Py_tp_new, (void *)new_reader },
		{ Py_tp_dealloc, (void *)dealloc },
		{ Py_tp_methods, methods },
		{ 0, NULL },
	};
	static PyType_Spec spec = {
		.name = "_greencorn_dirty.Reader",
		.basicsize = sizeof(reader),
		.flags = Py_TPFLAGS_DEFAULT,
		.slots = slots,
	};

	return PyType_FromSpec(&spec);
}
