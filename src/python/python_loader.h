/*
 * python_loader: from "module:name" to the object that is called for each
 * request. Needs the GIL.
 */
#ifndef PYTHON_PYTHON_LOADER_H
#define PYTHON_PYTHON_LOADER_H

/*
 * uri: module, module:name, module:name.attribute, or a factory called with
 * literal arguments, module:create_app("x", debug=True); the name is
 * "application" when there is none. *app: a new reference to a callable
 * (PyObject *). Else what went wrong is logged, with the whole traceback:
 *   -E_NOT_FOUND  there is no such module
 *   -E_PYTHON     the module, or the factory, raised
 *   -E_APP_LOAD   no such name in it, not callable, or no such syntax
 */
int python_loader_load(const char *uri, void **app);

/* The exit status for that: 4 for -E_APP_LOAD, as Gunicorn's, else 3. */
int python_loader_exit_status(int rc);

/*
 * dir becomes the first of sys.path, wherever it stood before (site puts the
 * working directory last). 0 or -E_PYTHON.
 */
int python_loader_path(const char *dir);

/*
 * From here on each line of Python that runs, in any thread, is written to
 * standard output. 0, or -E_PYTHON after the reason was logged.
 */
int python_loader_spew(void);

#endif
