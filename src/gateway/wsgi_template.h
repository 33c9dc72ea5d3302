/*
 * wsgi_template: what an environ is copied from. A call has one without header
 * fields, and some more for the sets of fields that come again and again (a
 * browser sends the same ones each time), which have the last request's
 * values: most are the same for the next. Needs the GIL.
 */
#ifndef GATEWAY_WSGI_TEMPLATE_H
#define GATEWAY_WSGI_TEMPLATE_H

#include <Python.h>

#include "base/list.h"
#include "http/request.h"

enum wsgi_key {
#define KEY(id, text) WSGI_KEY_##id,
#include "gateway/wsgi_keys.def"
#undef KEY
	WSGI_KEY_MAX,
};
#define WSGI_KEY_VARYING (WSGI_KEY_RAW_URI + 1)

/* Interned, borrowed; filled by wsgi_call_start. */
extern PyObject *wsgi_keys[WSGI_KEY_MAX];

#define WSGI_TEMPLATE_FIELDS 24 /* with more, a set gets none of its own */
#define WSGI_TEMPLATES 5

struct wsgi_template {
	PyObject *dict; /* strong; all below points into it */
	PyObject *lent; /* strong: the same once more, for wsgi_lend; or NULL */
	unsigned rest;  /* requests before there will be one again */
	struct str texts[WSGI_KEY_VARYING]; /* what it has; ptr NULL: none */
	long peer_port, local_port;         /* the same as numbers, or -1 */
	/* The fields in the order of arrival. */
	unsigned n_fields, n_secrets;
	int script;     /* which of them is SCRIPT_NAME; -1: none */
	bool has_other; /* one of them is FIELD_OTHER */
	unsigned char ids[WSGI_TEMPLATE_FIELDS];
	unsigned char secrets[WSGI_TEMPLATE_FIELDS]; /* their places */
	PyObject *keys[WSGI_TEMPLATE_FIELDS];        /* borrowed */
	struct str values[WSGI_TEMPLATE_FIELDS];     /* ptr NULL: a secret */
};

/* An environ that is the application's for the time of a call. */
struct wsgi_loan {
	struct list node;
	PyObject *dict; /* borrowed: its template's lent one; NULL: none */
	struct wsgi_template *template;
	bool touched; /* the application has changed it */
};

struct wsgi_templates {
	struct wsgi_template all[WSGI_TEMPLATES]; /* the first has no field */
	unsigned n, recent, victim;
	unsigned n_lent; /* of them have one */
	struct wsgi_loan loan;
	unsigned credit; /* requests that no template was made for */
};

/*
 * The first template, from dict (stolen): every key but the fields'. 0, or -1
 * with an error set.
 */
int wsgi_template_init(struct wsgi_templates *ts, PyObject *dict);
void wsgi_template_finish(struct wsgi_templates *ts);

/* Sets a key in all of them: 0, or -1 with an error set. */
int wsgi_template_set(
    struct wsgi_templates *ts, enum wsgi_key key, PyObject *value);
/* References that they have to what was set so. */
unsigned wsgi_template_refs(const struct wsgi_templates *ts);

/* Sets, or removes, a key of one: 0, or -1 with an error set. */
int wsgi_template_put(struct wsgi_template *t, PyObject *key, PyObject *value);
int wsgi_template_remove(struct wsgi_template *t, PyObject *key);

/*
 * The one for these fields, its values theirs (but secrets); or the first one,
 * whose n_fields is 0. NULL with an error set.
 */
struct wsgi_template *wsgi_template_for(
    struct wsgi_templates *ts, const struct field *fields, unsigned n);

#endif
