/*
 * python_start: CPython's configuration (PEP 587). Nothing is looked for on
 * the disk: prefix, library and search path are told, because what CPython
 * would find by itself is the host's.
 */
#include "python/python_start.h"

#include "base/error.h"
#include "base/log.h"
#include "python/python_exe.h"
#include "python/python_frozen.h"
#include "python/python_settings.h"

#include "base/banned.h"

#define PREFIX L"/greencorn"
#define STRINGIFY(x) L"" #x
#define WIDE(x) STRINGIFY(x)
/* Must be freeze_tree.VIRTUAL_LIB. */
#define LIBRARY \
	PREFIX L"/lib/python" WIDE(PY_MAJOR_VERSION) L"." WIDE(PY_MINOR_VERSION)

/* What to do in turn until one fails. */
#define TRY(status, call) \
	do { \
		if (!PyStatus_Exception(status)) \
			(status) = (call); \
	} while (0)

static PyStatus
preinitialize(int argc, char **argv)
{
	PyPreConfig pre;

	PyPreConfig_InitPythonConfig(&pre);
	pre.utf8_mode = 1;
	/* Would only change LC_CTYPE of our children; we have UTF-8. */
	pre.coerce_c_locale = 0;
	pre.coerce_c_locale_warn = 0;
	if (argv == NULL)
		return Py_PreInitialize(&pre);
	return Py_PreInitializeFromBytesArgs(&pre, argc, argv);
}

static PyStatus
set_places(PyConfig *c, const char *argv0)
{
	PyStatus s = PyStatus_Ok();
	struct python_exe exe;

	python_exe_find(argv0, &exe);
	/* home: or $PYTHONHOME would name another library. */
	TRY(s, PyConfig_SetString(c, &c->home, PREFIX));
	TRY(s, PyConfig_SetString(c, &c->prefix, PREFIX));
	TRY(s, PyConfig_SetString(c, &c->exec_prefix, PREFIX));
	TRY(s, PyConfig_SetString(c, &c->base_prefix, PREFIX));
	TRY(s, PyConfig_SetString(c, &c->base_exec_prefix, PREFIX));
	TRY(s, PyConfig_SetString(c, &c->stdlib_dir, LIBRARY));
	TRY(s, PyConfig_SetBytesString(c, &c->executable, exe.python));
	TRY(s, PyConfig_SetBytesString(c, &c->base_executable, exe.base));
	return s;
}

/*
 * sys.path as it stands before site: $PYTHONPATH (whether that counts is
 * known only when the command line has been read), then the library.
 */
static PyStatus
set_search_path(PyConfig *c)
{
	PyStatus s = PyStatus_Ok();
	const wchar_t *from = c->pythonpath_env;

	while (from != NULL && *from != L'\0') {
		const wchar_t *end = wcschr(from, L':');
		size_t len = end == NULL ? wcslen(from) : (size_t)(end - from);
		wchar_t *part = PyMem_RawCalloc(len + 1, sizeof(*part));

		if (part == NULL)
			return PyStatus_NoMemory();
		wmemcpy(part, from, len);
		TRY(s, PyWideStringList_Append(&c->module_search_paths, part));
		PyMem_RawFree(part);
		from = end == NULL ? NULL : end + 1;
	}
	TRY(s, PyWideStringList_Append(&c->module_search_paths, LIBRARY));
	return s;
}

static PyStatus
start(PyConfig *c, const char *argv0)
{
	PyStatus s = PyStatus_Ok();

	if (PyImport_AppendInittab("_greencorn_frozen", python_frozen_module) <
		0 ||
	    PyImport_AppendInittab(
		"_greencorn_settings", python_settings_module) < 0)
		return PyStatus_NoMemory();
	PyImport_FrozenModules = python_frozen_modules;
	c->use_frozen_modules = 1;
	c->pathconfig_warnings = 0;
	c->module_search_paths_set = 1;
	TRY(s, set_places(c, argv0));
	TRY(s, PyConfig_Read(c));
	TRY(s, set_search_path(c));
	TRY(s, Py_InitializeFromConfig(c));
	return s;
}

/* With -S nobody has imported it yet. Without it the library has no sources
   and no data, which is no reason to run nothing at all. */
static void
ensure_boot(void)
{
	PyObject *boot = PyImport_ImportModule("greencorn._boot"); /* new */

	if (boot == NULL)
		PyErr_Print();
	Py_XDECREF(boot);
}

static void
log_failure(PyStatus s)
{
	log_event(
	    EV_PYTHON_START, s.err_msg != NULL ? s.err_msg : "it asks to exit");
}

int
python_start_server(int argc, char **argv)
{
	PyStatus s = preinitialize(0, NULL);
	PyConfig c;

	if (PyStatus_Exception(s)) {
		log_failure(s);
		return -E_PYTHON;
	}
	PyConfig_InitPythonConfig(&c);
	c.parse_argv = 0;
	c.install_signal_handlers = 0;
	TRY(s, PyConfig_SetBytesArgv(&c, argc, argv));
	TRY(s, start(&c, argc > 0 ? argv[0] : ""));
	PyConfig_Clear(&c);
	if (PyStatus_Exception(s)) {
		log_failure(s);
		return -E_PYTHON;
	}
	ensure_boot();
	return 0;
}

int
python_start_moved(void)
{
	PyObject *paths = PyImport_ImportModule("greencorn._paths"); /* new */
	PyObject *none = NULL;                                       /* new */

	if (paths != NULL)
		none = PyObject_CallMethod(paths, "moved", NULL);
	Py_XDECREF(paths);
	Py_XDECREF(none);
	return none == NULL ? -E_PYTHON : 0;
}

int
python_start_command(const char *argv0, int argc, char **argv)
{
	PyStatus s = preinitialize(argc, argv);
	PyConfig c;

	if (PyStatus_Exception(s))
		Py_ExitStatusException(s);
	PyConfig_InitPythonConfig(&c);
	TRY(s, PyConfig_SetBytesArgv(&c, argc, argv));
	TRY(s, start(&c, argv0));
	PyConfig_Clear(&c);
	if (PyStatus_Exception(s))
		Py_ExitStatusException(s); /* --version too */
	ensure_boot();
	return Py_RunMain();
}
