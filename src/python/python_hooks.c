/*
 * python_hooks: C's side of greencorn._hooks, whose function of a hook's name
 * makes the objects and calls what the configuration file has. Run by
 * templates and workers.
 */
#include <Python.h>

#include "python/python_hooks.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "board/board.h"
#include "config/config.h"
#include "python/python_conf.h"
#include "python/python_error.h"
#include "python/python_ref.h"

#include "base/banned.h"

static PyObject *module; /* strong; NULL: no hook is set */
static struct board_row *row;
static struct python_hooks_facts facts;
static bool is_set[HOOK_MAX];
static int exit_status;

static void (*leave_by)(int sig);
static bool has_signal[NSIG];
static atomic_bool signalled;

bool
python_hooks_has(enum hook hook)
{
	return is_set[hook];
}

int
python_hooks_exit_status(void)
{
	return exit_status;
}

/* The exception that a hook raised: logged, under its name, and gone. */
static int
failed(const char *name)
{
	if (python_error_kind() == PYTHON_ERROR_EXIT) {
		exit_status = python_error_exit_status();
		return -E_EXIT;
	}
	log_event(EV_PYTHON_HOOK, name);
	python_error_log(LOG_ERROR);
	return -E_PYTHON;
}

/* --- what Python's side calls --- */

static enum hook
find(const char *name)
{
	for (enum hook h = HOOK_NONE + 1; h < HOOK_MAX; h++)
		if (str_eq(str_of(hook_name(h)), str_of(name)))
			return h;
	return HOOK_NONE;
}

PyDoc_STRVAR(
    begins_doc, "begins(name): the thread for hooks calls that one now.");

static PyObject *
begins(PyObject *self, PyObject *arg)
{
	const char *name = PyUnicode_AsUTF8(arg);

	(void)self;
	if (name == NULL)
		return NULL;
	board_hook_begin(row, BOARD_HOOK_ASIDE, find(name));
	return Py_NewRef(Py_None);
}

PyDoc_STRVAR(ends_doc, "ends(name): it has returned, or raised.");

static PyObject *
ends(PyObject *self, PyObject *arg)
{
	(void)self;
	(void)arg;
	board_hook_end(row, BOARD_HOOK_ASIDE);
	return Py_NewRef(Py_None);
}

PyDoc_STRVAR(raised_doc, "raised(name): that one, what is being handled.");

static PyObject *
raised(PyObject *self, PyObject *arg)
{
	const char *name = PyUnicode_AsUTF8(arg);
	PyObject *exc = PyErr_GetHandledException(); /* new, or NULL */

	(void)self;
	if (name == NULL)
		return NULL;
	if (exc != NULL && exc != Py_None) {
		PyErr_SetRaisedException(exc);
		(void)failed(name);
	}
	return Py_NewRef(Py_None);
}

PyDoc_STRVAR(requests_doc, "requests(): how many this worker has had.");

static PyObject *
requests(PyObject *self, PyObject *unused)
{
	(void)self;
	(void)unused;
	return PyLong_FromUnsignedLongLong(atomic_load(&row->n_requests));
}

static PyMethodDef methods[] = {
	{ "begins", begins, METH_O, begins_doc },
	{ "ends", ends, METH_O, ends_doc },
	{ "raised", raised, METH_O, raised_doc },
	{ "requests", requests, METH_NOARGS, requests_doc },
	{ NULL, NULL, 0, NULL },
};

/* --- the start --- */

