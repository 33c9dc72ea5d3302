/*
 * wsgi_lend: an environ that the application neither keeps nor changes is
 * given to the next request again, and not copied anew. Each template may
 * have one such dict; a watcher of CPython's tells when the application
 * changes it, its count when somebody keeps it: then it is the application's
 * for good. Needs the GIL.
 */
#ifndef GATEWAY_WSGI_LEND_H
#define GATEWAY_WSGI_LEND_H

#include <Python.h>

struct wsgi_template;
struct wsgi_templates;

/* Once a process. Where no watcher is to be had, all environs are copies. */
void wsgi_lend_start(void);

/*
 * A new reference to an environ that says what t does: the one to lend, or a
 * copy; NULL with an error set. Then wsgi_lend_out or wsgi_lend_drop.
 */
PyObject *wsgi_lend_take(struct wsgi_templates *ts, struct wsgi_template *t);
/* From now on env is the application's. */
void wsgi_lend_out(
    struct wsgi_templates *ts, struct wsgi_template *t, PyObject *env);
/* The call is over; env is stolen. No value of a secret stays in ours. */
void wsgi_lend_back(struct wsgi_templates *ts, PyObject *env);

/* t lends no more what it has lent; the next time it begins anew. */
void wsgi_lend_drop(struct wsgi_templates *ts, struct wsgi_template *t);

#endif
