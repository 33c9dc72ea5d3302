/*
 * Values of Python as bytes and back. Run in whatever process of Python
 * calls, or is, a dirty worker.
 */
#include <Python.h>

#include "dirty/dirty_value.h"

#include <stdarg.h>

#include "base/error.h"
#include "dirty/dirty_tlv.h"

#include "base/banned.h"

#define ITEMS_MAX ((uint32_t)1 << 20) /* of a list or dict */
#define FIRST_SIZE 512

void
dirty_value_error(const char *format, ...)
{
	PyObject *module, *kind = NULL, *text; /* new */
	va_list ap;

	va_start(ap, format);
	text = PyUnicode_FromFormatV(format, ap);
	va_end(ap);
	module = PyImport_ImportModule("gunicorn.dirty.errors");
	if (module != NULL)
		kind = PyObject_GetAttrString(module, "DirtyProtocolError");
	if (kind != NULL && text != NULL)
		PyErr_SetObject(kind, text);
	Py_XDECREF(kind);
	Py_XDECREF(module);
	Py_XDECREF(text);
}

/* --- packing --- */

struct packer {
	PyObject *pieces; /* strong: a list */
	char *mem;        /* what follows the last piece */
	size_t len, size;
	size_t total; /* in pieces and mem */
};

/* Room for n bytes, which count as written; NULL with an error set. */
static char *
take_room(struct packer *p, size_t n)
{
	size_t size = p->size;
	char *mem;

	if (p->total + n > DIRTY_PAYLOAD_MAX + DIRTY_HEAD_MAX) {
		dirty_value_error("Message too large: %zu bytes (max: %zu)",
		    p->total + n - DIRTY_HEAD_MAX, DIRTY_PAYLOAD_MAX);
		return NULL;
	}
	while (p->len + n > size)
		size = size == 0 ? FIRST_SIZE : 2 * size;
	if (size != p->size) {
		mem = PyMem_Realloc(p->mem, size);
		if (mem == NULL) {
			PyErr_NoMemory();
			return NULL;
		}
		p->mem = mem;
		p->size = size;
	}
	mem = p->mem + p->len;
	p->len += n;
	p->total += n;
	return mem;
}

/* What is in mem becomes a piece. 0 or -1. */
static int
end_piece(struct packer *p)
{
	PyObject *piece; /* new */
	int rc;

	if (p->len == 0)
		return 0;
	piece = PyBytes_FromStringAndSize(p->mem, (Py_ssize_t)p->len);
	if (piece == NULL)
		return -1;
	p->len = 0;
	rc = PyList_Append(p->pieces, piece);
	Py_DECREF(piece);
	return rc;
}

static void
put_number(char *dst, uint64_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		dst[i] = (char)(v >> (8 * (n - 1 - i)));
}

static int
put_simple(struct packer *p, enum dirty_tlv type, uint64_t v, unsigned n)
{
	char *dst = take_room(p, 1 + n);

	if (dst == NULL)
		return -1;
	dst[0] = (char)type;
	put_number(dst + 1, v, n);
	return 0;
}

static int
put_int(struct packer *p, PyObject *value)
{
	int overflow;
	long long n = PyLong_AsLongLongAndOverflow(value, &overflow);

	if (overflow != 0) {
		dirty_value_error(
		    "Integer out of range: it needs more than 64 bits");
		return -1;
	}
	if (n == -1 && PyErr_Occurred() != NULL)
		return -1;
	return put_simple(p, DIRTY_TLV_INT64, (uint64_t)n, 8);
}

static int
put_float(struct packer *p, PyObject *value)
{
	double d = PyFloat_AsDouble(value);
	uint64_t bits;

	if (d == -1 && PyErr_Occurred() != NULL)
		return -1;
	memcpy(&bits, &d, sizeof(bits));
	return put_simple(p, DIRTY_TLV_FLOAT64, bits, 8);
}

static int
put_text(struct packer *p, PyObject *value)
{
	Py_ssize_t n;
	const char *utf8 = PyUnicode_AsUTF8AndSize(value, &n);
	char *dst;

	if (utf8 == NULL || put_simple(p, DIRTY_TLV_STRING, (uint64_t)n, 4) < 0)
		return -1;
	dst = take_room(p, (size_t)n);
	if (dst == NULL)
		return -1;
	memcpy(dst, utf8, (size_t)n);
	return 0;
}

