/* Hands settings to greencorn._reload. Run by workers, before they serve. */
#include <Python.h>

#include "worker/worker_reload.h"

#include "base/log.h"
#include "config/config.h"
#include "python/python_error.h"
#include "python/python_ref.h"
#include "role/heritage.h"

#include "base/banned.h"

/* A new reference, or NULL with an error set. */
static PyObject *
paths(const struct config_list *list)
{
	PyObject *all = PyList_New((Py_ssize_t)list->n), *path;

	for (unsigned i = 0; all != NULL && i < list->n; i++) {
		path = python_ref_decoded(str_of(list->items[i]));
		if (path == NULL)
			Py_CLEAR(all);
		else
			PyList_SET_ITEM(all, (Py_ssize_t)i, path); /* stolen */
	}
	return all;
}

void
worker_reload_start(const struct heritage *h)
{
	PyObject *module, *extra = NULL, *done = NULL; /* new */

	if (!h->config->reload)
		return;
	module = PyImport_ImportModule("greencorn._reload");
	if (module != NULL)
		extra = paths(&h->config->reload_extra_files);
	if (extra != NULL)
		done = PyObject_CallMethod(module, "start", "sOiI",
		    h->config->reload_engine, extra, (int)h->arbiter_pid,
		    h->generation);
	if (done == NULL) {
		log_event(EV_WORKER_RELOAD);
		python_error_log(LOG_ERROR);
	}
	Py_XDECREF(done);
	Py_XDECREF(extra);
	Py_XDECREF(module);
}
