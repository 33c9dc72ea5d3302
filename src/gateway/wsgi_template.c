/*
 * wsgi_template: copying a dict costs a fifth of putting a browser's fields
 * into it one by one. Run by workers, on the way of every request.
 */
#include "gateway/wsgi_template.h"

#include "gateway/wsgi_field.h"
#include "gateway/wsgi_lend.h"
#include "http/http_field.h"
#include "python/python_ref.h"

#include "base/banned.h"

#define TABLE_USED 42 /* entries that a table of 64 slots takes */
#define LIVE 22       /* of them there when it grows: 3 * 22 > 64 */
/* Making one costs about this many times what it saves for a request. */
#define PRICE 16
#define FEW 4           /* fields of a client that is no browser */
#define VALUES_MAX 4096 /* bytes of values that one may keep */

PyObject *wsgi_keys[WSGI_KEY_MAX];

/* Sets (or removes) keys "from" to "to" - 1, which are in no environ. */
static int
fill(PyObject *dict, Py_ssize_t from, Py_ssize_t to, bool remove)
{
	PyObject *key; /* new */
	int rc = 0;

	for (Py_ssize_t i = from; rc == 0 && i < to; i++) {
		key = PyUnicode_FromFormat("%zd", i);
		if (key == NULL)
			return -1;
		rc = remove ? PyDict_DelItem(dict, key)
			    : PyDict_SetItem(dict, key, Py_None);
		Py_DECREF(key);
	}
	return rc;
}

/*
 * A table of 128 slots: a browser's header fields and what a framework adds
 * shall not make each copy grow. A dict grows when TABLE_USED entries were
 * made, to three times as many as are there then; and a copy keeps the size
 * only while few entries have been removed.
 */
static int
widen(PyObject *dict)
{
	Py_ssize_t n = PyDict_GET_SIZE(dict);

	if (n >= LIVE || fill(dict, n, TABLE_USED, false) < 0 ||
	    fill(dict, LIVE, TABLE_USED, true) < 0)
		return n >= LIVE ? 0 : -1;
	if (fill(dict, TABLE_USED, TABLE_USED + 1, false) < 0 ||
	    fill(dict, TABLE_USED, TABLE_USED + 1, true) < 0)
		return -1;
	return fill(dict, n, LIVE, true);
}

/* The texts that each request brings, empty for now. 0 or -1. */
static int
make_texts(struct wsgi_template *t)
{
	PyObject *empty = PyUnicode_New(0, 0); /* new */
	int rc = empty == NULL ? -1 : 0;

	for (size_t i = 0; rc == 0 && i < WSGI_KEY_VARYING; i++) {
		rc = PyDict_SetItem(t->dict, wsgi_keys[i], empty);
		t->texts[i] = STR("");
	}
	Py_XDECREF(empty);
	return rc;
}

int
wsgi_template_init(struct wsgi_templates *ts, PyObject *dict)
{
	struct wsgi_template *t = &ts->all[0];

	*ts = (struct wsgi_templates){ .n = 1, .credit = PRICE };
	t->dict = dict;
	t->peer_port = t->local_port = t->script = -1;
	return make_texts(t) < 0 ? -1 : widen(dict);
}

void
wsgi_template_finish(struct wsgi_templates *ts)
{
	while (ts->n > 0) {
		wsgi_lend_drop(ts, &ts->all[--ts->n]);
		Py_CLEAR(ts->all[ts->n].dict);
	}
}

int
wsgi_template_set(struct wsgi_templates *ts, enum wsgi_key key, PyObject *value)
{
	for (unsigned i = 0; i < ts->n; i++)
		if (wsgi_template_put(&ts->all[i], wsgi_keys[key], value) < 0)
			return -1;
	return 0;
}

unsigned
wsgi_template_refs(const struct wsgi_templates *ts)
{
	return ts->n + ts->n_lent;
}

int
wsgi_template_put(struct wsgi_template *t, PyObject *key, PyObject *value)
{
	if (t->lent != NULL && PyDict_SetItem(t->lent, key, value) < 0)
		return -1;
	return PyDict_SetItem(t->dict, key, value);
}

int
wsgi_template_remove(struct wsgi_template *t, PyObject *key)
{
	if (t->lent != NULL && PyDict_DelItem(t->lent, key) < 0)
		return -1;
	return PyDict_DelItem(t->dict, key);
}

/* --- finding the one for a set of fields --- */

/* That unknown field has the key. */
static bool
is_key(PyObject *key, const struct field *f)
{
	PyObject *have = wsgi_field_key(f); /* new */

	if (have == NULL)
		PyErr_Clear(); /* whoever makes it will fail again */
	Py_XDECREF(have);
	return have == key;
}

static bool
is_for(const struct wsgi_template *t, const struct field *fields, unsigned n)
{
	unsigned i;

	if (t->n_fields != n)
		return false;
	for (i = 0; i < n; i++)
		if (t->ids[i] != fields[i].id)
			return false;
	for (i = 0; t->has_other && i < n; i++)
		if (t->ids[i] == FIELD_OTHER &&
		    (!is_key(t->keys[i], &fields[i]) ||
			wsgi_field_is_script(&fields[i]) !=
			    ((int)i == t->script)))
			return false;
	return true;
}

