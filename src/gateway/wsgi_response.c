/*
 * wsgi_response: PEP 3333's rules on what an application says. The head is
 * kept until the first byte of body, so that an error may still replace it.
 */
#include "gateway/wsgi_response.h"

#include "base/error.h"
#include "base/num.h"
#include "gateway/wsgi_file.h"
#include "gateway/wsgi_function.h"
#include "gateway/wsgi_headers.h"
#include "http/http_field.h"
#include "http/response.h"
#include "http/seams.h"
#include "python/python_ref.h"

#include "base/banned.h"

#define JOIN_MAX (16 * 1024) /* parts of a list go out as one up to here */
#define STATUSES 16          /* a power of two */

/* A status that came before: as long as it is kept, its address is its own. */
struct kept_status {
	PyObject *status; /* strong, an exact str; NULL: none */
	unsigned code;
	struct str reason; /* in status */
};
static struct kept_status kept_statuses[STATUSES];

static int
parse_status(PyObject *status, unsigned *code, struct str *reason)
{
	struct str s;
	uint64_t number = 0;

	if (wsgi_headers_text(status, "the status", &s) < 0)
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

/* Applications' statuses are mostly constants: looked at once. */
static int
find_status(PyObject *status, unsigned *code, struct str *reason)
{
	struct kept_status *k =
	    &kept_statuses[((uintptr_t)status >> 4) % STATUSES];

	if (k->status != status) {
		if (parse_status(status, code, reason) < 0)
			return -E_PYTHON;
		if (!PyUnicode_CheckExact(status))
			return 0; /* it may change its address's meaning */
		k->code = *code;
		k->reason = *reason;
		Py_XSETREF(k->status, Py_NewRef(status));
	}
	*code = k->code;
	*reason = k->reason;
	return 0;
}

/* Takes over what start_response was given, whole or not at all. */
static int
capture(struct wsgi_call *c, PyObject *status, PyObject *items)
{
	struct wsgi_headers before;
	struct str reason;
	unsigned code;

	if (find_status(status, &code, &reason) < 0 ||
	    wsgi_headers_take(&c->draft, items) < 0)
		return -E_PYTHON;
	before = c->headers;
	c->headers = c->draft;
	c->draft = before;
	c->code = code;
	c->reason = reason;
	Py_XSETREF(c->status, Py_NewRef(status));
	wsgi_headers_drop(&c->draft);
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

/* By what was said before. False: an error is set. */
static bool
may_start(const struct wsgi_call *c, PyObject *exc_info)
{
	if (exc_info != NULL && exc_info != Py_None) {
		if (c->head_sent)
			raise_again(exc_info);
		return !c->head_sent;
	}
	if (c->status != NULL)
		PyErr_SetString(
		    PyExc_AssertionError, "Response headers already set!");
	return c->status == NULL;
}

PyObject *
wsgi_response_start(struct wsgi_function *f, PyObject *const *args,
    Py_ssize_t n, PyObject *names)
{
	static const char *const texts[] = {
		"status",
		"headers",
		"exc_info",
	};
	PyObject *slots[3] = { NULL, NULL, NULL }; /* borrowed */
	struct wsgi_call *c;
	PyObject *items; /* new */
	int rc = -E_PYTHON;

	if (take_arguments(texts, 3, slots, args, n, names) < 0)
		return NULL;
	if (slots[0] == NULL || slots[1] == NULL) {
		PyErr_SetString(PyExc_TypeError,
		    "start_response() takes "
		    "status, headers and, if any, exc_info");
		return NULL;
	}
	/* First: making a list of them may let other threads come here too. */
	items = wsgi_headers_list(slots[1]);
	c = items == NULL ? NULL : wsgi_function_call(f);
	if (c != NULL && !may_start(c, slots[2]))
		c = NULL;
	if (c != NULL)
		rc = capture(c, slots[0], items);
	Py_XDECREF(items);
	return rc < 0 ? NULL : Py_NewRef((PyObject *)c->write);
}

/* Where Content-Length of the whole may be added (RFC 9110, section 8.6). */
static bool
may_say_length(const struct wsgi_call *c)
{
	return !c->headers.has_length && c->code != 204 && c->code != 304 &&
	    !str_eq(c->req->method, STR("HEAD"));
}

/*
 * The number of fields, with Content-Length when it is known (not negative)
 * and to be said; -E_PYTHON with an error set.
 */
static int
complete_fields(struct wsgi_call *c, int64_t length)
{
	unsigned n = c->headers.n;

	if (c->status == NULL) {
		PyErr_SetString(PyExc_AssertionError,
		    "the application did not call start_response");
		return -E_PYTHON;
	}
	if (length >= 0 && may_say_length(c))
		c->headers.fields[n++] = (struct field){
			.id = FIELD_CONTENT_LENGTH,
			.name = STR("Content-Length"),
			.value = { c->digits,
			    num_put_dec(c->digits, (uint64_t)length) },
		};
	return (int)n;
}

/* What response_start or response_whole answered: -E_GONE, -E_PYTHON. */
static int
refused(int rc, const char *bad)
{
	if (rc == -E_BAD_VALUE)
		PyErr_Format(
		    PyExc_ValueError, "this response cannot be sent: %s", bad);
	else if (rc == -E_TOO_LONG)
		PyErr_SetString(PyExc_ValueError,
		    "this response cannot be sent: "
		    "its head is longer than a server may send");
	else if (rc == -E_NOMEM)
		PyErr_NoMemory();
	else
		return -E_GONE;
	return -E_PYTHON;
}

int
wsgi_response_head(struct wsgi_call *c, int64_t length)
{
	int n = complete_fields(c, length), rc;
	const char *bad = NULL;

	if (n < 0)
		return n;
	rc = response_start(
	    c->req, c->code, c->reason, c->headers.fields, (unsigned)n, &bad);
	if (rc < 0)
		return refused(rc, bad);
	c->head_sent = true;
	return 0;
}

/*
 * All of a short answer at once: 0 and its request is over, 1 when only the
 * head is done, or the errors of wsgi_response_head.
 */
static int
send_whole(struct wsgi_call *c, struct str body)
{
	int n = complete_fields(c, (int64_t)body.len), rc;
	const char *bad = NULL;

	if (n < 0)
		return n;
	wsgi_call_returned(c, false);
	rc = response_whole(c->req, c->code, c->reason, c->headers.fields,
	    (unsigned)n, body, &bad);
	if (rc < 0)
		return refused(rc, bad);
	c->head_sent = true;
	if (rc == 0)
		wsgi_call_over(c);
	return rc;
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
wsgi_response_write_function(struct wsgi_function *f, PyObject *const *args,
    Py_ssize_t n, PyObject *names)
{
	int rc;

	if (n != 1 || names != NULL) {
		PyErr_SetString(PyExc_TypeError, "write() takes one argument");
		return NULL;
	}
	rc = wsgi_response_write(f->call, args[0]);
	if (rc >= 0)
		return Py_NewRef(Py_None);
	if (rc != -E_PYTHON)
		PyErr_SetString(PyExc_BrokenPipeError,
		    request_ended(f->call->req) == REQUEST_TAKEN
			? "the application has taken gunicorn.socket"
			: "the client is gone");
	return NULL;
}

PyObject *
wsgi_response_early_hints(struct wsgi_function *f, PyObject *const *args,
    Py_ssize_t n, PyObject *names)
{
	struct wsgi_headers h = { .fields = NULL };
	struct wsgi_call *c = NULL;
	PyObject *items; /* new */
	int rc = 0;

	if (n != 1 || names != NULL) {
		PyErr_SetString(
		    PyExc_TypeError, "early_hints() takes one argument");
		return NULL;
	}
	items = wsgi_headers_list(args[0]);
	if (items != NULL)
		c = wsgi_function_call(f);
	/* Too late it is of no use, and ignored as Gunicorn does. */
	if (c != NULL && wsgi_headers_take(&h, items) == 0 && !c->head_sent)
		rc = response_informational(c->req, 103, h.fields, h.n);
	wsgi_headers_finish(&h);
	Py_XDECREF(items);
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

/* New reference to all of items as one, or NULL with an error set. */
static PyObject *
as_one(PyObject *items, Py_ssize_t total)
{
	if (PySequence_Fast_GET_SIZE(items) == 1)
		return Py_NewRef(PySequence_Fast_GET_ITEM(items, 0));
	return joined(items, total);
}

/* At most JOIN_MAX bytes. */
static int
send_short(struct wsgi_call *c, PyObject *items, Py_ssize_t total)
{
	PyObject *all = as_one(items, total); /* new */
	int rc = 1;

	if (all == NULL)
		return -E_PYTHON;
	if (!c->head_sent)
		rc = send_whole(
		    c, (struct str){ PyBytes_AS_STRING(all), (size_t)total });
	if (rc == 1)
		rc = wsgi_response_write(c, all);
	Py_DECREF(all);
	return rc;
}

/*
 * A list or tuple: all of it is known, so its length is said. The size is
 * looked at each time: a wait gives other threads the chance to change it.
 */
static int
send_items(struct wsgi_call *c, PyObject *items)
{
	Py_ssize_t i, total = total_of(items);
	int rc = 0;

	if (total < 0)
		return -E_PYTHON;
	if (total <= JOIN_MAX)
		return send_short(c, items, total);
	if (!c->head_sent)
		rc = wsgi_response_head(c, total);
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
