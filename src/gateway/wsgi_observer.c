/*
 * wsgi_observer: a request and its answer as the objects of gunicorn.http.
 * They are made for each request, which costs some microseconds: only where
 * somebody looks.
 */
#include "gateway/wsgi_observer.h"

#include "base/log.h"
#include "http/http_status.h"
#include "python/python_error.h"
#include "python/python_hooks.h"
#include "python/python_ref.h"
#include "sys/sys_time.h"

#include "base/banned.h"

bool wsgi_observer_on;

void
wsgi_observer_start(void)
{
	wsgi_observer_on = python_hooks_requests();
}

static PyObject *
upper(struct str name)
{
	PyObject *text = PyUnicode_New((Py_ssize_t)name.len, 127); /* new */
	unsigned char *at;

	if (text == NULL)
		return NULL;
	at = PyUnicode_1BYTE_DATA(text);
	for (size_t i = 0; i < name.len; i++)
		at[i] = (unsigned char)(name.ptr[i] >= 'a' && name.ptr[i] <= 'z'
			? name.ptr[i] - 'a' + 'A'
			: name.ptr[i]);
	return text;
}

/* New: [(NAME, value)], or NULL with an error set. */
static PyObject *
fields_of(const struct request *req)
{
	PyObject *list = PyList_New((Py_ssize_t)req->n_fields); /* new */

	for (unsigned i = 0; list != NULL && i < req->n_fields; i++) {
		PyObject *pair = Py_BuildValue("(NN)", /* new */
		    upper(req->fields[i].name),
		    python_ref_latin1(req->fields[i].value));

		if (pair == NULL)
			Py_CLEAR(list);
		else
			PyList_SET_ITEM(list, (Py_ssize_t)i, pair);
	}
	return list;
}

static PyObject *
endpoint(const struct endpoint *e)
{
	if (e->port == 0)
		return python_ref_latin1(e->host);
	return Py_BuildValue("(Ni)", python_ref_latin1(e->host), (int)e->port);
}

void
wsgi_observer_begin(struct wsgi_seen *seen, const struct wsgi_call *c)
{
	struct request *req = c->req;
	PyObject *args; /* new */

	req->has_own_line = python_hooks_logs_access();
	seen->sent = 0;
	seen->status = 0;
	seen->started_us = req->started_us != 0 ? req->started_us : time_us();
	args = Py_BuildValue("(NNNNN(ii)NN)", python_ref_latin1(req->method),
	    python_ref_latin1(req->target), python_ref_latin1(req->path),
	    python_ref_latin1(req->query), fields_of(req), req->version / 10,
	    req->version % 10, python_ref_latin1(req->scheme),
	    endpoint(&req->peer));
	seen->req = python_hooks_request(args);
	Py_XDECREF(args);
}

/* The bytes of an answer that went out as a whole. */
static uint64_t
total_of(PyObject *result)
{
	uint64_t total = 0;

	for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(result); i++) {
		PyObject *item = PySequence_Fast_GET_ITEM(result, i);

		if (PyBytes_Check(item))
			total += (uint64_t)PyBytes_GET_SIZE(item);
	}
	return total;
}

void
wsgi_observer_note(struct wsgi_seen *seen, const struct wsgi_call *c,
    PyObject *result, unsigned status)
{
	seen->status = status;
	if (c->req != NULL)
		seen->sent = c->req->response.body_sent;
	else if (result != NULL &&
	    (PyList_CheckExact(result) || PyTuple_CheckExact(result)))
		seen->sent = total_of(result);
}

/* New: [(name, value)] as the application gave them. */
static PyObject *
answer_fields(const struct wsgi_call *c)
{
	PyObject *list = PyList_New(0); /* new */

	for (unsigned i = 0; list != NULL && i < c->headers.n; i++)
		if (PyList_Append(list, c->headers.pairs[i]) < 0)
			Py_CLEAR(list);
	return list;
}

/* New: "200 OK", as the application said it where it did. */
static PyObject *
status_line(const struct wsgi_seen *seen, const struct wsgi_call *c)
{
	if (c->head_sent)
		return Py_NewRef(c->status);
	return PyUnicode_FromFormat(
	    "%u %s", seen->status, http_status_reason(seen->status).ptr);
}

void
wsgi_observer_end(
    struct wsgi_seen *seen, const struct wsgi_call *c, PyObject *env)
{
	uint64_t now = time_us();
	uint64_t spent = now > seen->started_us ? now - seen->started_us : 0;
	PyObject *args; /* new */

	if (seen->req == NULL)
		return;
	args = Py_BuildValue("(NONNKK)", seen->req, env == NULL ? Py_None : env,
	    status_line(seen, c), answer_fields(c),
	    (unsigned long long)seen->sent, (unsigned long long)spent);
	seen->req = NULL;
	python_hooks_answered(args);
	Py_XDECREF(args);
}
