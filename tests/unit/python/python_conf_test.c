/*
 * python_conf: what a configuration file's names become.
 */
#include "interpreter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "python/python_conf.h"

static const char files[] =
    "import os, sys, tempfile\n"
    "d = tempfile.mkdtemp()\n"
    "os.chdir(d)\n"
    "open('good.py', 'w').write('''# -*- coding: latin-1 -*-\n"
    "import os\n"
    "assert __name__ == \"__config__\" and __file__ == \"good.py\"\n"
    "assert sys_modules_has_us()\n"
    "bind = [\"0.0.0.0:80\", \"unix:/a\\\\\\\\b\"]\n"
    "workers = 2 * 2\n"
    "timeout = 1.5\n"
    "preload_app = True\n"
    "reload = False\n"
    "user = None\n"
    "proc_name = \"caf\\\\u00e9\"\n"
    "empty = \"\"\n"
    "secure_scheme_headers = {\"X-A\": \"b\\\\\"c\", \"n\": (1, None)}\n"
    "_private = 1\n"
    "class Logger: pass\n"
    "logger_class = Logger\n"
    "def post_fork(server, worker): return 42\n"
    "'''.replace('sys_modules_has_us()',"
    " '__import__(\"sys\").modules[\"__config__\"].__name__ == __name__'))\n"
    "open('raises.py', 'w').write('x = 1\\n1/0\\n')\n"
    "open('syntax.py', 'w').write('x = = 1\\n')\n"
    "open('leaves.py', 'w').write('raise SystemExit(3)\\n')\n"
    "sys.path.insert(0, '')\n";

static char got[64 * 1024];

static int
keep(void *cookie, const char *name, struct str text)
{
	size_t len = strlen(got);

	(void)cookie;
	if (text.ptr == NULL)
		text = STR("<none>");
	snprintf(got + len, sizeof got - len, "%s=%.*s\n", name,
	    STR_ARG(text));
	return 0;
}

static int
stop(void *cookie, const char *name, struct str text)
{
	(void)cookie;
	(void)name;
	(void)text;
	return -E_GONE;
}

static int
prepare(void **state)
{
	if (interpreter_start(state) < 0)
		return -1;
	interpreter_run(files);
	return 0;
}

static void
check_good(const char *source)
{
	static const char *const lines[] = {
		"bind=[\"0.0.0.0:80\",\"unix:/a\\\\b\"]\n",
		"\nworkers=4\n", "\ntimeout=1.5\n", "\npreload_app=true\n",
		"\nreload=false\n", "\nuser=<none>\n",
		"\nproc_name=caf\xc3\xa9\n", "\nempty=\n",
		"\nsecure_scheme_headers={\"X-A\":\"b\\\"c\",\"n\":[1,null]}\n",
		"\nlogger_class=__config__:Logger\n",
		"\npost_fork=__config__:post_fork\n",
	};

	got[0] = '\0';
	interpreter_clear_log();
	if (python_conf_read(source, keep, NULL) != 0)
		fail_msg("%s", logged);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		if (strstr(got, lines[i]) == NULL)
			fail_msg("no %s in %s", lines[i], got);
	assert_null(strstr(got, "private"));
	assert_null(strstr(got, "\nos="));
	assert_null(PyErr_Occurred());
}

static void
reads_settings(void **state)
{
	(void)state;
	check_good("good.py");
	check_good("file:good.py");
}

static void
keeps_hooks(void **state)
{
	PyObject *hook, *result;

	(void)state;
	check_good("good.py");
	assert_non_null(python_conf_names());
	hook = PyDict_GetItemString(
	    (PyObject *)python_conf_names(), "post_fork");
	assert_non_null(hook);
	result = PyObject_CallFunction(hook, "ii", 1, 2);
	assert_int_equal(PyLong_AsLong(result), 42);
	Py_DECREF(result);
}

static void
stops_when_told(void **state)
{
	(void)state;
	assert_int_equal(python_conf_read("good.py", stop, NULL), -E_GONE);
}

static void
says_what_is_wrong(void **state)
{
	static const struct {
		const char *source;
		int rc;
		const char *text;
	} cases[] = {
		{ "absent.py", -E_NOT_FOUND, "Error: 'absent.py' doesn't exist" },
		{ "raises.py", -E_PYTHON, "Failed to read config file: raises.py" },
		{ "raises.py", -E_PYTHON, "ZeroDivisionError" },
		{ "syntax.py", -E_PYTHON, "SyntaxError" },
		{ "leaves.py", -E_PYTHON, "SystemExit: 3" },
		{ "python:absent_module", -E_PYTHON, "absent_module" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		interpreter_clear_log();
		assert_int_equal(python_conf_read(cases[i].source, keep, NULL),
		    cases[i].rc);
		if (strstr(logged, cases[i].text) == NULL)
			fail_msg("%s: %s", cases[i].source, logged);
		assert_null(PyErr_Occurred());
	}
}

static void
needs_no_file(void **state)
{
	(void)state;
	got[0] = '\0';
	assert_int_equal(python_conf_read(NULL, keep, NULL), 0);
	assert_string_equal(got, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_settings),
		cmocka_unit_test(keeps_hooks),
		cmocka_unit_test(stops_when_told),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(needs_no_file),
	};

	return cmocka_run_group_tests(tests, prepare, interpreter_stop);
}
