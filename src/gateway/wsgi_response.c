/*
 * wsgi_response: PEP 3333's rules on what an application says. The head is
 * kept until the first byte of body, so that an error may still replace it.
 */
#include "gateway/wsgi_response.h"

#include "base/error.h"
#include "base/num.h"
#include "gateway/wsgi_file.h"
#include "gateway/wsgi_function.h"
#include "http/http_field.h"
#include "http/response.h"
#include "http/seams.h"
#include "python/python_ref.h"

#include "base/banned.h"

#define HEADERS_MAX 1000
#define JOIN_MAX (16 * 1024) /* parts of a list go out as one up to here */

/* A str's bytes; -E_PYTHON with the error that says what it is instead. */
static int
text_of(PyObject *object, const char *what, struct str *out)
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
parse_status(PyObject *status, unsigned *code, struct str *reason)
{
	struct str s;
	uint64_t number = 0;

	if (text_of(status, "the status", &s) < 0)
		return -E_PYTHON;
	if (s.len < 3 || num_dec(str_head(s, 3), 599, &number) < 0 ||
	    number < 200 || (s.len > 3 && s.ptr[3] != ' ') ||
	    !http_field_is_value(s)) {
		PyErr_Format(PyExc_ValueError,
		    "the status %R is not three "
		    "digits (200 to 599), a space and a reason",
		    status);
		return -E_PYTHON;
	}
	*code = (unsigned)number;
	*reason = str_trim(str_tail(s, 4));
	return 0;
}

static int
parse_header(PyObject *pair, struct field *f)
{
	PyObject *name, *value; /* borrowed */

	name = PyTuple_GET_ITEM(pair, 0);
	value = PyTuple_GET_ITEM(pair, 1);
	*f = (struct field){ .id = FIELD_OTHER };
	if (text_of(name, "a header's name", &f->name) < 0 ||
	    text_of(value, "a header's value", &f->value) < 0)
		return -E_PYTHON;
	if (!http_field_is_token(f->name))
		PyErr_Format(
		    PyExc_ValueError, "invalid HTTP header name: %R", name);
	else if (!http_field_is_value(f->value))
		PyErr_Format(PyExc_ValueError,
		    "invalid HTTP header: a control character in the value "
		    "of %R",
		    name);
	else
		return 0;
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
		    "a header is a tuple "
		    "(name, value), not %R",
		    item);
	return NULL;
}

/*
 * New reference to a tuple of our own with the pairs, which keeps the strings
 * alive whatever becomes of the application's list; NULL with an error set.
 */
static PyObject *
pairs_of(PyObject *headers)
{
	PyObject *list = PySequence_Fast(
	    headers, "the response headers are not a list"); /* new */
	PyObject *pairs = NULL, *pair;                       /* new */
	Py_ssize_t i, n = list == NULL ? 0 : PySequence_Fast_GET_SIZE(list);

	if (list != NULL && n > HEADERS_MAX)
		PyErr_SetString(
		    PyExc_ValueError, "more than 1000 response headers");
	else if (list != NULL)
		pairs = PyTuple_New(n);
	for (i = 0; pairs != NULL && i < n; i++) {
		pair = pair_of(PySequence_Fast_GET_ITEM(list, i));
		if (pair == NULL)
			Py_CLEAR(pairs);
		else
			PyTuple_SET_ITEM(pairs, i, pair); /* stolen */
	}
	Py_XDECREF(list);
	return pairs;
}

/* Fields in the request's arena, with room for one more; NULL: error set. */
static struct field *
fields_of(struct request *req, PyObject *pairs)
{
	Py_ssize_t i, n = PyTuple_GET_SIZE(pairs);
	struct field *fields =
	    arena_alloc(&req->arena, ((size_t)n + 1) * sizeof *fields);

	if (fields == NULL) {
		PyErr_NoMemory();
		return NULL;
	}
	for (i = 0; i < n; i++)
		if (parse_header(PyTuple_GET_ITEM(pairs, i), &fields[i]) < 0)
			return NULL;
	return fields;
}

