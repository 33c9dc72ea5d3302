/*
 * python_loader: every form of an application's name, and Gunicorn's words
 * for what is wrong.
 */
#include "interpreter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "python/python_loader.h"

static const char files[] =
    "import os, sys, tempfile\n"
    "d = tempfile.mkdtemp()\n"
    "os.chdir(d)\n"
    "open('good.py', 'w').write('''\n"
    "def application(environ, start_response): return []\n"
    "other = application\n"
    "class ns:\n"
    "    inner = staticmethod(application)\n"
    "    @staticmethod\n"
    "    def make(): return application\n"
    "number = 5\n"
    "nothing = None\n"
    "def create(name, debug=False):\n"
    "    assert name == 'x' and debug in (True, False)\n"
    "    return application\n"
    "def broken(): raise ValueError('in the factory')\n"
    "def typed(): return len(5)\n"
    "''')\n"
    "open('raises.py', 'w').write('1/0\\n')\n"
    "open('inner.py', 'w').write('import not_installed_thing\\n')\n"
    "open('leaves.py', 'w').write('raise SystemExit(7)\\n')\n"
    "os.mkdir('pkg')\n"
    "open('pkg/__init__.py', 'w').close()\n"
    "open('pkg/sub.py', 'w').write('def app(e, s): return []\\n')\n"
    "sys.path.insert(0, '')\n";

static int
prepare(void **state)
{
	if (interpreter_start(state) < 0)
		return -1;
	interpreter_run(files);
	return 0;
}

static void
finds_applications(void **state)
{
	static const char *const uris[] = {
		"good", "good:application", "good:other", "good:ns.inner",
		"good:create('x')", "good:create('x', debug=True)",
		"good:create(debug=False, name='x')", "good:ns.make()",
		"pkg.sub:app",
	};
	void *app;

	(void)state;
	for (size_t i = 0; i < sizeof uris / sizeof *uris; i++) {
		interpreter_clear_log();
		assert_int_equal(python_loader_load(uris[i], &app), 0);
		assert_true(PyCallable_Check((PyObject *)app));
		assert_string_equal(logged, "");
		Py_DECREF((PyObject *)app);
		assert_null(PyErr_Occurred());
	}
}

static void
says_what_is_wrong(void **state)
{
	static const struct {
		const char *uri;
		int rc;
		const char *text; /* in the log */
	} cases[] = {
		{ "good:missing", -E_APP_LOAD,
		    "Failed to find attribute 'missing' in 'good'." },
		{ "good:ns.missing", -E_APP_LOAD,
		    "Failed to find attribute 'ns.missing' in 'good'." },
		{ "good:number", -E_APP_LOAD,
		    "Application object must be callable." },
		{ "good:nothing", -E_APP_LOAD,
		    "Failed to find application object: 'nothing'" },
		{ "good:1+", -E_APP_LOAD, "Failed to parse '1+' as an "
		    "attribute name or function call." },
		{ "good:", -E_APP_LOAD, "Failed to parse" },
		{ "good:create(x)", -E_APP_LOAD, "Failed to parse arguments "
		    "as literal values: 'create(x)'" },
		{ "good:create(**{})", -E_APP_LOAD,
		    "Failed to parse arguments as literal values" },
		{ "good:f()()", -E_APP_LOAD,
		    "Function reference must be a simple name: 'f()()'" },
		{ "good:create()", -E_APP_LOAD, "TypeError: create() missing "
		    "1 required positional argument: 'name'" },
		{ "good:broken()", -E_PYTHON, "ValueError: in the factory" },
		{ "good:typed()", -E_PYTHON, "TypeError: object of type 'int'" },
		{ "absent", -E_NOT_FOUND, "No module named 'absent'" },
		{ "pkg.absent:app", -E_NOT_FOUND, "No module named 'pkg.absent" },
		{ "good.py", -E_NOT_FOUND, "Failed to find application, did "
		    "you mean 'good:application'?" },
		{ "inner", -E_PYTHON, "not_installed_thing" },
		{ "raises", -E_PYTHON, "ZeroDivisionError" },
		{ "leaves", -E_PYTHON, "SystemExit: 7" },
	};
	void *app;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		interpreter_clear_log();
		assert_int_equal(python_loader_load(cases[i].uri, &app),
		    cases[i].rc);
		assert_null(app);
		if (strstr(logged, cases[i].text) == NULL)
			fail_msg("%s: %s", cases[i].uri, logged);
		assert_null(PyErr_Occurred());
	}
}

static void
prints_the_whole_traceback(void **state)
{
	void *app;

	(void)state;
	interpreter_clear_log();
	python_loader_load("raises", &app);
	assert_non_null(strstr(logged, "Exception in worker process"));
	assert_non_null(strstr(logged, "Traceback (most recent call last)"));
	assert_non_null(strstr(logged, "raises.py\", line 1"));
}

static void
knows_gunicorns_exit_statuses(void **state)
{
	(void)state;
	assert_int_equal(python_loader_exit_status(-E_APP_LOAD), 4);
	assert_int_equal(python_loader_exit_status(-E_NOT_FOUND), 3);
	assert_int_equal(python_loader_exit_status(-E_PYTHON), 3);
}

static void
puts_a_directory_first_once(void **state)
{
	(void)state;
	assert_int_equal(python_loader_path("/some/dir"), 0);
	assert_int_equal(python_loader_path("/some/dir"), 0);
	interpreter_run("import sys\n"
	    "assert sys.path[0] == '/some/dir'\n"
	    "assert sys.path.count('/some/dir') == 1\n");
	interpreter_run("sys.path.append('/last/dir')\n");
	assert_int_equal(python_loader_path("/last/dir"), 0);
	interpreter_run("assert sys.path[0] == '/last/dir'\n"
	    "assert sys.path.count('/last/dir') == 1\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_applications),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(prints_the_whole_traceback),
		cmocka_unit_test(knows_gunicorns_exit_statuses),
		cmocka_unit_test(puts_a_directory_first_once),
	};

	return cmocka_run_group_tests(tests, prepare, interpreter_stop);
}
