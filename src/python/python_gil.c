/*
 * python_gil: which Python thread state belongs to this thread of ours while
 * it does not hold the GIL. Used by every role with an interpreter.
 */
#define Py_BUILD_CORE /* to look whether the GIL is taken */
#include <Python.h>

#include <internal/pycore_interp.h>

#include "python/python_gil.h"

#include <errno.h>

#include "base/check.h"
#include "base/error.h"

#include "base/banned.h"

static _Thread_local PyThreadState *dropped; /* NULL while the GIL is held */

void
python_gil_drop(void)
{
	int saved = errno;

	CHECK(dropped == NULL);
	dropped = PyEval_SaveThread();
	errno = saved;
}

void
python_gil_take(void)
{
	PyThreadState *state = dropped;
	int saved = errno;

	CHECK(state != NULL);
	dropped = NULL;
	PyEval_RestoreThread(state);
	errno = saved;
}

int
python_gil_attach(void)
{
	PyThreadState *state;

	CHECK(dropped == NULL);
	state = PyThreadState_New(PyInterpreterState_Main());
	if (state == NULL)
		return -E_NOMEM;
	PyEval_RestoreThread(state);
	return 0;
}

void
python_gil_detach(void)
{
	PyThreadState *state = PyThreadState_Get();

	PyThreadState_Clear(state);
	PyThreadState_DeleteCurrent();
}

/* Our patch of CPython: build/patches. */
extern void (*greencorn_gil_dropped)(const void *site);
extern void (*greencorn_gil_wanted)(void);

void
python_gil_watch(void (*was_dropped)(const void *site), void (*wanted)(void))
{
	greencorn_gil_dropped = was_dropped;
	greencorn_gil_wanted = wanted;
}

bool
python_gil_busy(void)
{
	const struct _gil_runtime_state *gil =
	    PyInterpreterState_Main()->ceval.gil;

	return _Py_atomic_load_int_relaxed(&gil->locked) > 0;
}

bool
python_gil_held(void)
{
	return PyThreadState_GetUnchecked() != NULL;
}
