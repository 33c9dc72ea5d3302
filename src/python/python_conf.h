/*
 * python_conf: gunicorn.conf.py, evaluated by a template with Gunicorn's
 * rules. The settings go out as text; its functions stay here, as hooks.
 * Needs the GIL.
 */
#ifndef PYTHON_PYTHON_CONF_H
#define PYTHON_PYTHON_CONF_H

#include "base/str.h"

/*
 * Called for each name of the file that might be a setting (the receiver
 * knows which are). text: a str as it is; numbers and "true"/"false" in
 * decimal; lists and dicts as JSON; a callable as "__config__:name"; a NULL
 * ptr for None, which is "not set"; anything else as its repr, for the
 * setting's check to refuse. name is NUL-terminated. 0 or -E_*: stop.
 */
typedef int
python_conf_setting(void *cookie, const char *name, struct str text);

/*
 * source: PATH, "file:PATH" or "python:MODULE", or "program:TEXT" (the program
 * of _program.py, which knows which one); NULL: ./gunicorn.conf.py if
 * there is one. 0; what setting returned; or, after the reason was logged
 * with the whole traceback, -E_NOT_FOUND (no such file) or -E_PYTHON.
 */
int python_conf_read(
    const char *source, python_conf_setting *setting, void *cookie);

struct _object; /* PyObject */

/* Borrowed: the file's dict, or NULL when none was read. */
struct _object *python_conf_names(void);

#endif