static bool
has_length(const struct field *fields, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (http_field_of(fields[i].name) == FIELD_CONTENT_LENGTH)
			return true;
	return false;
}

/* Takes over what start_response was given, whole or not at all. */
static int
capture(struct wsgi_call *c, PyObject *status, PyObject *headers)
{
	PyObject *pairs; /* new */
	struct field *fields;
	struct str reason;
	unsigned code;

	if (parse_status(status, &code, &reason) < 0)
		return -E_PYTHON;
	pairs = pairs_of(headers);
	if (pairs == NULL)
		return -E_PYTHON;
	fields = fields_of(c->req, pairs);
	if (fields == NULL) {
		Py_DECREF(pairs);
		return -E_PYTHON;
	}
	c->fields = fields;
	c->n_fields = (unsigned)PyTuple_GET_SIZE(pairs);
	c->has_length = has_length(fields, c->n_fields);
	c->code = code;
	c->reason = reason;
	Py_XSETREF(c->status, Py_NewRef(status));
	Py_XSETREF(c->headers, pairs);
	return 0;
}

/* Raises what exc_info holds, again. */
static void
raise_again(PyObject *exc_info)
{
	PyObject *exc, *traceback; /* borrowed */

	if (!PyTuple_Check(exc_info) || PyTuple_GET_SIZE(exc_info) != 3 ||
	    !PyExceptionInstance_Check(PyTuple_GET_ITEM(exc_info, 1))) {
		PyErr_SetString(PyExc_TypeError,
		    "exc_info is not a tuple from sys.exc_info()");
		return;
	}
	exc = PyTuple_GET_ITEM(exc_info, 1);
	traceback = PyTuple_GET_ITEM(exc_info, 2);
	if (PyTraceBack_Check(traceback))
		PyException_SetTraceback(exc, traceback);
	PyErr_SetRaisedException(Py_NewRef(exc));
}

/*
 * The arguments by position or name, into slots in the order of texts; those
 * not given stay NULL. 0 or -1 with an error set.
 */
static int
take_arguments(const char *const *texts, Py_ssize_t n_slots, PyObject **slots,
    PyObject *const *args, Py_ssize_t n, PyObject *names)
{
	Py_ssize_t i, at, n_names = names == NULL ? 0 : PyTuple_GET_SIZE(names);

	if (n > n_slots)
		goto refuse;
	for (i = 0; i < n; i++)
		slots[i] = args[i];
	for (i = 0; i < n_names; i++) {
		for (at = 0; at < n_slots; at++)
			if (PyUnicode_EqualToUTF8(
				PyTuple_GET_ITEM(names, i), texts[at]))
				break;
		if (at == n_slots || slots[at] != NULL)
			goto refuse;
		slots[at] = args[n + i];
	}
	return 0;

refuse:
	PyErr_SetString(PyExc_TypeError, "unexpected arguments");
	return -1;
}

PyObject *
wsgi_response_start(
    struct wsgi_call *c, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
	static const char *const texts[] = {
		"status",
		"headers",
		"exc_info",
	};
	PyObject *slots[3] = { NULL, NULL, NULL }; /* borrowed */

	if (take_arguments(texts, 3, slots, args, n, names) < 0)
		return NULL;
	if (slots[0] == NULL || slots[1] == NULL) {
		PyErr_SetString(PyExc_TypeError,
		    "start_response() takes "
		    "status, headers and, if any, exc_info");
		return NULL;
	}
	if (slots[2] != NULL && slots[2] != Py_None) {
		if (c->head_sent) {
			raise_again(slots[2]);
			return NULL;
		}
	} else if (c->status != NULL) {
		PyErr_SetString(
		    PyExc_AssertionError, "Response headers already set!");
		return NULL;
	}
	if (capture(c, slots[0], slots[1]) < 0)
		return NULL;
	return Py_NewRef((PyObject *)c->write);
}

