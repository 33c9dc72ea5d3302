/*
 * wsgi_headers: most headers are constants of the application: the same tuple
 * each time. What was found out about a tuple is kept by its identity, as long
 * as neither it nor what is in it can change. Run by workers.
 */
#include "gateway/wsgi_headers.h"

#include "base/error.h"
#include "http/http_field.h"
#include "http/response.h"
#include "python/python_ref.h"

#include "base/banned.h"

#define HEADERS_MAX 1000
#define FIRST_MAX 16
#define KEPT_MAX 256       /* a power of two */
#define KEPT_VALUE_MAX 256 /* bytes */

/* A tuple that may come again. Once kept, its address is no other's. */
static struct kept {
	PyObject *pair;       /* strong; NULL: none */
	const void *seen;     /* an address, no reference: was here last */
	struct field checked; /* points into pair */
} kept[KEPT_MAX];

static struct kept *
place_of(const PyObject *pair)
{
	uintptr_t at = (uintptr_t)pair;

	return &kept[(at >> 4 ^ at >> 12) % KEPT_MAX];
}

/* Exact types only: nothing else is sure never to change. */
static bool
may_be_kept(PyObject *pair, const struct field *f)
{
	return PyTuple_CheckExact(pair) &&
	    PyUnicode_CheckExact(PyTuple_GET_ITEM(pair, 0)) &&
	    PyUnicode_CheckExact(PyTuple_GET_ITEM(pair, 1)) &&
	    f->value.len <= KEPT_VALUE_MAX &&
	    !str_eq_nocase(f->name, STR("set-cookie"));
}

/*
 * Keeps a tuple that somebody else holds too, or that was here before: one
 * that is made for each answer is neither.
 */
static void
keep(struct kept *k, PyObject *pair, const struct field *f)
{
	bool again = Py_REFCNT(pair) > 2 || k->seen == pair;

	k->seen = pair;
	if (!again || !may_be_kept(pair, f))
		return;
	k->checked = *f;
	Py_XSETREF(k->pair, Py_NewRef(pair));
}

int
wsgi_headers_text(PyObject *object, const char *what, struct str *out)
{
	if (python_ref_bytes_of(object, out))
		return 0;
	if (!PyUnicode_Check(object))
		PyErr_Format(PyExc_TypeError, "%s %R is not a string (str)",
		    what, object);
	else
		PyErr_Format(PyExc_ValueError,
		    "%s %R has characters beyond latin-1", what, object);
	return -E_PYTHON;
}

static int
check(PyObject *pair, struct field *f)
{
	PyObject *name = PyTuple_GET_ITEM(pair, 0);  /* borrowed */
	PyObject *value = PyTuple_GET_ITEM(pair, 1); /* borrowed */
	const char *why;

	if (wsgi_headers_text(name, "a header's name", &f->name) < 0 ||
	    wsgi_headers_text(value, "a header's value", &f->value) < 0)
		return -E_PYTHON;
	if (response_check(f, &why) == 0)
		return 0;
	if (!http_field_is_token(f->name))
		PyErr_Format(
		    PyExc_ValueError, "invalid HTTP header name: %R", name);
	else
		PyErr_Format(PyExc_ValueError,
		    "invalid HTTP header: a control character in the value "
		    "of %R",
		    name);
	return -E_PYTHON;
}

/* New reference to item as a tuple of two, or NULL with an error set. */
static PyObject *
pair_of(PyObject *item)
{
	PyObject *pair = NULL; /* new */

	if (PyTuple_Check(item))
		pair = Py_NewRef(item);
	else if (PyList_Check(item))
		pair = PyList_AsTuple(item);
	if (pair != NULL && PyTuple_GET_SIZE(pair) == 2)
		return pair;
	Py_XDECREF(pair);
	if (PyErr_Occurred() == NULL)
		PyErr_Format(PyExc_TypeError,
		    "a header is a tuple (name, value), not %R", item);
	return NULL;
}

static int
take_one(struct wsgi_headers *h, PyObject *item)
{
	struct field *f = &h->fields[h->n];
	PyObject *pair = pair_of(item); /* new */
	struct kept *k;

	if (pair == NULL)
		return -E_PYTHON;
	h->pairs[h->n] = pair; /* stolen */
	k = place_of(pair);
	if (k->pair == pair) {
		*f = k->checked;
	} else {
		if (check(pair, f) < 0) {
			Py_DECREF(pair);
			return -E_PYTHON;
		}
		keep(k, pair, f);
	}
	h->n++;
	h->has_length |= f->id == FIELD_CONTENT_LENGTH;
	return 0;
}

/* Room for n fields, and one of ours. */
static int
reserve(struct wsgi_headers *h, Py_ssize_t n)
{
	size_t max = n < FIRST_MAX ? FIRST_MAX : (size_t)n;
	struct field *fields;
	PyObject **pairs;

	if (h->fields != NULL && (size_t)n <= h->max)
		return 0;
	if (n > HEADERS_MAX) {
		PyErr_SetString(
		    PyExc_ValueError, "more than 1000 response headers");
		return -E_PYTHON;
	}
	fields = PyMem_Realloc(h->fields, (max + 1) * sizeof *fields);
	if (fields != NULL)
		h->fields = fields;
	pairs = PyMem_Realloc(h->pairs, max * sizeof(PyObject *));
	if (pairs != NULL)
		h->pairs = pairs;
	if (fields == NULL || pairs == NULL) {
		PyErr_NoMemory();
		return -E_PYTHON;
	}
	h->max = (unsigned)max;
	return 0;
}

PyObject *
wsgi_headers_list(PyObject *headers)
{
	return PySequence_Fast(headers, "the response headers are not a list");
}

int
wsgi_headers_take(struct wsgi_headers *h, PyObject *items)
{
	int rc;

	wsgi_headers_drop(h);
	rc = reserve(h, PySequence_Fast_GET_SIZE(items));
	for (Py_ssize_t i = 0;
	     rc == 0 && i < PySequence_Fast_GET_SIZE(items) && h->n < h->max;
	     i++)
		rc = take_one(h, PySequence_Fast_GET_ITEM(items, i));
	if (rc < 0)
		wsgi_headers_drop(h);
	return rc;
}

void
wsgi_headers_drop(struct wsgi_headers *h)
{
	while (h->n > 0) {
		h->n--;
		Py_DECREF(h->pairs[h->n]);
	}
	h->has_length = false;
}

void
wsgi_headers_finish(struct wsgi_headers *h)
{
	wsgi_headers_drop(h);
	PyMem_Free(h->fields);
	PyMem_Free(h->pairs);
	*h = (struct wsgi_headers){ .fields = NULL };
}
