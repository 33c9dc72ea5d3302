/*
 * python_log: Python's loggers write the server's log lines, whether logging
 * was imported before or after.
 */
#include "interpreter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "python/python_log.h"

static int
prepare(void **state)
{
	if (interpreter_start(state) < 0)
		return -1;
	interpreter_run("import sys");
	log_set_level(LOG_INFO);
	return python_log_start();
}

static void
does_not_import_logging(void **state)
{
	(void)state;
	interpreter_run("assert 'logging' not in sys.modules");
}

static void
loggers_write_log_lines(void **state)
{
	(void)state;
	interpreter_clear_log();
	interpreter_run("import logging\n"
	    "assert type(logging.__loader__).__module__ != "
	    "'greencorn._logging'\n"
	    "assert logging.__spec__.loader is logging.__loader__\n"
	    "log = logging.getLogger('gunicorn.error')\n"
	    "log.debug('not shown')\n"
	    "log.info('shown %d', 5)\n"
	    "log.warning('two\\nlines')\n"
	    "try: 1/0\n"
	    "except ZeroDivisionError: log.exception('went wrong')\n"
	    "log.critical('odd \\udc80')\n");
	assert_null(strstr(logged, "not shown"));
	assert_non_null(strstr(logged, "[INFO] shown 5\n"));
	assert_non_null(strstr(logged, "[WARNING] two\n"));
	assert_non_null(strstr(logged, "[WARNING] lines\n"));
	assert_non_null(strstr(logged, "[ERROR] went wrong\n"));
	assert_non_null(strstr(logged, "[ERROR] ZeroDivisionError"));
	assert_non_null(strstr(logged, "[CRITICAL] odd "));
}

static char access_line[256];

static void
put_access(struct str text)
{
	assert_int_equal(str_to_z(text, access_line, sizeof(access_line)), 0);
}

static void
access_lines_go_their_own_way(void **state)
{
	(void)state;
	interpreter_clear_log();
	interpreter_run("a = logging.getLogger('gunicorn.access')\n"
	    "a.info('nowhere')");
	python_log_set_access(put_access);
	interpreter_run("a.debug('not shown')\na.info('to %s', 'there')");
	assert_string_equal(access_line, "to there");
	assert_string_equal(logged, "");
}

static void
other_loggers_are_left_alone(void **state)
{
	(void)state;
	interpreter_clear_log();
	interpreter_run("assert logging.getLogger().handlers == []\n"
	    "assert len(logging.getLogger('gunicorn.error').handlers) == 1\n"
	    "assert not logging.getLogger('gunicorn.access').propagate\n");
	assert_string_equal(logged, "");
}

static void
a_second_start_changes_the_level(void **state)
{
	(void)state;
	interpreter_clear_log();
	log_set_level(LOG_ERROR);
	assert_int_equal(python_log_start(), 0);
	interpreter_run("log.warning('not shown')\nlog.error('once')");
	assert_null(strstr(logged, "not shown"));
	assert_non_null(strstr(logged, "[ERROR] once\n"));
	assert_null(strstr(strstr(logged, "once") + 1, "once"));
	log_set_level(LOG_INFO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(does_not_import_logging),
		cmocka_unit_test(loggers_write_log_lines),
		cmocka_unit_test(access_lines_go_their_own_way),
		cmocka_unit_test(other_loggers_are_left_alone),
		cmocka_unit_test(a_second_start_changes_the_level),
	};

	return cmocka_run_group_tests(tests, prepare, interpreter_stop);
}
