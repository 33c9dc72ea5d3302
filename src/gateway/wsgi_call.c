/*
 * wsgi_call: calls come from a list of free ones, with all their objects
 * made, so that a request makes none but its environ. Run by workers.
 */
#include "gateway/wsgi_call.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "base/error.h"
#include "base/version.h"
#include "gateway/wsgi_file.h"
#include "gateway/wsgi_function.h"
#include "gateway/wsgi_input.h"
#include "gateway/wsgi_response.h"
#include "gateway/wsgi_socket.h"
#include "http/seams.h"
#include "python/python_gil.h"
#include "python/python_ref.h"
#include "sys/log_out.h"

#include "base/banned.h"

static PyObject *constants; /* strong: what every environ has */
static struct wsgi_call *free_calls;

static int
make_keys(void)
{
	static const char *const texts[] = {
#define KEY(id, text) [WSGI_KEY_##id] = text,
#include "gateway/wsgi_keys.def"
#undef KEY
	};

	for (size_t i = 0; i < WSGI_KEY_MAX; i++) {
		wsgi_keys[i] = python_ref_interned(texts[i]);
		if (wsgi_keys[i] == NULL)
			return -1;
	}
	return 0;
}

/* Into the constants; value is stolen, and NULL when making it failed. */
static int
put(enum wsgi_key key, PyObject *value)
{
	int rc = -1;

	if (value != NULL)
		rc = PyDict_SetItem(constants, wsgi_keys[key], value);
	Py_XDECREF(value);
	return rc;
}

/* New reference: where applications write what went wrong. */
static PyObject *
errors_stream(void)
{
	PyObject *stream = PySys_GetObject("stderr"); /* borrowed */
	PyObject *module;                             /* new */
	int fd = log_out_fd();

	if (fd == STDERR_FILENO && (stream == NULL || stream == Py_None))
		fd = -1; /* standard error is closed */
	module = PyImport_ImportModule("greencorn._logging");
	if (module == NULL)
		return NULL;
	stream = PyObject_CallMethod(module, "stream", "i", fd);
	Py_DECREF(module);
	return stream;
}

int
wsgi_call_start(bool multithread, bool multiprocess)
{
	if (constants != NULL)
		return 0;
	if (wsgi_function_start() < 0 || wsgi_input_start() < 0 ||
	    wsgi_socket_start() < 0 || wsgi_file_start() < 0 || make_keys() < 0)
		return -E_PYTHON;
	constants = PyDict_New();
	if (constants == NULL ||
	    put(WSGI_KEY_VERSION, Py_BuildValue("(ii)", 1, 0)) < 0 ||
	    put(WSGI_KEY_ERRORS, errors_stream()) < 0 ||
	    put(WSGI_KEY_MULTITHREAD, PyBool_FromLong(multithread)) < 0 ||
	    put(WSGI_KEY_MULTIPROCESS, PyBool_FromLong(multiprocess)) < 0 ||
	    put(WSGI_KEY_RUN_ONCE, Py_NewRef(Py_False)) < 0 ||
	    put(WSGI_KEY_INPUT_TERMINATED, Py_NewRef(Py_True)) < 0 ||
	    put(WSGI_KEY_FILE_WRAPPER, wsgi_file_type()) < 0 ||
	    put(WSGI_KEY_SERVER_SOFTWARE,
		PyUnicode_FromString("greencorn/" GREENCORN_VERSION)) < 0) {
		Py_CLEAR(constants);
		return -E_PYTHON;
	}
	return 0;
}

static void
destroy(struct wsgi_call *c)
{
	wsgi_template_finish(&c->templates);
	Py_XDECREF((PyObject *)c->start_response);
	Py_XDECREF((PyObject *)c->write);
	Py_XDECREF((PyObject *)c->early_hints);
	Py_XDECREF((PyObject *)c->input);
	Py_XDECREF((PyObject *)c->socket);
	wsgi_headers_finish(&c->headers);
	wsgi_headers_finish(&c->draft);
	PyMem_Free(c);
}

static int
make_early_hints(struct wsgi_call *c)
{
	c->early_hints =
	    wsgi_function_create(c, "early_hints", wsgi_response_early_hints);
	return c->early_hints == NULL
	    ? -1
	    : wsgi_template_set(&c->templates, WSGI_KEY_EARLY_HINTS,
		  (PyObject *)c->early_hints);
}

static int
make_input(struct wsgi_call *c)
{
	c->input = wsgi_input_create(c);
	return c->input == NULL ? -1
				: wsgi_template_set(&c->templates,
				      WSGI_KEY_INPUT, (PyObject *)c->input);
}

static int
make_socket(struct wsgi_call *c)
{
	c->socket = wsgi_socket_create(c);
	return c->socket == NULL ? -1
				 : wsgi_template_set(&c->templates,
				       WSGI_KEY_SOCKET, (PyObject *)c->socket);
}

/* What is missing is made. 0 or -1 with an error set. */
static int
complete(struct wsgi_call *c)
{
	if (c->start_response == NULL)
		c->start_response = wsgi_function_create(
		    c, "start_response", wsgi_response_start);
	if (c->write == NULL)
		c->write = wsgi_function_create(
		    c, "write", wsgi_response_write_function);
	if (c->start_response == NULL || c->write == NULL)
		return -1;
	if (c->early_hints == NULL && make_early_hints(c) < 0)
		return -1;
	if (c->input == NULL && make_input(c) < 0)
		return -1;
	return c->socket == NULL ? make_socket(c) : 0;
}

