/*
 * wsgi: one request from the application's call to its result's close(). Run
 * by an application's slot with the GIL; whatever happens, the request is
 * answered or cut when this returns.
 */
#include <Python.h>

#include "gateway/wsgi.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/log.h"
#include "config/config.h"
#include "gateway/wsgi_call.h"
#include "gateway/wsgi_environ.h"
#include "gateway/wsgi_function.h"
#include "gateway/wsgi_observer.h"
#include "gateway/wsgi_keep.h"
#include "gateway/wsgi_lend.h"
#include "gateway/wsgi_response.h"
#include "gateway/wsgi_socket.h"
#include "http/response.h"
#include "python/python_error.h"
#include "python/python_ref.h"

#include "base/banned.h"

static PyObject *close_name; /* strong, interned */

int
wsgi_start(const struct config *cfg)
{
	if (close_name == NULL)
		close_name = python_ref_interned("close");
	if (close_name != NULL &&
	    wsgi_call_start(cfg->threads > 1, cfg->workers > 1) == 0 &&
	    wsgi_environ_start() == 0)
		return 0;
	log_event(EV_PYTHON_BOOT);
	python_error_log(LOG_ERROR);
	return -E_PYTHON;
}

/* The target of the call's request, which may be over, for the log. */
static struct str
uri_of(const struct wsgi_call *c)
{
	if (c->req != NULL)
		return c->req->target;
	if (c->template != NULL && c->template->texts[WSGI_KEY_RAW_URI].len > 0)
		return c->template->texts[WSGI_KEY_RAW_URI];
	return STR("");
}

/* Takes the exception away. -E_EXIT when it means the whole process. */
static int
report(const struct wsgi_call *c)
{
	enum python_error_kind kind = python_error_kind();

	if (kind == PYTHON_ERROR_EXIT || kind == PYTHON_ERROR_INTERRUPT) {
		PyErr_Clear();
		return -E_EXIT;
	}
	if (c->req != NULL && request_ended(c->req) == REQUEST_GONE &&
	    PyErr_ExceptionMatches(PyExc_OSError)) {
		/* The application was told, and did not mind. */
		log_event(EV_GATEWAY_GONE, STR_ARG(uri_of(c)));
		PyErr_Clear();
		return -E_GONE;
	}
	log_event(EV_GATEWAY_ERROR, STR_ARG(uri_of(c)));
	python_error_log(LOG_ERROR);
	return -E_PYTHON;
}

/* What the client is told instead of what the application says. */
static unsigned
status_for(const struct request *req)
{
	switch (request_ended(req)) {
	case REQUEST_BODY_TIMEOUT:
		return 408;
	case REQUEST_BAD_BODY:
		return 400;
	case REQUEST_TOO_LARGE:
		return 413;
	case REQUEST_OVERDUE:
		return 504; /* it was told already */
	case REQUEST_DRAIN:
		return 503;
	default:
		return 500;
	}
}

/* Answers with an error, or cuts what has begun. */
static int
fail(struct wsgi_call *c, int rc)
{
	if (rc == -E_PYTHON)
		rc = report(c);
	wsgi_call_returned(c, true);
	response_error(c->req, status_for(c->req), NULL);
	wsgi_call_over(c);
	return rc;
}

/* What it raises says that the other end of what it took is gone. */
static bool
is_hung_up(const struct wsgi_call *c)
{
	return PyErr_ExceptionMatches(PyExc_ConnectionError) &&
	    wsgi_socket_is_gone(c->socket);
}

/* It has taken the connection, and leaves it now. */
static int
leave(struct wsgi_call *c, int rc)
{
	if (rc == -E_PYTHON && PyErr_ExceptionMatches(PyExc_StopIteration)) {
		PyErr_Clear(); /* what Gunicorn's users raise to say so */
	} else if (rc == -E_PYTHON && is_hung_up(c)) {
		log_event(EV_GATEWAY_GONE, STR_ARG(uri_of(c)));
		PyErr_Clear();
	} else if (rc == -E_PYTHON && report(c) == -E_EXIT) {
		rc = -E_EXIT;
	}
	wsgi_call_returned(c, true);
	wsgi_socket_close(c->socket);
	response_left(c->req);
	wsgi_call_over(c);
	return rc == -E_EXIT ? rc : 0;
}