/* {name: text} of the hooks that are set; new, or NULL with an error set. */
static PyObject *
texts_of(const struct config *cfg)
{
	PyObject *dict = PyDict_New(), *text; /* new */
	int rc = 0;

	if (dict == NULL)
		return NULL;
#define HOOK(name, arguments, n, process, when, waits) \
	if (rc == 0 && cfg->name[0] != '\0') { \
		text = python_ref_decoded(str_of(cfg->name)); \
		rc = text == NULL ? -1 \
				  : PyDict_SetItemString(dict, #name, text); \
		Py_XDECREF(text); \
		is_set[HOOK_##name] = true; \
	}
#include "base/hooks.def"
#undef HOOK
	if (rc < 0)
		Py_CLEAR(dict);
	return dict;
}

/* New: {name: its arguments}. */
static PyObject *
arguments_of_all(void)
{
	return Py_BuildValue("{"
#define HOOK(name, arguments, n, process, when, waits) "ss"
#include "base/hooks.def"
#undef HOOK
			     "}"
#define HOOK(name, arguments, n, process, when, waits) , #name, arguments
#include "base/hooks.def"
#undef HOOK
	);
}

/* New: a tuple of descriptors. */
static PyObject *
listeners_of(const struct python_hooks_facts *f)
{
	PyObject *all = PyTuple_New((Py_ssize_t)f->n_listeners), *fd; /* new */

	for (unsigned i = 0; all != NULL && i < f->n_listeners; i++) {
		fd = PyLong_FromLong(f->listeners[i]);
		if (fd == NULL)
			Py_CLEAR(all);
		else
			PyTuple_SET_ITEM(all, (Py_ssize_t)i, fd);
	}
	return all;
}

/* New: the functions of methods. */
static PyObject *
functions(void)
{
	PyObject *dict = PyDict_New(), *f; /* new */

	for (PyMethodDef *m = methods; dict != NULL && m->ml_name != NULL;
	     m++) {
		f = PyCFunction_New(m, NULL);
		if (f == NULL || PyDict_SetItemString(dict, m->ml_name, f) < 0)
			Py_CLEAR(dict);
		Py_XDECREF(f);
	}
	return dict;
}

static int
refused(void)
{
	struct buf text;

	if (!PyErr_ExceptionMatches(PyExc_ValueError)) {
		log_event(EV_PYTHON_HOOKS);
		python_error_log(LOG_ERROR);
		return -E_PYTHON;
	}
	buf_init(&text, PYTHON_ERROR_TEXT_MAX);
	python_error_line(&text);
	log_event(EV_PYTHON_HOOK_REFUSED,
	    STR_ARG(str_tail(buf_str(&text), sizeof("ValueError: ") - 1)));
	buf_finish(&text);
	return -E_PYTHON;
}

/* Imports and starts _hooks; texts is stolen. 0 or -E_PYTHON, logged. */
static int
begin(PyObject *texts)
{
	PyObject *imported, *done = NULL;      /* new */
	PyObject *names = python_conf_names(); /* borrowed */

	imported = PyImport_ImportModule("greencorn._hooks");
	if (texts != NULL && imported != NULL)
		done = PyObject_CallMethod(imported, "start", "OONiNNO", texts,
		    names == NULL ? Py_None : names, arguments_of_all(),
		    (int)facts.server_pid, listeners_of(&facts), functions(),
		    config_has_logger(facts.cfg) ? Py_True : Py_False);
	Py_XDECREF(texts);
	if (done == NULL) {
		Py_XDECREF(imported);
		return refused();
	}
	Py_DECREF(done);
	module = imported;
	return 0;
}

int
python_hooks_start(const struct python_hooks_facts *f)
{
	PyObject *texts; /* new */

	facts = *f;
	row = f->row;
	texts = texts_of(f->cfg);
	if (texts == NULL || PyDict_GET_SIZE(texts) > 0 ||
	    config_has_logger(f->cfg))
		return begin(texts);
	Py_DECREF(texts);
	return 0;
}

/* --- calls --- */

/* New: what _hooks.<name>(...) returns, or NULL with an error set. */
static PyObject *
call(const char *name, const char *format, va_list ap)
{
	PyObject *args = Py_VaBuildValue(format, ap); /* new */
	PyObject *f =
	    args == NULL ? NULL : PyObject_GetAttrString(module, name);
	PyObject *result = f == NULL ? NULL : PyObject_CallObject(f, args);

	Py_XDECREF(f);
	Py_XDECREF(args);
	return result;
}

int
python_hooks_run(enum hook hook, const char *format, ...)
{
	PyObject *result; /* new */
	va_list ap;

	if (!is_set[hook] || module == NULL)
		return 0;
	board_hook_begin(row, BOARD_HOOK_MAIN, hook);
	va_start(ap, format);
	result = call(hook_name(hook), format, ap);
	va_end(ap);
	board_hook_end(row, BOARD_HOOK_MAIN);
	if (result == NULL)
		return failed(hook_name(hook));
	Py_DECREF(result);
	return 0;
}

void
python_hooks_aside(enum hook hook, const char *format, ...)
{
	PyObject *args, *done = NULL; /* new */
	va_list ap;

	if (!is_set[hook] || module == NULL)
		return;
	va_start(ap, format);
	args = Py_VaBuildValue(format, ap);
	va_end(ap);
	if (args != NULL)
		done = PyObject_CallMethod(
		    module, "aside", "sN", hook_name(hook), args);
	if (done == NULL)
		(void)failed(hook_name(hook));
	Py_XDECREF(done);
}

/* A function of _hooks that is no hook itself. 0 or -E_PYTHON, logged. */
static int
note(const char *name, const char *format, ...)
{
	PyObject *result; /* new */
	va_list ap;

	if (module == NULL)
		return 0;
	va_start(ap, format);
	result = call(name, format, ap);
	va_end(ap);
	if (result == NULL) {
		(void)failed(name);
		return -E_PYTHON;
	}
	Py_DECREF(result);
	return 0;
}

void
python_hooks_gone(unsigned age, pid_t pid)
{
	if (is_set[HOOK_child_exit])
		python_hooks_aside(HOOK_child_exit, "(Ii)", age, (int)pid);
	else
		(void)note("gone", "(Ii)", age, (int)pid);
}

void
python_hooks_n_workers(unsigned n, int before)
{
	if (is_set[HOOK_nworkers_changed])
		python_hooks_aside(HOOK_nworkers_changed, "(Ii)", n, before);
	else
		(void)note("resized", "(I)", n);
}

void
python_hooks_before_fork(unsigned age)
{
	if (module == NULL)
		return;
	(void)note("settle", "()");
	(void)note("new_worker", "(I)", age);
	(void)python_hooks_run(HOOK_pre_fork, "()");
}

void
python_hooks_forked(unsigned age, pid_t pid)
{
	(void)note("forked", "(Ii)", age, (int)pid);
}

void
python_hooks_dirty_forked(unsigned age, pid_t pid, struct str apps)
{
	PyObject *text = python_ref_decoded(apps); /* new */

	if (text != NULL)
		(void)note("dirty_forked", "(IiO)", age, (int)pid, text);
	Py_XDECREF(text);
}

int
python_hooks_dirty_worker(struct board_row *own, unsigned age, struct str apps)
{
	PyObject *text; /* new */
	int rc = -E_PYTHON;

	row = own;
	if (module == NULL)
		return 0;
	text = python_ref_decoded(apps);
	if (text != NULL)
		rc = note("dirty_worker_begins", "(IO)", age, text);
	Py_XDECREF(text);
	return rc < 0 ? rc : python_hooks_run(HOOK_dirty_post_fork, "()");
}

int
python_hooks_dirty_loaded(struct _object *apps)
{
	if (module == NULL)
		return 0;
	(void)note("dirty_worker_loaded", "(O)", apps);
	return python_hooks_run(HOOK_dirty_worker_init, "()");
}

void
python_hooks_end(bool server)
{
	if (module == NULL)
		return;
	(void)note("settle", "(i)", 2);
	if (server)
		(void)python_hooks_run(HOOK_on_exit, "()");
}

int
python_hooks_worker(struct board_row *own, unsigned age)
{
	row = own;
	if (module == NULL)
		return 0;
	if (note("worker_begins", "(I)", age) < 0)
		return -E_PYTHON;
	return python_hooks_run(HOOK_post_fork, "()");
}

int
python_hooks_loaded(struct _object *app)
{
	if (module == NULL)
		return 0;
	(void)note("worker_loaded", "(O)", app);
	return python_hooks_run(HOOK_post_worker_init, "()");
}

void
python_hooks_leaving(void)
{
	(void)note("worker_leaves", "()");
	(void)python_hooks_run(HOOK_worker_exit, "()");
}

void
python_hooks_reopen(void)
{
	(void)note("reopen", "()");
}

/* --- requests --- */

static PyObject *request_function, *answered_function; /* strong */
static bool logs_access;

bool
python_hooks_logs_access(void)
{
	return logs_access;
}

/* Whether logging has what C does not know of. */
static bool
is_altered(void)
{
	PyObject *is = NULL, *logging; /* new */

	logging = PyImport_ImportModule("greencorn._logging");
	if (logging != NULL)
		is = PyObject_CallMethod(logging, "is_altered", NULL);
	Py_XDECREF(logging);
	if (is == NULL)
		(void)failed("logging");
	Py_XDECREF(is);
	return is == Py_True;
}

bool
python_hooks_requests(void)
{
	PyObject *logs; /* new */

	if (module == NULL && !is_altered())
		return false;
	if (module == NULL && begin(PyDict_New()) < 0)
		return false;
	logs = PyObject_CallMethod(module, "logs_access", NULL);
	if (logs == NULL)
		(void)failed("logging");
	logs_access = logs == Py_True;
	Py_XDECREF(logs);
	request_function = PyObject_GetAttrString(module, "request");
	answered_function = PyObject_GetAttrString(module, "answered");
	return (logs_access || is_set[HOOK_pre_request] ||
		   is_set[HOOK_post_request]) &&
	    request_function != NULL && answered_function != NULL;
}

/* What is called for a request raised: logged, or the worker's end. */
static void
request_failed(void)
{
	if (failed("requests") == -E_EXIT)
		kill(getpid(), SIGTERM);
}

struct _object *
python_hooks_request(struct _object *args)
{
	PyObject *req = NULL; /* new */

	if (args != NULL)
		req = PyObject_CallObject(request_function, args);
	if (req == NULL)
		request_failed();
	return req;
}

void
python_hooks_answered(struct _object *args)
{
	PyObject *done = NULL; /* new */

	if (args != NULL)
		done = PyObject_CallObject(answered_function, args);
	if (done == NULL)
		request_failed();
	Py_XDECREF(done);
}

/* --- signals --- */

/* The Python handler of INT, QUIT and ABRT. */
static PyObject *
answer(PyObject *self, PyObject *args)
{
	int sig;

	(void)self;
	if (!PyArg_ParseTuple(args, "iO", &sig, &(PyObject *){ NULL }))
		return NULL;
	signalled = false;
	(void)note("worker_leaves", "()");
	(void)python_hooks_run(
	    sig == SIGABRT ? HOOK_worker_abort : HOOK_worker_int, "()");
	python_hooks_leaving();
	leave_by(sig);
	return Py_NewRef(Py_None);
}

/* signal.signal(sig, answer) */
static int
handle(PyObject *signals, PyObject *handler, int sig)
{
	PyObject *before; /* new */

	before = PyObject_CallMethod(signals, "signal", "iO", sig, handler);
	if (before == NULL)
		return -1;
	Py_DECREF(before);
	has_signal[sig] = true;
	return 0;
}

int
python_hooks_on_signals(void (*leave)(int sig))
{
	static PyMethodDef method = { "answer", answer, METH_VARARGS, NULL };
	bool quick = is_set[HOOK_worker_int] || is_set[HOOK_worker_exit];
	PyObject *signals, *handler; /* new */
	int rc = 0;

	if (module == NULL || (!quick && !is_set[HOOK_worker_abort]))
		return 0;
	leave_by = leave;
	signals = PyImport_ImportModule("_signal");
	handler = PyCFunction_New(&method, NULL);
	if (signals == NULL || handler == NULL)
		rc = -1;
	if (rc == 0 && quick)
		rc = handle(signals, handler, SIGINT);
	if (rc == 0 && quick)
		rc = handle(signals, handler, SIGQUIT);
	if (rc == 0 && is_set[HOOK_worker_abort])
		rc = handle(signals, handler, SIGABRT);
	Py_XDECREF(signals);
	Py_XDECREF(handler);
	return rc < 0 ? failed("signals") : 0;
}

bool
python_hooks_wants(int sig)
{
	return has_signal[sig];
}

bool
python_hooks_signal(int sig)
{
	int saved = errno;

	if (!has_signal[sig])
		return false;
	signalled = true;
	(void)PyErr_SetInterruptEx(sig);
	errno = saved;
	return true;
}

bool
python_hooks_signalled(void)
{
	return signalled;
}

void
python_hooks_answer_signal(void)
{
	signalled = false;
	if (PyErr_CheckSignals() < 0)
		(void)failed("signals");
}