/* A buffer that is too large to be copied: a piece of its own. */
static int
put_piece(struct packer *p, PyObject *value, size_t n)
{
	if (p->total + n > DIRTY_PAYLOAD_MAX + DIRTY_HEAD_MAX) {
		(void)take_room(p, n);
		return -1;
	}
	if (end_piece(p) < 0)
		return -1;
	p->total += n;
	return PyList_Append(p->pieces, value);
}

static int put_bytes(struct packer *p, PyObject *value);

/* A view that has gaps, or is of something else: what its method gives. */
static int
put_other(
    struct packer *p, PyObject *value, const char *method, const char *arg)
{
	PyObject *view =
	    PyObject_CallMethod(value, method, arg == NULL ? NULL : "s", arg);
	int rc = view == NULL ? -1 : put_bytes(p, view);

	Py_XDECREF(view);
	return rc;
}

static int
put_bytes(struct packer *p, PyObject *value)
{
	Py_buffer b;
	size_t n;
	char *dst;
	int rc = -1;

	if (PyObject_GetBuffer(value, &b, PyBUF_CONTIG_RO) < 0) {
		if (!PyErr_ExceptionMatches(PyExc_BufferError))
			return -1;
		PyErr_Clear();
		return put_other(p, value, "tobytes", NULL);
	}
	if (b.itemsize != 1 || b.ndim != 1) {
		PyBuffer_Release(&b);
		return put_other(p, value, "cast", "B");
	}
	n = (size_t)b.len;
	if (put_simple(p, DIRTY_TLV_BYTES, n, 4) < 0)
		goto release;
	if (n >= DIRTY_VALUE_LARGE) {
		rc = put_piece(p, value, n);
		goto release;
	}
	dst = take_room(p, n);
	if (dst != NULL) {
		memcpy(dst, b.buf, n);
		rc = 0;
	}
release:
	PyBuffer_Release(&b);
	return rc;
}

static int put_value(struct packer *p, PyObject *value, unsigned depth);

static int
put_many(struct packer *p, enum dirty_tlv type, Py_ssize_t n, unsigned depth)
{
	if (n > (Py_ssize_t)ITEMS_MAX) {
		dirty_value_error(
		    "Too many items: %zd (max: %u)", n, ITEMS_MAX);
		return -1;
	}
	if (depth >= DIRTY_TLV_DEPTH_MAX - 1) {
		dirty_value_error(
		    "Nested deeper than %d levels", DIRTY_TLV_DEPTH_MAX);
		return -1;
	}
	return put_simple(p, type, (uint64_t)n, 4);
}

/* What an object of a class of its own gives; list is stolen. */
static int
put_derived(struct packer *p, PyObject *list, unsigned depth)
{
	int rc = list == NULL ? -1 : put_value(p, list, depth);

	Py_XDECREF(list);
	return rc;
}

static int
put_list(struct packer *p, PyObject *value, unsigned depth)
{
	PyObject *item; /* new */
	Py_ssize_t n, i;
	int rc;

	if (!PyList_CheckExact(value) && !PyTuple_CheckExact(value))
		return put_derived(p, PySequence_List(value), depth);
	n = PySequence_Fast_GET_SIZE(value);
	rc = put_many(p, DIRTY_TLV_LIST, n, depth);

	for (i = 0; rc == 0 && i < n; i++) {
		if (i >= PySequence_Fast_GET_SIZE(value)) {
			dirty_value_error("A list changed meanwhile");
			return -1;
		}
		item = Py_NewRef(PySequence_Fast_GET_ITEM(value, i));
		rc = put_value(p, item, depth + 1);
		Py_DECREF(item);
	}
	return rc;
}

static int
put_key(struct packer *p, PyObject *key)
{
	PyObject *text; /* new */
	int rc;

	if (PyUnicode_CheckExact(key))
		return put_text(p, key);
	text = PyObject_Str(key);
	rc = text == NULL ? -1 : put_text(p, text);
	Py_XDECREF(text);
	return rc;
}

/* A dict of a class of its own is what its items() says. */
static int
put_derived_dict(struct packer *p, PyObject *value, unsigned depth)
{
	PyObject *items = PyMapping_Items(value), *dict = NULL; /* new */
	int rc = -1;

	if (items != NULL)
		dict = PyDict_New();
	if (dict != NULL && PyDict_MergeFromSeq2(dict, items, 1) == 0)
		rc = put_value(p, dict, depth);
	Py_XDECREF(dict);
	Py_XDECREF(items);
	return rc;
}