static bool
is_taken(const struct wsgi_call *c)
{
	return c->req != NULL && request_ended(c->req) == REQUEST_TAKEN;
}

/* What its answer will have been, unless the application's begins. */
static unsigned
status_now(const struct wsgi_call *c)
{
	if (c->req == NULL)
		return 0;
	return is_taken(c) ? c->req->response.status : status_for(c->req);
}

/* All items are sent: the answer ends. */
static int
finish(struct wsgi_call *c)
{
	struct request *req = c->req;
	int rc = 0;

	if (req == NULL)
		return 0; /* it went out as a whole */
	wsgi_call_returned(c, false);
	if (!c->head_sent)
		rc = wsgi_response_head(c, 0);
	if (rc < 0)
		return fail(c, rc);
	wsgi_call_over(c);
	rc = response_end(req);
	if (rc == -E_PROTOCOL)
		log_event(EV_GATEWAY_SHORT, STR_ARG(uri_of(c)));
	return rc;
}

/* PEP 3333: always, whatever went wrong before. */
static int
close_result(struct wsgi_call *c, PyObject *result, int rc)
{
	PyObject *close, *closed; /* new */
	int failed;

	if (PyList_CheckExact(result) || PyTuple_CheckExact(result))
		return rc;
	failed = PyObject_GetOptionalAttr(result, close_name, &close) < 0;
	if (close != NULL) {
		closed = PyObject_CallNoArgs(close);
		failed = closed == NULL;
		Py_XDECREF(closed);
		Py_DECREF(close);
	}
	if (!failed)
		return rc;
	failed = report(c);
	return rc == 0 || failed == -E_EXIT ? failed : rc;
}

static int
run(struct wsgi_call *c, PyObject *app)
{
	PyObject *env, *result = NULL; /* new */
	PyObject *args[3] = { NULL };  /* borrowed; the first is vectorcall's */
	struct wsgi_seen seen;
	bool observed = wsgi_observer_on;
	int rc;

	if (observed)
		wsgi_observer_begin(&seen, c);
	env = wsgi_environ_create(c);
	args[1] = env;
	args[2] = (PyObject *)c->start_response;
	if (env != NULL)
		result = PyObject_Vectorcall(
		    app, args + 1, 2 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
	if (env != NULL && c->req != NULL && c->req->keep_environ != NULL)
		wsgi_keep_environ(c->req, env);
	rc = result == NULL ? -E_PYTHON : wsgi_response_send(c, result);
	if (observed)
		wsgi_observer_note(&seen, c, result, status_now(c));
	if (is_taken(c))
		rc = leave(c, rc);
	else
		rc = rc < 0 ? fail(c, rc) : finish(c);
	if (result != NULL)
		rc = close_result(c, result, rc);
	if (observed)
		wsgi_observer_end(&seen, c, env);
	Py_XDECREF(result);
	if (env != NULL)
		wsgi_lend_back(&c->templates, env);
	return rc;
}

static int
start(void *app, struct request *req)
{
	struct wsgi_call *c = wsgi_call_begin(req);
	int rc;

	if (c == NULL) {
		log_event(EV_GATEWAY_ERROR, STR_ARG(req->target));
		python_error_log(LOG_ERROR);
		response_error(req, 500, NULL);
		return -E_PYTHON;
	}
	rc = run(c, app);
	wsgi_call_end(c);
	return rc;
}

static void
destroy(struct request *req)
{
	(void)req; /* start has ended its call */
}

const struct gateway_ops wsgi_ops = {
	.name = "wsgi",
	.start = start,
	.destroy = destroy,
};