static struct wsgi_call *
create(void)
{
	struct wsgi_call *c = PyMem_Calloc(1, sizeof *c);
	PyObject *dict; /* new */

	if (c == NULL) {
		PyErr_NoMemory();
		return NULL;
	}
	dict = PyDict_Copy(constants);
	if (dict == NULL || wsgi_template_init(&c->templates, dict) < 0 ||
	    complete(c) < 0) {
		destroy(c);
		return NULL;
	}
	return c;
}

struct wsgi_call *
wsgi_call_begin(struct request *req)
{
	struct wsgi_call *c = free_calls;

	if (c == NULL)
		c = create();
	else
		free_calls = c->next;
	if (c == NULL)
		return NULL;
	c->req = req;
	CHECK(c->n_waiting == 0);
	c->returned = false;
	c->template = NULL;
	c->status = NULL;
	c->head_sent = false;
	return c;
}

void
wsgi_call_over(struct wsgi_call *c)
{
	c->req = NULL;
}

/* So many references are ours: those to what the templates hold as well. */
static Py_ssize_t
shared_refs(const struct wsgi_call *c)
{
	return 1 + (Py_ssize_t)wsgi_template_refs(&c->templates);
}

/* Nobody has kept what the call gave out: as nearly always. */
static bool
nothing_is_kept(const struct wsgi_call *c)
{
	Py_ssize_t shared = shared_refs(c);

	return Py_REFCNT((PyObject *)c->start_response) == 1 &&
	    Py_REFCNT((PyObject *)c->write) == 1 &&
	    Py_REFCNT((PyObject *)c->early_hints) == shared &&
	    Py_REFCNT((PyObject *)c->input) == shared &&
	    Py_REFCNT((PyObject *)c->socket) == shared && !c->socket_asked;
}

/* What somebody else holds too is left to them, without the call. */
static void
cut_function(struct wsgi_function **f, Py_ssize_t ours)
{
	if (Py_REFCNT((PyObject *)*f) == ours)
		return;
	(*f)->call = NULL;
	Py_CLEAR(*f);
}

static void
cut_input(struct wsgi_call *c)
{
	if (Py_REFCNT((PyObject *)c->input) == shared_refs(c))
		return;
	wsgi_input_cut(c->input);
	Py_CLEAR(c->input);
}

static void
cut_socket(struct wsgi_call *c)
{
	wsgi_socket_close(c->socket);
	c->socket_asked = false;
	if (Py_REFCNT((PyObject *)c->socket) == shared_refs(c)) {
		wsgi_socket_renew(c->socket);
		return;
	}
	wsgi_socket_cut(c->socket);
	Py_CLEAR(c->socket);
}

/* Afterwards all is there again, and nobody else's: 0, or -1 (error set). */
static int
renew(struct wsgi_call *c)
{
	cut_function(&c->start_response, 1);
	cut_function(&c->write, 1);
	cut_function(&c->early_hints, shared_refs(c));
	cut_input(c);
	cut_socket(c);
	return complete(c);
}

void
wsgi_call_end(struct wsgi_call *c)
{
	wsgi_call_over(c);
	Py_CLEAR(c->status);
	wsgi_headers_drop(&c->headers);
	if (!nothing_is_kept(c) && renew(c) < 0) {
		PyErr_Clear();
		destroy(c);
		return;
	}
	c->next = free_calls;
	free_calls = c;
}

/* --- waiting, of any number of threads --- */

/* Guards each n_waiting; told when one becomes less. */
static pthread_mutex_t waiting = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t waited = PTHREAD_COND_INITIALIZER;

static unsigned
given_up(const struct request *req)
{
	return atomic_load_explicit(&req->given_up, memory_order_relaxed);
}

static void
count_waiting(struct wsgi_call *c, int more)
{
	pthread_mutex_lock(&waiting);
	c->n_waiting += (unsigned)more;
	pthread_cond_broadcast(&waited);
	pthread_mutex_unlock(&waiting);
}

int
wsgi_call_wait(struct wsgi_call *c, unsigned events)
{
	struct request *req = c->req;

	count_waiting(c, 1);
	python_gil_drop();
	(void)req->executor->ops->wait(
	    req->executor, req, events | EXECUTOR_END);
	python_gil_take();
	count_waiting(c, -1);
	if ((given_up(req) & events) == 0)
		return 0;
	PyErr_SetString(
	    PyExc_RuntimeError, "the application has returned meanwhile");
	return -E_PYTHON;
}

/*
 * Until no thread waits; with the GIL, and without it meanwhile. How long they
 * wait is bounded by what the executor's wait is bounded by.
 */
static void
await_threads(struct wsgi_call *c)
{
	pthread_mutex_lock(&waiting);
	python_gil_drop();
	while (c->n_waiting > 0)
		pthread_cond_wait(&waited, &waiting);
	pthread_mutex_unlock(&waiting);
	python_gil_take();
}

void
wsgi_call_returned(struct wsgi_call *c, bool cut)
{
	struct request *req = c->req;

	if (c->n_waiting == 0)
		return;
	c->returned = true;
	req->executor->ops->give_up(
	    req->executor, req, EXECUTOR_BODY | (cut ? EXECUTOR_ROOM : 0));
	/* One that comes to the GIL first may begin to wait again. */
	while (c->n_waiting > 0)
		await_threads(c);
}