/* Where Content-Length of the whole may be added (RFC 9110, section 8.6). */
static bool
may_say_length(const struct wsgi_call *c)
{
	return !c->has_length && c->code != 204 && c->code != 304 &&
	    !str_eq(c->req->method, STR("HEAD"));
}

static int
add_length(struct wsgi_call *c, int64_t length)
{
	char digits[20];
	struct str text = { digits, num_put_dec(digits, (uint64_t)length) };

	text = arena_str(&c->req->arena, text);
	if (text.ptr == NULL) {
		PyErr_NoMemory();
		return -E_PYTHON;
	}
	c->fields[c->n_fields++] = (struct field){
		.name = STR("Content-Length"),
		.value = text,
	};
	return 0;
}

int
wsgi_response_head(struct wsgi_call *c, int64_t length)
{
	const char *bad = NULL;
	int rc;

	if (c->status == NULL) {
		PyErr_SetString(PyExc_AssertionError,
		    "the application did not call start_response");
		return -E_PYTHON;
	}
	if (length >= 0 && may_say_length(c) && add_length(c, length) < 0)
		return -E_PYTHON;
	rc = response_start(
	    c->req, c->code, c->reason, c->fields, c->n_fields, &bad);
	if (rc == -E_BAD_VALUE)
		PyErr_Format(
		    PyExc_ValueError, "this response cannot be sent: %s", bad);
	else if (rc == -E_NOMEM)
		PyErr_NoMemory();
	else
		c->head_sent = rc == 0;
	return rc == 0 || rc == -E_GONE ? rc
	    : PyErr_Occurred() != NULL  ? -E_PYTHON
					: -E_GONE;
}

static int
write_slice(struct wsgi_call *c, struct str s)
{
	ssize_t n;

	while (s.len > 0) {
		n = response_write(c->req, s);
		if (n == -E_TOO_LONG)
			return 1;
		if (n < 0)
			return -E_GONE;
		s = str_tail(s, (size_t)n);
		if (s.len == 0)
			return 0;
		if (request_ended(c->req) != REQUEST_GOES_ON)
			return -E_GONE;
		if (wsgi_call_wait(c, EXECUTOR_ROOM) < 0)
			return -E_PYTHON;
	}
	return 0;
}

int
wsgi_response_write(struct wsgi_call *c, PyObject *data)
{
	int rc = 0;

	if (!PyBytes_Check(data)) {
		PyErr_Format(PyExc_TypeError,
		    "a part of the response is not "
		    "bytes but %.200s",
		    Py_TYPE(data)->tp_name);
		return -E_PYTHON;
	}
	if (PyBytes_GET_SIZE(data) == 0)
		return 0;
	Py_INCREF(data);
	if (!c->head_sent)
		rc = wsgi_response_head(c, -1);
	if (rc == 0)
		rc = write_slice(c,
		    (struct str){ PyBytes_AS_STRING(data),
			(size_t)PyBytes_GET_SIZE(data) });
	Py_DECREF(data);
	return rc == 0 && c->req->response.no_body ? 1 : rc;
}

PyObject *
wsgi_response_write_function(
    struct wsgi_call *c, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
	int rc;

	if (n != 1 || names != NULL) {
		PyErr_SetString(PyExc_TypeError, "write() takes one argument");
		return NULL;
	}
	rc = wsgi_response_write(c, args[0]);
	if (rc >= 0)
		return Py_NewRef(Py_None);
	if (rc != -E_PYTHON)
		PyErr_SetString(PyExc_BrokenPipeError, "the client is gone");
	return NULL;
}

