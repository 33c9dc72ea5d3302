/*
 * A dirty worker: signals and hooks around what greencorn._dirty_worker does.
 * Its main thread speaks with the dirty arbiter; its calls run in threads of
 * Python.
 */
#include <Python.h>

#include "dirty/dirty_worker.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/check.h"
#include "base/error.h"
#include "base/log.h"
#include "board/board.h"
#include "config/config.h"
#include "dirty/dirty_frame.h"
#include "python/python_error.h"
#include "python/python_finish.h"
#include "python/python_hooks.h"
#include "python/python_ref.h"
#include "python/python_stacks.h"
#include "role/heritage.h"
#include "role/role.h"
#include "sys/log_out.h"
#include "sys/sys_owner.h"
#include "sys/sys_time.h"

#include "base/banned.h"

#define EXIT_BOOT 3
#define EXIT_EXTRA_S 2 /* beyond the graceful time, for Python's own end */

static unsigned overdue_s;

static void
on_overdue(int sig)
{
	(void)sig;
	_exit(0);
}

/* Python's handler begins to drain; whatever hangs, the end comes. */
static void
on_term(int sig)
{
	int saved = errno;

	alarm(overdue_s);
	(void)PyErr_SetInterruptEx(sig);
	errno = saved;
}

static void
on_quick(int sig)
{
	(void)sig;
	_exit(0);
}

static void
on_abort(int sig)
{
	struct sigaction act = { .sa_handler = SIG_DFL };

	python_stacks_write();
	sigaction(sig, &act, NULL);
	raise(sig);
}

static void
on_reopen(int sig)
{
	int saved = errno;

	(void)sig;
	(void)log_out_reopen();
	errno = saved;
}

static void
handle(int sig, void (*handler)(int sig))
{
	struct sigaction act = { .sa_handler = handler,
		.sa_flags = SA_RESTART };

	CHECK(sigaction(sig, &act, NULL) == 0);
}

/* Once Python has its own handler of TERM, to which ours leads. */
static void
set_signals(const struct config *cfg)
{
	overdue_s =
	    (unsigned)(cfg->dirty_graceful_timeout / 1000) + EXIT_EXTRA_S;
	handle(SIGALRM, on_overdue);
	handle(SIGTERM, on_term);
	handle(SIGQUIT, on_quick);
	handle(SIGABRT, on_abort);
	handle(SIGUSR1, on_reopen);
	/* INT comes from the terminal: the arbiter says what it means. */
	handle(SIGINT, SIG_IGN);
}

/* New: the module after its begin(); NULL with an error set. */
static PyObject *
begin(const struct heritage *h)
{
	const struct config *cfg = h->config;
	PyObject *module, *apps, *done = NULL; /* new */

	module = PyImport_ImportModule("greencorn._dirty_worker");
	apps = python_ref_decoded(h->dirty_apps);
	if (module != NULL && apps != NULL)
		done = PyObject_CallMethod(module, "begin", "iOI",
		    h->dirty_link, apps, cfg->dirty_threads);
	if (done == NULL)
		Py_CLEAR(module);
	Py_XDECREF(done);
	Py_XDECREF(apps);
	return module;
}

/* Calls one of its functions; new, or NULL. */
static PyObject *
call(PyObject *module, const char *name)
{
	return PyObject_CallMethod(module, name, NULL);
}

/* An exception is logged; SystemExit says the status. */
static int
failure(void)
{
	if (python_error_kind() == PYTHON_ERROR_EXIT)
		return python_error_exit_status();
	log_event(EV_PYTHON_BOOT);
	python_error_log(LOG_ERROR);
	return EXIT_BOOT;
}

/* As the HTTP workers: logs may be root's, applications are not. */
static int
become_user(struct heritage *h)
{
	const struct config *cfg = h->config;
	struct owner o;

	if (owner_find(&o, cfg->user, cfg->group) < 0) {
		log_event(EV_WORKER_NO_USER, cfg->user, cfg->group);
		return EXIT_BOOT;
	}
	if (!owner_differs(&o))
		return 0;
	if (owner_become(&o, cfg->initgroups) < 0) {
		log_errno(EV_WORKER_USER, cfg->user, cfg->group);
		return EXIT_BOOT;
	}
	role_watch_parent(ROLE_DIRTY_WORKER, h); /* the change has ended it */
	return 0;
}

/* 0 or the exit status. */
static int
boot(struct heritage *h, PyObject *module)
{
	PyObject *apps = call(module, "load"); /* new */
	int rc;

	if (apps == NULL)
		return failure();
	rc = python_hooks_dirty_loaded(apps);
	Py_DECREF(apps);
	if (rc == -E_EXIT)
		return python_hooks_exit_status();
	board_set_state(h->board, h->row, BOARD_READY);
	return 0;
}

static int
run(struct heritage *h)
{
	PyObject *module, *done; /* new */
	int status;

	if (python_hooks_dirty_worker(
		&h->board->rows[h->row], h->age, h->dirty_apps) == -E_EXIT)
		return python_hooks_exit_status();
	module = begin(h);
	if (module == NULL)
		return failure();
	set_signals(h->config);
	status = become_user(h);
	if (status == 0)
		status = boot(h, module);
	if (status != 0)
		return status;
	done = call(module, "run");
	if (done == NULL)
		return failure();
	Py_DECREF(done);
	log_event(EV_DIRTY_WORKER_EXIT, (int)getpid());
	alarm(overdue_s);
	python_finish();
	return 0;
}

int
dirty_worker_preload(struct heritage *h)
{
	const struct config *cfg = h->config;
	PyObject *module, *done = NULL, *specs = PyList_New(0); /* new */
	PyObject *spec;                                         /* new */

	module = PyImport_ImportModule("greencorn._dirty_worker");
	for (unsigned i = 0; specs != NULL && i < cfg->dirty_apps.n; i++) {
		spec = python_ref_decoded(str_of(cfg->dirty_apps.items[i]));
		if (spec == NULL || PyList_Append(specs, spec) < 0)
			Py_CLEAR(specs);
		Py_XDECREF(spec);
	}
	if (module != NULL && specs != NULL)
		done = PyObject_CallMethod(module, "preload", "O", specs);
	Py_XDECREF(specs);
	Py_XDECREF(module);
	if (done == NULL)
		return failure();
	Py_DECREF(done);
	return 0;
}

int
dirty_worker_run(struct heritage *h)
{
	log_event(EV_DIRTY_WORKER_BOOT, (int)getpid());
	/* Whoever waits for a call waits for what it waits for. */
	time_exact_waits();
	return run(h);
}
