/*
 * wsgi_keep: copies into the request's arena. Run by application slots, only
 * where the access log's format asks for it.
 */
#include "gateway/wsgi_keep.h"

#include "python/python_ref.h"

#include "base/banned.h"

/* Borrowed: the value under that name in any case, as in Gunicorn; or NULL. */
static PyObject *
find(PyObject *env, struct str name)
{
	PyObject *key, *value; /* borrowed */
	Py_ssize_t at = 0;
	struct str s;

	while (PyDict_Next(env, &at, &key, &value))
		if (python_ref_bytes_of(key, &s) && str_eq_nocase(s, name))
			return value;
	return NULL;
}

/* The bytes of str(value) to *text, in the arena; false: it has none. */
static bool
keep_text(struct request *req, PyObject *value, struct str *text)
{
	PyObject *made = PyObject_Str(value); /* new */
	struct str s;
	bool told = made != NULL &&
	    (python_ref_bytes_of(made, &s) || python_ref_utf8(made, &s) == 0);

	if (told)
		*text = arena_str(&req->arena, s);
	Py_XDECREF(made);
	PyErr_Clear();
	return told && text->ptr != NULL;
}

void
wsgi_keep_environ(struct request *req, PyObject *env)
{
	PyObject *error = PyErr_GetRaisedException(); /* new */
	const struct str *name = req->keep_environ;
	struct field *kept;
	unsigned n = 0;

	while (name[n].len > 0)
		n++;
	kept = arena_alloc(&req->arena, n * sizeof(*kept));
	req->environ = kept;
	for (; kept != NULL && name->len > 0; name++) {
		/* New: a __str__ may take it out of the dict. */
		PyObject *value = Py_XNewRef(find(env, *name));

		kept->name = *name;
		if (value != NULL && keep_text(req, value, &kept->value)) {
			kept++;
			req->n_environ++;
		}
		Py_XDECREF(value);
	}
	PyErr_SetRaisedException(error);
}
