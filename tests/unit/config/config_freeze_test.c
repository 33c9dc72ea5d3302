/* The frozen struct, and --print-config. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "draft.h"

#define MEM_LEN 65536

static _Alignas(16) char mem[MEM_LEN];

static void
set(const char *name, const char *value)
{
	assert_int_equal(config_draft_set(d, CONFIG_SOURCE_ENV, "somewhere",
			     name, str_of(value), &p),
	    0);
}

static int
setup(void **state)
{
	if (draft_setup(state) < 0)
		return -1;
	set("wsgi_app", "app:app");
	return 0;
}

static bool
is_inside(const void *pointer)
{
	const char *c = pointer;

	return c >= mem && c < mem + MEM_LEN;
}

static void
values_arrive_in_their_fields(void **state)
{
	const struct config *c = (const void *)mem;

	(void)state;
	set("workers", "3");
	set("timeout", "1.5");
	set("request_buffer", "96k");
	set("preload_app", "yes");
	set("umask", "022");
	set("bind", "a:1,unix:/x");
	set("forwarded_allow_ips", "10.0.0.0/8,*");
	assert_int_equal(config_freeze(d, mem, MEM_LEN, &p), 0);
	assert_string_equal(c->wsgi_app, "app:app");
	assert_int_equal(c->workers, 3);
	assert_string_equal(c->workers_source, "somewhere");
	assert_int_equal(c->timeout, 1500);
	assert_int_equal(c->request_buffer, 98304);
	assert_true(c->preload_app);
	assert_int_equal(c->umask, 18);
	assert_int_equal(c->bind.n, 2);
	assert_string_equal(c->bind.items[0], "a:1");
	assert_string_equal(c->bind.items[1], "unix:/x");
	assert_null(c->bind.items[2]);
	assert_int_equal(c->forwarded_allow_ips.n, 2);
	assert_true(config_net_has(&c->forwarded_allow_ips, STR("9.9.9.9")));
	assert_int_equal(c->secure_scheme_headers.n, 3);
	assert_string_equal(c->secure_scheme_headers.items[3], "https");
	assert_string_equal(c->chdir, "");
	assert_int_equal(c->raw_env.n, 0);
}

static void
nothing_points_out_of_the_memory(void **state)
{
	const struct config *c = (const void *)mem;

	(void)state;
	set("bind", "a:1,unix:/x");
	assert_int_equal(config_freeze(d, mem, MEM_LEN, &p), 0);
	assert_true(is_inside(c->wsgi_app) && is_inside(c->chdir));
	assert_true(is_inside(c->bind.items) && is_inside(c->bind.items[1]));
	assert_true(is_inside(c->workers_source));
	assert_true(is_inside(c->forwarded_allow_ips.items));
	assert_true(is_inside(c->secure_scheme_headers.items[0]));
}

static void
too_little_memory_is_an_error_at_any_size(void **state)
{
	int rc = -E_TOO_LONG;

	(void)state;
	set("bind", "a:1,b:2");
	for (size_t n = 0; n < MEM_LEN && rc < 0; n += 3) {
		void *exact = test_malloc(n + 1); /* ASan sees what is beyond */

		p.text[0] = '\0';
		rc = config_freeze(d, exact, n, &p);
		if (rc < 0) {
			assert_int_equal(rc, -E_TOO_LONG);
			assert_true(p.text[0] != '\0');
		}
		test_free(exact);
	}
	assert_int_equal(rc, 0);
}

static void
an_application_must_be_named(void **state)
{
	(void)state;
	config_draft_destroy(d);
	d = config_draft_create();
	assert_non_null(d);
	assert_int_equal(config_freeze(d, mem, MEM_LEN, &p), -E_BAD_VALUE);
	assert_non_null(strstr(p.text, "No application module specified"));
}

static void
what_does_nothing_yet_is_warned_of(void **state)
{
	(void)state;
	config_warn(d);
	assert_string_equal(logged, "");
	set("websocket_max_message_size", "5");
	set("http_parser", "fast");
	config_warn(d);
	assert_non_null(strstr(logged,
	    "somewhere: websocket_max_message_size is accepted, "
	    "but this version does not act on it yet"));
	assert_null(strstr(logged, "http_parser"));
}

/* --print-config in the given form; freed by the caller. */
static char *
print(const char *form)
{
	struct buf out;
	char *text;

	buf_init(&out, 1 << 20);
	set("print_format", form);
	assert_int_equal(config_print(d, &out), 0);
	text = strndup(buf_str(&out).ptr, buf_len(&out));
	assert_non_null(text);
	buf_finish(&out);
	return text;
}

static void
printed_as_text_with_its_source(void **state)
{
	char *text;

	(void)state;
	set("raw_env", "SECRET=hunter2,B=c");
	set("bind", "a:1,b:2");
	text = print("text");
	assert_non_null(strstr(text, "= [\"a:1\", \"b:2\"]  # somewhere\n"));
	assert_non_null(strstr(text, "\"SECRET=***\", \"B=***\""));
	assert_null(strstr(text, "hunter2"));
	assert_non_null(strstr(text, "= 30  # default\n"));
	free(text);
}

static void
printed_as_json_that_is_json(void **state)
{
	struct arena a;
	struct json doc;
	struct str value;
	unsigned at;
	char *text;

	(void)state;
	set("access_log_format", "\"quoted\" \\ %(h)s");
	text = print("json");
	arena_init(&a, 1 << 20);
	assert_int_equal(json_parse(str_of(text), 4096, &a, &doc), 0);
	assert_int_equal(json_size(&doc, JSON_ROOT), config_table_n);
	at = json_get(&doc, JSON_ROOT, STR("access_log_format"));
	assert_int_not_equal(at, JSON_NONE);
	assert_int_equal(
	    json_string(&doc, json_get(&doc, at, STR("value")), &a, &value), 0);
	assert_true(str_eq(value, STR("\"quoted\" \\ %(h)s")));
	arena_finish(&a);
	free(text);
}

static void
printed_as_an_environment_that_can_be_read(void **state)
{
	char *text;

	(void)state;
	set("access_log_format", "it's");
	text = print("env");
	assert_non_null(strstr(text,
	    "GREENCORN_ACCESS_LOG_FORMAT="
	    "'it'\\''s'\n"));
	assert_non_null(
	    strstr(text, "GREENCORN_BIND='[\"127.0.0.1:8000\"]'\n"));
	assert_null(strstr(text, "GREENCORN_RAW_ENV"));
	free(text);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, draft_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(values_arrive_in_their_fields),
		TEST(nothing_points_out_of_the_memory),
		TEST(too_little_memory_is_an_error_at_any_size),
		TEST(an_application_must_be_named),
		TEST(what_does_nothing_yet_is_warned_of),
		TEST(printed_as_text_with_its_source),
		TEST(printed_as_json_that_is_json),
		TEST(printed_as_an_environment_that_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
