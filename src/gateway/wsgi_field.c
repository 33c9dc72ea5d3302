/*
 * wsgi_field: of each known field the last value is kept, of unknown names as
 * many as the table has places. Run by workers, on the way of every request.
 */
#include "gateway/wsgi_field.h"

#include "base/error.h"
#include "http/http_field.h"
#include "python/python_ref.h"

#include "base/banned.h"

#define PREFIX "HTTP_"
#define NAME_KEPT_MAX 48 /* longer unknown names are made each time */
#define NAMES_MAX 256    /* kept unknown names; a power of two */

/* A known field: its key, and the value that it had last. */
static struct {
	PyObject *key;   /* strong, interned */
	PyObject *value; /* strong, NULL at first */
	bool secret;     /* its value is not kept */
} known[FIELD_MAX];

/* A name that is in no table, as it was written. */
static struct kept_name {
	PyObject *key; /* strong; NULL: free */
	size_t len;
	char name[NAME_KEPT_MAX];
} kept[NAMES_MAX];

/* The environ key of a field: "HTTP_" and the name, as CGI has it. */
static PyObject *
key_of(struct str name)
{
	PyObject *key; /* new */
	Py_UCS1 *text;
	size_t i;
	char c;

	key = PyUnicode_New((Py_ssize_t)(sizeof PREFIX - 1 + name.len), 0x7f);
	if (key == NULL)
		return NULL;
	text = PyUnicode_1BYTE_DATA(key);
	memcpy(text, PREFIX, sizeof PREFIX - 1);
	text += sizeof PREFIX - 1;
	for (i = 0; i < name.len; i++) {
		c = name.ptr[i];
		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		text[i] = (Py_UCS1)(c == '-' ? '_' : c);
	}
	PyUnicode_InternInPlace(&key);
	return key;
}

static PyObject *
known_key(enum http_field id)
{
	switch (id) {
	case FIELD_CONTENT_TYPE:
		return python_ref_interned("CONTENT_TYPE");
	case FIELD_CONTENT_LENGTH:
		return python_ref_interned("CONTENT_LENGTH");
	default:
		return key_of(http_field_name(id));
	}
}

int
wsgi_field_start(void)
{
	for (int id = FIELD_OTHER + 1; id < FIELD_MAX; id++) {
		if (known[id].key == NULL)
			known[id].key = known_key((enum http_field)id);
		if (known[id].key == NULL)
			return -E_PYTHON;
	}
	known[FIELD_COOKIE].secret = true;
	known[FIELD_AUTHORIZATION].secret = true;
	known[FIELD_PROXY_AUTHORIZATION].secret = true;
	return 0;
}

bool
wsgi_field_is_script(const struct field *f)
{
	return f->id == FIELD_OTHER &&
	    str_eq_nocase(f->name, STR("SCRIPT_NAME"));
}

bool
wsgi_field_is_secret(const struct field *f)
{
	return known[f->id].secret;
}

static unsigned
slot_of(struct str name)
{
	unsigned hash = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < name.len; i++)
		hash = (hash ^ (unsigned char)name.ptr[i]) * 16777619u;
	return (hash ^ (hash >> 16)) & (NAMES_MAX - 1);
}

/* New reference to an unknown name's key. One slot, newest first: bounded. */
static PyObject *
unknown_key(struct str name)
{
	struct kept_name *k;
	PyObject *key; /* new */

	if (name.len > NAME_KEPT_MAX)
		return key_of(name);
	k = &kept[slot_of(name)];
	if (k->key != NULL && str_eq(name, (struct str){ k->name, k->len }))
		return Py_NewRef(k->key);
	key = key_of(name);
	if (key == NULL)
		return NULL;
	memcpy(k->name, name.ptr, name.len);
	k->len = name.len;
	Py_XSETREF(k->key, Py_NewRef(key));
	return key;
}

PyObject *
wsgi_field_key(const struct field *f)
{
	if (f->id != FIELD_OTHER)
		return Py_NewRef(known[f->id].key);
	return unknown_key(f->name);
}

PyObject *
wsgi_field_value(const struct field *f)
{
	PyObject *value; /* new */
	struct str have;

	if (f->id == FIELD_OTHER || known[f->id].secret)
		return python_ref_latin1(f->value);
	value = known[f->id].value;
	if (value != NULL && python_ref_bytes_of(value, &have) &&
	    str_eq(have, f->value))
		return Py_NewRef(value);
	value = python_ref_latin1(f->value);
	if (value != NULL)
		Py_XSETREF(known[f->id].value, Py_NewRef(value));
	return value;
}
