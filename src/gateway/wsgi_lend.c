/*
 * wsgi_lend: copying environ and freeing it cost a sixth of a short request.
 * Run by workers, on the way of every request.
 */
#include "gateway/wsgi_lend.h"

#include "gateway/wsgi_template.h"

#include "base/banned.h"

/* Applications that change or keep their environ mostly do so always. */
#define REST 32

static int watcher = -1;
/* What applications have now: as many as calls run at the same time. */
static struct list loans = { &loans, &loans };

/* Before a change of that dict, by whomever. Called with any error set. */
static int
on_change(PyDict_WatchEvent event, PyObject *dict, PyObject *key, PyObject *to)
{
	struct wsgi_loan *loan;
	struct list *node;

	(void)event;
	(void)key;
	(void)to;
	for (node = loans.next; node != &loans; node = node->next) {
		loan = LIST_OF(node, struct wsgi_loan, node);
		if (loan->dict == dict)
			loan->touched = true;
	}
	/* One change is enough to know: further ones cost nothing. */
	return PyDict_Unwatch(watcher, dict);
}

void
wsgi_lend_start(void)
{
	if (watcher < 0)
		watcher = PyDict_AddWatcher(on_change);
	if (watcher < 0)
		PyErr_Clear(); /* there are eight a process */
}

void
wsgi_lend_drop(struct wsgi_templates *ts, struct wsgi_template *t)
{
	if (t->lent == NULL)
		return;
	Py_CLEAR(t->lent);
	ts->n_lent--;
	t->rest = REST;
}

PyObject *
wsgi_lend_take(struct wsgi_templates *ts, struct wsgi_template *t)
{
	if (t->lent != NULL)
		return Py_NewRef(t->lent);
	/* The one without fields is for those that have none in common. */
	if (watcher < 0 || t->n_fields == 0)
		return PyDict_Copy(t->dict);
	if (t->rest > 0) {
		t->rest--;
		return PyDict_Copy(t->dict);
	}
	t->lent = PyDict_Copy(t->dict);
	ts->n_lent += t->lent != NULL;
	return Py_XNewRef(t->lent);
}

void
wsgi_lend_out(struct wsgi_templates *ts, struct wsgi_template *t, PyObject *env)
{
	struct wsgi_loan *loan = &ts->loan;

	loan->dict = NULL;
	if (env != t->lent)
		return;
	if (PyDict_Watch(watcher, env) < 0) {
		PyErr_Clear();
		wsgi_lend_drop(ts, t);
		return;
	}
	loan->dict = env;
	loan->template = t;
	loan->touched = false;
	list_append(&loans, &loan->node);
}

/* 0; -1: they may still be there. */
static int
forget_secrets(const struct wsgi_template *t, PyObject *env)
{
	int rc = 0;

	for (unsigned i = 0; i < t->n_secrets; i++)
		rc |= PyDict_SetItem(env, t->keys[t->secrets[i]], Py_None);
	if (rc < 0)
		PyErr_Clear();
	return rc;
}

void
wsgi_lend_back(struct wsgi_templates *ts, PyObject *env)
{
	struct wsgi_loan *loan = &ts->loan;

	if (loan->dict != NULL) {
		list_remove(&loan->node);
		loan->dict = NULL;
		/* The template's reference and the caller's: no other. */
		if (loan->touched || PyDict_Unwatch(watcher, env) < 0 ||
		    Py_REFCNT(env) != 2 ||
		    forget_secrets(loan->template, env) < 0)
			wsgi_lend_drop(ts, loan->template);
	}
	Py_DECREF(env);
}
