/* The environment: names, ranks, files, and what is no setting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "draft.h"

static char dir[64];

static int
setup(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/config_env_XXXXXX");
	return draft_setup(state) < 0 || mkdtemp(dir) == NULL ? -1 : 0;
}

static const char *
path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

/* With the files that the tests make. */
static int
teardown(void **state)
{
	static const char *const names[] = { "value", "workers", "bind",
		"wokers", ".hidden", "..data" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlink(path_of(names[i]));
	(void)draft_teardown(state);
	return rmdir(dir);
}

static void
write_file(const char *name, const char *text)
{
	FILE *f = fopen(path_of(name), "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* Reads "NAME=VALUE" strings into a new draft. */
static int
env(const char *a, const char *b, const char *c)
{
	static char copies[3][1024];
	const char *all[3] = { a, b, c };
	char *environment[4] = { NULL };

	for (size_t i = 0; i < 3 && all[i] != NULL; i++) {
		snprintf(copies[i], sizeof(copies[i]), "%s", all[i]);
		environment[i] = copies[i];
	}
	config_draft_destroy(d);
	d = config_draft_create();
	assert_non_null(d);
	p.text[0] = logged[0] = '\0';
	return config_env_read(d, environment, &p);
}

#define TEXT(name, text) assert_string_equal(config_draft_text(d, name), text)
#define WHERE(name, text) \
	assert_string_equal(config_draft_entry(d, name)->where, text)

/* Sets a row's default by that variable; where does it come from then? */
static enum config_source
source_by(const char *prefix, const struct config_row *row)
{
	char variable[512];

	snprintf(variable, sizeof(variable), "%s%s=%s", prefix, row->name,
	    row->default_text);
	assert_int_equal(env(variable, NULL, NULL), 0);
	return config_draft_entry(d, row->name)->source;
}

static void
each_setting_has_its_variables(void **state)
{
	(void)state;
	for (unsigned i = 0; i < config_table_n; i++) {
		const struct config_row *row = &config_table[i];

		if (row->default_text[0] == '\0')
			continue;
		assert_int_equal(source_by("GREENCORN_", row),
		    CONFIG_SOURCE_ENV);
		assert_int_equal(source_by("GUNICORN_", row),
		    row->origin == CONFIG_GUNICORN ? CONFIG_SOURCE_GUNICORN
		                                   : CONFIG_SOURCE_DEFAULT);
	}
}

static void
ranks_hold_whatever_the_order(void **state)
{
	(void)state;
	assert_int_equal(env("GREENCORN_WORKERS=2", "WEB_CONCURRENCY=3",
	    "GUNICORN_WORKERS=4"), 0);
	TEXT("workers", "2");
	WHERE("workers", "GREENCORN_WORKERS");
	assert_int_equal(env("GUNICORN_CMD_ARGS=-w 5", "GREENCORN_WORKERS=2",
	    NULL), 0);
	TEXT("workers", "5");
	WHERE("workers", "GUNICORN_CMD_ARGS -w");
}

static void
what_platforms_set(void **state)
{
	(void)state;
	assert_int_equal(env("PORT=9000", "WEB_CONCURRENCY=3",
	    "FORWARDED_ALLOW_IPS=*"), 0);
	TEXT("bind", "0.0.0.0:9000");
	TEXT("workers", "3");
	TEXT("forwarded_allow_ips", "*");
	assert_int_equal(env("PORT=tcp://10.0.0.1:80", "WEB_CONCURRENCY=",
	    "SENDFILE=n"), 0);
	TEXT("bind", "127.0.0.1:8000");
	TEXT("workers", "1");
	TEXT("sendfile", "n");
	assert_int_equal(env("PORT=http", NULL, NULL), -E_BAD_VALUE);
	assert_non_null(strstr(p.text, "PORT: bind is '0.0.0.0:http', but"));
	assert_int_equal(env("WEB_CONCURRENCY=0", NULL, NULL), -E_BAD_VALUE);
}

static void
service_links_are_no_settings(void **state)
{
	(void)state;
	assert_int_equal(env("GREENCORN_PORT=tcp://10.0.0.1:80",
	    "GREENCORN_SERVICE_HOST=10.0.0.1",
	    "GREENCORN_PORT_80_TCP_ADDR=10.0.0.1"), 0);
	assert_string_equal(logged, "");
	assert_int_equal(env("GREENCORN_WEB_SERVICE_PORT_HTTP=80",
	    "GREENCORN_WEB_PORT=tcp://10.0.0.1:80",
	    "GREENCORN_WEB_PORT_80_TCP=tcp://10.0.0.1:80"), 0);
	assert_string_equal(logged, "");
	assert_int_equal(env("GUNICORN_PORT=tcp://10.0.0.1:80",
	    "GUNICORN_SERVICE_HOST=10.0.0.1", NULL), 0);
	assert_string_equal(logged, "");
}

static void
unknown_names_are_warned_of_or_refused(void **state)
{
	(void)state;
	assert_int_equal(env("GREENCORN_WORKRES=3", NULL, NULL), 0);
	assert_non_null(strstr(logged, "GREENCORN_WORKRES: there is no such "
	    "setting; did you mean GREENCORN_WORKERS?"));
	assert_int_equal(env("GREENCORN_STRICT_ENV=1", "GREENCORN_WORKRES=3",
	    NULL), -E_BAD_VALUE);
	assert_int_equal(env("GREENCORN_STRICT_ENV=1", "GREENCORN_WORKERS=3",
	    NULL), 0);
	assert_int_equal(env("GUNICORN_WORKRES=3", "GREENCORNX=1",
	    "GREENCORN_WORKRES="), 0);
	assert_string_equal(logged, "");
}

static void
a_value_out_of_a_file(void **state)
{
	char variable[300];

	(void)state;
	snprintf(variable, sizeof(variable), "GREENCORN_WORKERS_FILE=%s",
	    path_of("value"));
	write_file("value", "3\n");
	assert_int_equal(env(variable, NULL, NULL), 0);
	TEXT("workers", "3");
	WHERE("workers", "GREENCORN_WORKERS_FILE");
	write_file("value", "3\r\n");
	assert_int_equal(env(variable, NULL, NULL), 0);
	TEXT("workers", "3");
	write_file("value", "");
	assert_int_equal(env(variable, NULL, NULL), 0);
	TEXT("workers", "1");
	write_file("value", "many\n");
	assert_int_equal(env(variable, NULL, NULL), -E_BAD_VALUE);
	assert_string_equal(p.text, "GREENCORN_WORKERS_FILE: workers is "
	    "'many', but must be a number from 1 to 512");
	assert_int_equal(env("GREENCORN_WORKERS=2", variable, NULL),
	    -E_BAD_VALUE);
	assert_int_equal(env(variable, "GREENCORN_WORKERS=2", NULL),
	    -E_BAD_VALUE);
	assert_string_equal(p.text, "GREENCORN_WORKERS_FILE: workers is set "
	    "by its own variable too; set one of them");
}

static void
a_file_that_cannot_be_read_is_named(void **state)
{
	static char big[70000];
	char variable[300];

	(void)state;
	assert_int_equal(env("GREENCORN_WORKERS_FILE=/none/such", NULL, NULL),
	    -E_SYSTEM);
	assert_string_equal(p.text, "GREENCORN_WORKERS_FILE: cannot read "
	    "/none/such: No such file or directory");
	assert_true(env("GREENCORN_WORKERS_FILE=/tmp", NULL, NULL) < 0);
	memset(big, '1', sizeof(big) - 1);
	write_file("value", big);
	snprintf(variable, sizeof(variable), "GREENCORN_WSGI_APP_FILE=%s",
	    path_of("value"));
	assert_int_equal(env(variable, NULL, NULL), -E_TOO_LONG);
}

static void
a_directory_with_a_file_for_each_setting(void **state)
{
	char variable[300];

	(void)state;
	write_file("workers", "2\n");
	write_file("bind", "a:1\nb:2\n");
	write_file("..data", "x");
	write_file(".hidden", "x");
	snprintf(variable, sizeof(variable), "GREENCORN_CONFIG_DIR=%s", dir);
	assert_int_equal(env(variable, "GUNICORN_WORKERS=4", NULL), 0);
	TEXT("workers", "2");
	TEXT("bind", "a:1");
	assert_string_equal(logged, "");
	assert_int_equal(env(variable, "GREENCORN_WORKERS=3", NULL), 0);
	TEXT("workers", "3");
	write_file("wokers", "2\n");
	assert_int_equal(env(variable, NULL, NULL), 0);
	assert_non_null(strstr(logged, "did you mean GREENCORN_WORKERS?"));
	assert_int_equal(env(variable, "GREENCORN_STRICT_ENV=yes", NULL),
	    -E_BAD_VALUE);
	assert_int_equal(env("GREENCORN_CONFIG_DIR=/none/such", NULL, NULL),
	    -E_SYSTEM);
}

static void
gunicorn_cmd_args_are_words(void **state)
{
	(void)state;
	assert_int_equal(env("GUNICORN_CMD_ARGS=--name 'a b' -e \"X=1 2\"",
	    NULL, NULL), 0);
	TEXT("proc_name", "a b");
	TEXT("raw_env", "X=1 2");
	assert_int_equal(env("GUNICORN_CMD_ARGS=--name 'a b", NULL, NULL),
	    -E_BAD_VALUE);
	assert_string_equal(p.text, "GUNICORN_CMD_ARGS: a quote is not "
	    "closed");
	assert_true(env("GUNICORN_CMD_ARGS=--nmae x", NULL, NULL) < 0);
	assert_int_equal(env("GUNICORN_CMD_ARGS=", NULL, NULL), 0);
}

static void
the_application_by_its_other_name(void **state)
{
	(void)state;
	assert_int_equal(env("GREENCORN_APP_MODULE=a:b", NULL, NULL), 0);
	TEXT("wsgi_app", "a:b");
	assert_string_equal(logged, "");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_setting_has_its_variables),
		TEST(ranks_hold_whatever_the_order),
		TEST(what_platforms_set),
		TEST(service_links_are_no_settings),
		TEST(unknown_names_are_warned_of_or_refused),
		TEST(a_value_out_of_a_file),
		TEST(a_file_that_cannot_be_read_is_named),
		TEST(a_directory_with_a_file_for_each_setting),
		TEST(gunicorn_cmd_args_are_words),
		TEST(the_application_by_its_other_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
