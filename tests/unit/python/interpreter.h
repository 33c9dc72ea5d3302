/*
 * interpreter: a Python in a test, and what it logged meanwhile.
 */
#ifndef TESTS_INTERPRETER_H
#define TESTS_INTERPRETER_H

#include <Python.h>

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "python/python_start.h"

/*
 * Python does not free all that it has at its end, so the leak checker would
 * find that. Tests of ours count Python's blocks themselves.
 */
int
__lsan_is_turned_off(void)
{
	return 1;
}

static char logged[256 * 1024]; /* NUL-terminated, all since the last clear */
static size_t logged_len;

static void
interpreter_keep_log(const char *line, size_t n)
{
	if (n >= sizeof logged - logged_len)
		return;
	memcpy(logged + logged_len, line, n);
	logged_len += n;
	logged[logged_len] = '\0';
}

static void
interpreter_clear_log(void)
{
	logged_len = 0;
	logged[0] = '\0';
}

/* As the server's is started, with the library out of the binary. */
static int
interpreter_start(void **state)
{
	static char name[] = "greencorn";
	static char *argv[] = { name, NULL };
	PyPreConfig before;

	(void)state;
	log_write = interpreter_keep_log;
	/* malloc, so that the address sanitizer sees each object. */
	PyPreConfig_InitIsolatedConfig(&before);
	before.allocator = PYMEM_ALLOCATOR_MALLOC;
	before.utf8_mode = 1;
	if (PyStatus_Exception(Py_PreInitialize(&before)))
		return -1;
	return python_start_server(1, argv);
}

static int
interpreter_stop(void **state)
{
	(void)state;
	return Py_FinalizeEx();
}

/* Runs statements in __main__; they must not raise. */
static void
interpreter_run(const char *source)
{
	if (PyRun_SimpleString(source) != 0)
		Py_FatalError("a test's own Python raised");
}

#endif