PyObject *
wsgi_response_early_hints(
    struct wsgi_call *c, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
	PyObject *pairs; /* new */
	struct field *fields;
	int rc = -E_PYTHON;

	if (n != 1 || names != NULL) {
		PyErr_SetString(
		    PyExc_TypeError, "early_hints() takes one argument");
		return NULL;
	}
	pairs = pairs_of(args[0]);
	if (pairs == NULL)
		return NULL;
	fields = fields_of(c->req, pairs);
	if (fields != NULL && c->head_sent)
		rc = 0; /* too late to be of use; Gunicorn ignores it too */
	else if (fields != NULL)
		rc = response_informational(
		    c->req, 103, fields, (unsigned)PyTuple_GET_SIZE(pairs));
	Py_DECREF(pairs);
	if (rc == -E_BAD_VALUE)
		PyErr_SetString(
		    PyExc_ValueError, "such a header cannot be an early hint");
	if (PyErr_Occurred() != NULL)
		return NULL;
	return Py_NewRef(
	    Py_None); /* a client that is gone is found out later */
}

/* The items' total length; -1 with an error set when one is not bytes. */
static Py_ssize_t
total_of(PyObject *items)
{
	Py_ssize_t i, total = 0;
	PyObject *item; /* borrowed */

	for (i = 0; i < PySequence_Fast_GET_SIZE(items); i++) {
		item = PySequence_Fast_GET_ITEM(items, i);
		if (!PyBytes_Check(item)) {
			PyErr_Format(PyExc_TypeError,
			    "a part of the response "
			    "is not bytes but %.200s",
			    Py_TYPE(item)->tp_name);
			return -1;
		}
		total += PyBytes_GET_SIZE(item);
	}
	return total;
}

/* New reference to all items as one bytes object, or NULL: error set. */
static PyObject *
joined(PyObject *items, Py_ssize_t total)
{
	PyObject *all = PyBytes_FromStringAndSize(NULL, total); /* new */
	PyObject *item;                                         /* borrowed */
	Py_ssize_t i, at = 0;

	for (i = 0; all != NULL && i < PySequence_Fast_GET_SIZE(items); i++) {
		item = PySequence_Fast_GET_ITEM(items, i);
		memcpy(PyBytes_AS_STRING(all) + at, PyBytes_AS_STRING(item),
		    (size_t)PyBytes_GET_SIZE(item));
		at += PyBytes_GET_SIZE(item);
	}
	return all;
}

/*
 * A list or tuple: all of it is known, so its length is said. The size is
 * looked at each time: a wait gives other threads the chance to change it.
 */
static int
send_items(struct wsgi_call *c, PyObject *items)
{
	Py_ssize_t i, total = total_of(items);
	PyObject *all; /* new */
	int rc = 0;

	if (total < 0)
		return -E_PYTHON;
	if (!c->head_sent)
		rc = wsgi_response_head(c, total);
	if (rc == 0 && total <= JOIN_MAX &&
	    PySequence_Fast_GET_SIZE(items) > 1) {
		all = joined(items, total);
		rc = all == NULL ? -E_PYTHON : wsgi_response_write(c, all);
		Py_XDECREF(all);
		return rc;
	}
	for (i = 0; rc == 0 && i < PySequence_Fast_GET_SIZE(items); i++)
		rc = wsgi_response_write(c, PySequence_Fast_GET_ITEM(items, i));
	return rc;
}

static int
send_iterable(struct wsgi_call *c, PyObject *result)
{
	PyObject *iterator = PyObject_GetIter(result); /* new */
	PyObject *item;                                /* new */
	int rc = 0;

	if (iterator == NULL)
		return -E_PYTHON;
	while (rc == 0 && (item = PyIter_Next(iterator)) != NULL) {
		rc = wsgi_response_write(c, item);
		Py_DECREF(item);
		if (rc == 0 && request_ended(c->req) == REQUEST_GONE)
			rc = -E_GONE; /* no use in making more */
	}
	Py_DECREF(iterator);
	return PyErr_Occurred() != NULL ? -E_PYTHON : rc;
}

int
wsgi_response_send(struct wsgi_call *c, PyObject *result)
{
	int rc;

	if (PyList_CheckExact(result) || PyTuple_CheckExact(result))
		rc = send_items(c, result);
	else if (wsgi_file_is(result))
		rc = wsgi_file_send(c, result);
	else
		rc = send_iterable(c, result);
	return rc > 0 ? 0 : rc;
}