static struct wsgi_template *
find(struct wsgi_templates *ts, const struct field *fields, unsigned n)
{
	if (is_for(&ts->all[ts->recent], fields, n))
		return &ts->all[ts->recent];
	for (unsigned i = 1; i < ts->n; i++) {
		if (is_for(&ts->all[i], fields, n)) {
			ts->recent = i;
			return &ts->all[i];
		}
	}
	return NULL;
}

/* value is stolen. 0; 1: it is there already; -1: error set. */
static int
put_field(struct wsgi_template *t, const struct field *f, PyObject *value)
{
	PyObject *key = wsgi_field_key(f); /* new */
	unsigned at = t->n_fields;
	int rc = -1;

	if (key != NULL && value != NULL)
		rc = python_ref_set_default(t->dict, key, value, NULL);
	if (rc == 0) {
		t->ids[at] = f->id;
		t->keys[at] = key;
		t->values[at].ptr = NULL;
		if (value == Py_None)
			t->secrets[t->n_secrets++] = (unsigned char)at;
		else
			(void)python_ref_bytes_of(value, &t->values[at]);
		if (wsgi_field_is_script(f))
			t->script = (int)at;
		t->has_other |= f->id == FIELD_OTHER;
		t->n_fields++;
	}
	Py_XDECREF(key);
	Py_XDECREF(value);
	return rc;
}

/* 0; 1: a field is repeated, so that there can be none; -1: error set. */
static int
fill_fields(struct wsgi_template *t, const struct field *fields, unsigned n)
{
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < n; i++)
		rc = put_field(t, &fields[i],
		    wsgi_field_is_secret(&fields[i])
			? Py_NewRef(Py_None)
			: wsgi_field_value(&fields[i]));
	return rc;
}

/* In a new place, or in that of another, but not the one used last. */
static struct wsgi_template *
place_for_one(struct wsgi_templates *ts)
{
	if (ts->n < WSGI_TEMPLATES) {
		ts->recent = ts->n++;
		return &ts->all[ts->recent];
	}
	do
		ts->victim = 1 + ts->victim % (WSGI_TEMPLATES - 1);
	while (ts->victim == ts->recent);
	ts->recent = ts->victim;
	wsgi_lend_drop(ts, &ts->all[ts->recent]);
	Py_CLEAR(ts->all[ts->recent].dict);
	return &ts->all[ts->recent];
}

static size_t
values_len(const struct field *fields, unsigned n)
{
	size_t len = 0;

	for (unsigned i = 0; i < n; i++)
		len += fields[i].value.len;
	return len;
}

/*
 * New reference: a table of 64 slots is enough for a few fields and some keys
 * of a framework, is half as much to copy, and malloc's short way serves it.
 */
static PyObject *
narrow_copy(PyObject *dict)
{
	PyObject *copy = PyDict_New(); /* new */

	if (copy != NULL && PyDict_Update(copy, dict) < 0)
		Py_CLEAR(copy);
	return copy;
}

/*
 * Makes one for these fields, unless others were made a short while ago: sets
 * of fields that never come again must not cost more than they would without.
 * The first one when there can be none; NULL with an error set.
 */
static struct wsgi_template *
make(struct wsgi_templates *ts, const struct field *fields, unsigned n)
{
	struct wsgi_template *first = &ts->all[0], made = *first;
	int rc;

	if (ts->credit < PRICE || values_len(fields, n) > VALUES_MAX) {
		ts->credit += ts->credit < PRICE;
		return first;
	}
	ts->credit = 0;
	made.dict =
	    n <= FEW ? narrow_copy(first->dict) : PyDict_Copy(first->dict);
	if (made.dict == NULL)
		return NULL;
	rc = fill_fields(&made, fields, n);
	if (rc != 0) {
		Py_DECREF(made.dict);
		return rc < 0 ? NULL : first;
	}
	first = place_for_one(ts);
	*first = made;
	return first;
}

/* Where the last value was another. */
static int
refresh(struct wsgi_template *t, const struct field *fields)
{
	PyObject *value; /* new */
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < t->n_fields; i++) {
		if (t->values[i].ptr == NULL ||
		    str_eq(t->values[i], fields[i].value))
			continue;
		value = wsgi_field_value(&fields[i]);
		if (value == NULL)
			return -1;
		(void)python_ref_bytes_of(value, &t->values[i]);
		rc = wsgi_template_put(t, t->keys[i], value);
		Py_DECREF(value);
	}
	if (rc < 0)
		t->n_fields = WSGI_TEMPLATE_FIELDS + 1; /* never found */
	return rc;
}

struct wsgi_template *
wsgi_template_for(
    struct wsgi_templates *ts, const struct field *fields, unsigned n)
{
	struct wsgi_template *t;

	if (n == 0 || n > WSGI_TEMPLATE_FIELDS)
		return &ts->all[0];
	t = find(ts, fields, n);
	if (t == NULL)
		return make(ts, fields, n);
	return refresh(t, fields) < 0 ? NULL : t;
}
