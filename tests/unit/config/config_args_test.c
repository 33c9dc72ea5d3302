/* Command lines, as argparse understands them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "config/config_list.h"
#include "draft.h"

/* Reads a line whose words have "|" between. */
static int
read_line(const char *line, enum config_source source)
{
	static char copy[512];
	char *argv[32] = { copy }, *rest = copy;
	int argc = 1;

	assert_true(strlen(line) < sizeof(copy));
	memcpy(copy, line, strlen(line) + 1);
	while (line[0] != '\0' && rest != NULL && argc < 31)
		argv[argc++] = strsep(&rest, "|");
	p.text[0] = '\0';
	return config_args_read(d, argc, argv, source, &p);
}

/* Reads it into a new draft. */
static int
args(const char *line)
{
	config_draft_destroy(d);
	d = config_draft_create();
	assert_non_null(d);
	return read_line(line, CONFIG_SOURCE_ARGS);
}

#define TEXT(name, text) assert_string_equal(config_draft_text(d, name), text)

static void
each_way_to_write_a_value(void **state)
{
	static const char *const lines[] = { "--workers|3", "--workers=3",
		"-w|3", "-w3", "-w=3", "--workers|2|-w|3" };

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_int_equal(args(lines[i]), CONFIG_ARGS_SERVE);
		TEXT("workers", "3");
	}
	assert_int_equal(args("--access-logfile|-|app:app"), 0);
	TEXT("accesslog", "-");
	TEXT("wsgi_app", "app:app");
	assert_int_equal(args("--name=a=b"), 0);
	TEXT("proc_name", "a=b");
	assert_int_equal(args("--access-logformat|-%(h)s x"), 0);
	TEXT("access_log_format", "-%(h)s x");
}

static void
the_application_may_stand_anywhere(void **state)
{
	static const char *const lines[] = { "app:app|-w|3",
		"-w|3|app:app|--preload", "--preload|app:app|other" };

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_int_equal(args(lines[i]), 0);
		TEXT("wsgi_app", "app:app");
	}
	assert_int_equal(args("--|-w:app"), 0);
	TEXT("wsgi_app", "-w:app");
	assert_int_equal(args(""), 0);
	TEXT("wsgi_app", "");
}

static void
beginnings_of_long_flags(void **state)
{
	(void)state;
	assert_int_equal(args("--grace|5"), 0);
	TEXT("graceful_timeout", "5");
	assert_int_equal(args("--time=5"), 0);
	TEXT("timeout", "5");
	assert_int_equal(args("--bin|:1"), 0);
	TEXT("bind", ":1");
	/* Two flags of one setting are no ambiguity. */
	assert_int_equal(args("--limit-request-field_|7"), 0);
	assert_int_equal(args("--work|3"), -E_USAGE);
	assert_string_equal(p.text, "ambiguous flag --work; see --help");
	/* A whole flag is itself, though others begin with it. */
	assert_int_equal(args("--reload"), 0);
	TEXT("reload", "true");
	assert_int_equal(args("--log-config|x"), 0);
	TEXT("logconfig", "x");
}

static void
flags_without_values(void **state)
{
	(void)state;
	assert_int_equal(args("-R|--preload|--no-sendfile"), 0);
	TEXT("enable_stdio_inheritance", "true");
	TEXT("preload_app", "true");
	TEXT("sendfile", "false");
	assert_int_equal(args("-Rw3"), 0);
	TEXT("enable_stdio_inheritance", "true");
	TEXT("workers", "3");
}

static void
lists_grow_with_each_flag(void **state)
{
	struct str value;

	(void)state;
	assert_int_equal(args("-b|a:1|--bind=unix:/x|-bc:3"), 0);
	value = config_entry_value(config_draft_entry(d, "bind"));
	assert_true(str_eq(config_list_next(&value), STR("a:1")));
	assert_true(str_eq(config_list_next(&value), STR("unix:/x")));
	assert_true(str_eq(config_list_next(&value), STR("c:3")));
	assert_int_equal(value.len, 0);
}

static void
what_is_asked_for_instead(void **state)
{
	(void)state;
	assert_int_equal(args("--help"), CONFIG_ARGS_HELP);
	assert_int_equal(args("-h"), CONFIG_ARGS_HELP);
	assert_int_equal(args("--hel"), CONFIG_ARGS_HELP);
	assert_int_equal(args("-v|app"), CONFIG_ARGS_VERSION);
	assert_int_equal(args("app|--version"), CONFIG_ARGS_VERSION);
}

static void
misuse_is_named(void **state)
{
	static const char *const lines[][2] = {
		{ "--wrokers|3", "unknown flag --wrokers; did you mean "
				 "--workers?" },
		{ "--keepalive=3", "unknown flag --keepalive; did you mean "
				   "--keep-alive?" },
		{ "--zz\nzz\033", "unknown flag --zz\\x0azz\\x1b; see --help" },
		{ "--zzzzzzzz", "unknown flag --zzzzzzzz; see --help" },
		{ "app|-w", "flag -w needs a value" },
		{ "--workers|--preload", "flag --workers needs a value" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_int_equal(args(lines[i][0]), -E_USAGE);
		assert_string_equal(p.text, lines[i][1]);
	}
	assert_int_equal(args("-Z"), -E_USAGE);
	assert_int_equal(args("-w|many"), -E_BAD_VALUE);
	assert_string_equal(p.text, "-w: workers is 'many', but must be a "
	    "number from 1 to 512");
	assert_int_equal(args("-w|-3"), -E_BAD_VALUE);
}

static void
gunicorn_cmd_args_ignore_an_application(void **state)
{
	(void)state;
	assert_int_equal(read_line("-w|3|app:app", CONFIG_SOURCE_CMD_ARGS), 0);
	TEXT("workers", "3");
	TEXT("wsgi_app", "");
	assert_string_equal(config_draft_entry(d, "workers")->where,
	    "GUNICORN_CMD_ARGS -w");
	assert_int_equal(read_line("--wrokers|3", CONFIG_SOURCE_CMD_ARGS),
	    -E_USAGE);
	assert_string_equal(p.text, "GUNICORN_CMD_ARGS: unknown flag "
	    "--wrokers; did you mean --workers?");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, draft_setup, draft_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_way_to_write_a_value),
		TEST(the_application_may_stand_anywhere),
		TEST(beginnings_of_long_flags),
		TEST(flags_without_values),
		TEST(lists_grow_with_each_flag),
		TEST(what_is_asked_for_instead),
		TEST(misuse_is_named),
		TEST(gunicorn_cmd_args_ignore_an_application),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
