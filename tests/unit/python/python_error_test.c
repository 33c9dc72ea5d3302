/*
 * python_error, python_fork, python_gil, python_stacks: exceptions as text,
 * forks that warn, threads that come and go, stacks without the GIL.
 */
#include "interpreter.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "python/python_error.h"
#include "python/python_fork.h"
#include "python/python_gil.h"
#include "python/python_ref.h"
#include "python/python_stacks.h"

/* The machine's libc has no fork with flags; none are asked for here. */
pid_t greencorn_fork(unsigned long flags);

pid_t
greencorn_fork(unsigned long flags)
{
	assert_int_equal(flags, 0);
	return fork();
}

/* Leaves the exception of that statement set. */
static void
raise_from(const char *source)
{
	PyObject *dict = PyModule_GetDict(PyImport_AddModule("__main__"));
	PyObject *result = PyRun_String(source, Py_file_input, dict, dict);

	assert_null(result);
}

static void
tells_kinds_apart(void **state)
{
	(void)state;
	assert_int_equal(python_error_kind(), PYTHON_ERROR_NONE);
	raise_from("raise SystemExit(7)");
	assert_int_equal(python_error_kind(), PYTHON_ERROR_EXIT);
	assert_int_equal(python_error_exit_status(), 7);
	raise_from("raise SystemExit");
	assert_int_equal(python_error_exit_status(), 0);
	raise_from("raise SystemExit('no')");
	assert_int_equal(python_error_exit_status(), 1);
	raise_from("raise KeyboardInterrupt");
	assert_int_equal(python_error_kind(), PYTHON_ERROR_INTERRUPT);
	PyErr_Clear();
	raise_from("import absent_thing");
	assert_int_equal(python_error_kind(), PYTHON_ERROR_IMPORT);
	PyErr_Clear();
	raise_from("1/0");
	assert_int_equal(python_error_kind(), PYTHON_ERROR_OTHER);
	PyErr_Clear();
}

static void
gives_whole_and_short_text(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	raise_from("def f(): raise ValueError('deep')\nf()");
	python_error_text(&b);
	assert_int_equal(buf_put(&b, (struct str){ "", 1 }), 0);
	assert_non_null(strstr(b.mem, "Traceback"));
	assert_non_null(strstr(b.mem, "in f\n"));
	assert_non_null(strstr(b.mem, "ValueError: deep\n"));
	buf_finish(&b);
	raise_from("raise ValueError('short')");
	python_error_line(&b);
	assert_true(str_eq(buf_str(&b), STR("ValueError: short")));
	buf_finish(&b);
	python_error_text(&b); /* none is set */
	assert_int_equal(buf_len(&b), 0);
}

static void
bounds_the_text(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	raise_from("raise ValueError('a' * 5000 + 'the end')");
	python_error_text(&b);
	assert_true(buf_len(&b) <= 1000 && buf_len(&b) > 900);
	assert_true(str_ends(buf_str(&b), STR("the end\n")));
	assert_true(str_starts(buf_str(&b), STR("Traceback")));
	buf_finish(&b);
}

static void
survives_a_str_that_raises(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	raise_from("class E(Exception):\n"
	    "    def __str__(self): raise ValueError\n"
	    "raise E");
	python_error_text(&b);
	assert_true(buf_len(&b) > 0);
	assert_null(PyErr_Occurred());
	buf_finish(&b);
}

static void
makes_latin1(void **state)
{
	PyObject *text;
	struct str back;

	(void)state;
	text = python_ref_latin1(STR("caf\xe9 long enough for words"));
	assert_true(python_ref_bytes_of(text, &back));
	assert_true(str_eq(back, STR("caf\xe9 long enough for words")));
	Py_DECREF(text);
	text = python_ref_latin1(STR("plain"));
	assert_true(PyUnicode_IS_ASCII(text));
	Py_DECREF(text);
	text = python_ref_latin1(STR(""));
	assert_int_equal(PyUnicode_GET_LENGTH(text), 0);
	Py_DECREF(text);
	text = PyUnicode_FromString("\xe2\x82\xac");
	assert_false(python_ref_bytes_of(text, &back));
	Py_DECREF(text);
	assert_false(python_ref_bytes_of(Py_None, &back));
}

static void *
thread_of_c(void *arg)
{
	assert_false(python_gil_held());
	assert_int_equal(python_gil_attach(), 0);
	assert_true(python_gil_held());
	*(long *)arg = PyLong_AsLong(PyLong_FromLong(5));
	python_gil_drop();
	assert_false(python_gil_held());
	python_gil_take();
	python_gil_detach();
	assert_false(python_gil_held());
	return NULL;
}

static void
threads_of_c_come_and_go(void **state)
{
	pthread_t thread;
	long answer = 0;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, thread_of_c, &answer), 0);
	python_gil_drop();
	pthread_join(thread, NULL);
	python_gil_take();
	assert_int_equal(answer, 5);
}

static int
exit_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
forks(void **state)
{
	pid_t pid;

	(void)state;
	interpreter_clear_log();
	interpreter_run("import os\n"
	    "os.register_at_fork(after_in_child=lambda: os.putenv('A', 'b'))");
	pid = python_fork(0);
	if (pid == 0)
		_exit(getenv("A") != NULL && PyRun_SimpleString(
		    "import threading; assert threading.active_count() == 1")
		    == 0 ? 9 : 1);
	assert_true(pid > 0);
	assert_int_equal(exit_of(pid), 9);
	assert_string_equal(logged, "");
}

static void
warns_of_threads(void **state)
{
	pid_t pid;

	(void)state;
	interpreter_clear_log();
	interpreter_run("import threading\n"
	    "go = threading.Event()\n"
	    "t = threading.Thread(target=go.wait, name='the culprit')\n"
	    "t.start()\n");
	pid = python_fork(0);
	if (pid == 0)
		_exit(0);
	assert_int_equal(exit_of(pid), 0);
	assert_non_null(strstr(logged, "the culprit"));
	assert_null(strstr(logged, "MainThread"));
	interpreter_run("go.set(); t.join()");
}

static void
dumps_stacks_of_all_threads(void **state)
{
	char text[8192];
	ssize_t n;
	int fds[2];

	(void)state;
	interpreter_run("import threading\n"
	    "up, go = threading.Event(), threading.Event()\n"
	    "def in_the_thread(): up.set(); go.wait()\n"
	    "t = threading.Thread(target=in_the_thread)\n"
	    "t.start(); up.wait()\n");
	assert_int_equal(pipe(fds), 0);
	python_stacks_dump(fds[1]);
	n = read(fds[0], text, sizeof text - 1);
	assert_true(n > 0);
	text[n] = '\0';
	assert_non_null(strstr(text, "in_the_thread"));
	close(fds[0]);
	close(fds[1]);
	interpreter_run("go.set(); t.join()");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_kinds_apart),
		cmocka_unit_test(gives_whole_and_short_text),
		cmocka_unit_test(bounds_the_text),
		cmocka_unit_test(survives_a_str_that_raises),
		cmocka_unit_test(makes_latin1),
		cmocka_unit_test(threads_of_c_come_and_go),
		cmocka_unit_test(forks),
		cmocka_unit_test(warns_of_threads),
		cmocka_unit_test(dumps_stacks_of_all_threads),
	};

	return cmocka_run_group_tests(tests, interpreter_start,
	    interpreter_stop);
}