static int
put_dict(struct packer *p, PyObject *value, unsigned depth)
{
	PyObject *key, *item; /* borrowed, then strong */
	Py_ssize_t n = PyDict_GET_SIZE(value), at = 0;
	int rc;

	if (!PyDict_CheckExact(value))
		return put_derived_dict(p, value, depth);
	rc = put_many(p, DIRTY_TLV_DICT, n, depth);

	while (rc == 0 && PyDict_Next(value, &at, &key, &item)) {
		Py_INCREF(key);
		Py_INCREF(item);
		if (n-- > 0)
			rc = put_key(p, key);
		if (rc == 0)
			rc = put_value(p, item, depth + 1);
		Py_DECREF(key);
		Py_DECREF(item);
	}
	if (rc == 0 && n != 0) {
		dirty_value_error("A dict changed meanwhile");
		return -1;
	}
	return rc;
}

static int
put_value(struct packer *p, PyObject *value, unsigned depth)
{
	if (PyUnicode_Check(value))
		return put_text(p, value);
	if (value == Py_None)
		return put_simple(p, DIRTY_TLV_NONE, 0, 0);
	if (PyBool_Check(value))
		return put_simple(p, DIRTY_TLV_BOOL, value == Py_True, 1);
	if (PyLong_Check(value))
		return put_int(p, value);
	if (PyFloat_Check(value))
		return put_float(p, value);
	if (PyDict_Check(value))
		return put_dict(p, value, depth);
	if (PyList_Check(value) || PyTuple_Check(value))
		return put_list(p, value, depth);
	if (PyBytes_Check(value) || PyByteArray_Check(value) ||
	    PyMemoryView_Check(value))
		return put_bytes(p, value);
	dirty_value_error(
	    "Unsupported type for TLV encoding: %s", Py_TYPE(value)->tp_name);
	return -1;
}

/* The head's length is known now; nobody else has seen its piece yet. */
static void
write_head(struct packer *p, enum dirty_format format, enum dirty_type type,
    uint64_t id)
{
	char *dst = PyBytes_AS_STRING(PyList_GET_ITEM(p->pieces, 0));

	(void)dirty_frame_head(
	    format, type, id, p->total - DIRTY_HEAD_MAX, dst);
}

PyObject *
dirty_value_pack(enum dirty_format format, enum dirty_type type, uint64_t id,
    PyObject *value)
{
	struct packer p = { .pieces = PyList_New(0) };
	int rc = p.pieces == NULL ? -1 : 0;

	if (rc == 0 && take_room(&p, DIRTY_HEAD_MAX) == NULL)
		rc = -1;
	if (rc == 0 && value != NULL)
		rc = put_value(&p, value, 0);
	if (rc == 0)
		rc = end_piece(&p);
	if (rc == 0)
		write_head(&p, format, type, id);
	else
		Py_CLEAR(p.pieces);
	PyMem_Free(p.mem);
	return p.pieces;
}

/* --- unpacking --- */

struct unpacker {
	const char *first;
	struct str rest;
	const struct dirty_hole *holes;
	size_t n_holes;
};

static PyObject *
truncated(void)
{
	dirty_value_error("Truncated TLV data");
	return NULL;
}

static bool
get_number(struct unpacker *u, unsigned n, uint64_t *v)
{
	if (u->rest.len < n)
		return false;
	*v = 0;
	for (unsigned i = 0; i < n; i++)
		*v = *v << 8 | (unsigned char)u->rest.ptr[i];
	u->rest = str_tail(u->rest, n);
	return true;
}

static PyObject *
get_text(struct unpacker *u, uint32_t n)
{
	PyObject *text; /* new */

	if (u->rest.len < n)
		return truncated();
	text = PyUnicode_DecodeUTF8(u->rest.ptr, (Py_ssize_t)n, "strict");
	u->rest = str_tail(u->rest, n);
	if (text == NULL && PyErr_ExceptionMatches(PyExc_UnicodeDecodeError)) {
		PyErr_Clear();
		dirty_value_error("Invalid UTF-8 in TLV data");
	}
	return text;
}

