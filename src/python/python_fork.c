/*
 * python_fork: fork with Python's own preparations. Run by templates, for
 * workers and dirty workers.
 */
#include <Python.h>

#include "python/python_fork.h"

#include <errno.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/log.h"
#include "python/python_ref.h"
#include "sys/sys_fork.h"

#include "base/banned.h"

#define NAMES_MAX 1024
#define OURS "greencorn " /* before the names of our own threads */

static void
put_name(struct buf *names, PyObject *thread)
{
	PyObject *name = PyObject_GetAttrString(thread, "name"); /* new */
	struct str text;

	if (name != NULL && python_ref_utf8(name, &text) == 0 &&
	    !str_starts(text, STR(OURS)))
		/* More names than fit are not needed to find the culprit. */
		(void)buf_printf(names, "%s%.*s",
		    buf_len(names) > 0 ? ", " : "", STR_ARG(text));
	PyErr_Clear();
	Py_XDECREF(name);
}

/* New reference to threading.enumerate(), or NULL: nobody imported it. */
static PyObject *
running_threads(PyObject **main_thread)
{
	PyObject *module, *threads = NULL;                  /* module: new */
	PyObject *name = PyUnicode_FromString("threading"); /* new */

	*main_thread = NULL;
	if (name == NULL)
		return NULL;
	module = PyImport_GetModule(name);
	Py_DECREF(name);
	if (module == NULL)
		return NULL;
	*main_thread = PyObject_CallMethod(module, "main_thread", NULL);
	if (*main_thread != NULL)
		threads = PyObject_CallMethod(module, "enumerate", NULL);
	Py_DECREF(module);
	return threads;
}

static void
warn_of_threads(void)
{
	PyObject *main_thread;                             /* new */
	PyObject *threads = running_threads(&main_thread); /* new */
	struct buf names;
	Py_ssize_t i;

	buf_init(&names, NAMES_MAX);
	if (threads != NULL && PyList_Check(threads))
		for (i = 0; i < PyList_GET_SIZE(threads); i++)
			if (PyList_GET_ITEM(threads, i) != main_thread)
				put_name(&names, PyList_GET_ITEM(threads, i));
	if (buf_put(&names, (struct str){ "", 1 }) == 0 && buf_len(&names) > 1)
		log_event(EV_PYTHON_FORK_THREADS, names.mem + names.start);
	buf_finish(&names);
	PyErr_Clear();
	Py_XDECREF(threads);
	Py_XDECREF(main_thread);
}

/* What is in Python's buffers is this process's to write, once. */
static void
flush(const char *name)
{
	PyObject *stream = PySys_GetObject(name); /* borrowed */
	PyObject *done;                           /* new */

	if (stream == NULL || stream == Py_None)
		return;
	done = PyObject_CallMethod(stream, "flush", NULL);
	if (done == NULL)
		PyErr_Clear(); /* nobody reads there any more */
	Py_XDECREF(done);
}

pid_t
python_fork(unsigned long flags)
{
	pid_t pid;
	int saved;

	warn_of_threads();
	flush("stdout");
	flush("stderr");
	PyOS_BeforeFork();
	pid = sys_fork(flags);
	saved = errno;
	if (pid == 0)
		PyOS_AfterFork_Child();
	else
		PyOS_AfterFork_Parent();
	errno = saved;
	return pid;
}