static PyObject *
get_bytes(struct unpacker *u, uint32_t n)
{
	PyObject *bytes; /* new */

	if (u->n_holes > 0 &&
	    u->holes->at == (size_t)(u->rest.ptr - u->first)) {
		bytes = Py_NewRef(u->holes->bytes);
		u->holes++;
		u->n_holes--;
		return bytes;
	}
	if (u->rest.len < n)
		return truncated();
	bytes = PyBytes_FromStringAndSize(u->rest.ptr, (Py_ssize_t)n);
	u->rest = str_tail(u->rest, n);
	return bytes;
}

static PyObject *get_value(struct unpacker *u, unsigned depth);

static PyObject *
get_list(struct unpacker *u, uint32_t n, unsigned depth)
{
	PyObject *list, *item; /* new */

	if (u->rest.len < n)
		return truncated();
	list = PyList_New((Py_ssize_t)n);
	for (uint32_t i = 0; list != NULL && i < n; i++) {
		item = get_value(u, depth);
		if (item == NULL)
			Py_CLEAR(list);
		else
			PyList_SET_ITEM(list, (Py_ssize_t)i, item);
	}
	return list;
}

/* One key and its value into dict. 0 or -1. */
static int
get_member(struct unpacker *u, PyObject *dict, unsigned depth)
{
	PyObject *key, *item = NULL; /* new */
	int rc = -1;

	key = get_value(u, depth);
	if (key != NULL && !PyUnicode_Check(key))
		dirty_value_error("A dict's key is not a string");
	else if (key != NULL)
		item = get_value(u, depth);
	if (item != NULL)
		rc = PyDict_SetItem(dict, key, item);
	Py_XDECREF(item);
	Py_XDECREF(key);
	return rc;
}

static PyObject *
get_dict(struct unpacker *u, uint32_t n, unsigned depth)
{
	PyObject *dict = PyDict_New(); /* new */

	for (uint32_t i = 0; dict != NULL && i < n; i++)
		if (get_member(u, dict, depth) < 0)
			Py_CLEAR(dict);
	return dict;
}

static PyObject *
get_many(struct unpacker *u, enum dirty_tlv type, uint32_t n, unsigned depth)
{
	if (n > ITEMS_MAX || depth >= DIRTY_TLV_DEPTH_MAX) {
		dirty_value_error(
		    "Too many items or levels: %u (max: %u)", n, ITEMS_MAX);
		return NULL;
	}
	return type == DIRTY_TLV_LIST ? get_list(u, n, depth + 1)
				      : get_dict(u, n, depth + 1);
}

static PyObject *
get_scalar(struct unpacker *u, enum dirty_tlv type)
{
	uint64_t v;
	double d;

	if (type == DIRTY_TLV_NONE)
		return Py_NewRef(Py_None);
	if (!get_number(u, type == DIRTY_TLV_BOOL ? 1 : 8, &v))
		return truncated();
	if (type == DIRTY_TLV_BOOL)
		return PyBool_FromLong(v != 0);
	if (type == DIRTY_TLV_INT64)
		return PyLong_FromLongLong((long long)v);
	memcpy(&d, &v, sizeof(d));
	return PyFloat_FromDouble(d);
}

static PyObject *
get_value(struct unpacker *u, unsigned depth)
{
	enum dirty_tlv type;
	uint32_t n;

	if (!dirty_tlv_head(&u->rest, &type, &n))
		return truncated();
	switch (type) {
	case DIRTY_TLV_NONE:
	case DIRTY_TLV_BOOL:
	case DIRTY_TLV_INT64:
	case DIRTY_TLV_FLOAT64:
		return get_scalar(u, type);
	case DIRTY_TLV_STRING:
		return get_text(u, n);
	case DIRTY_TLV_BYTES:
		return get_bytes(u, n);
	case DIRTY_TLV_LIST:
	case DIRTY_TLV_DICT:
		return get_many(u, type, n, depth);
	default:
		dirty_value_error("Unknown TLV type: 0x%02x", (unsigned)type);
		return NULL;
	}
}

PyObject *
dirty_value_unpack(struct str s, const struct dirty_hole *holes, size_t n_holes)
{
	struct unpacker u = {
		.first = s.ptr, .rest = s, .holes = holes, .n_holes = n_holes
	};
	PyObject *value = get_value(&u, 0); /* new */

	if (value != NULL && u.rest.len > 0) {
		dirty_value_error(
		    "Trailing data after TLV: %zu bytes", u.rest.len);
		Py_CLEAR(value);
	}
	return value;
}
