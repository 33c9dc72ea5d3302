/* Log lines: what is escaped, what is cut, and the table of events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"

static char last[LOG_LINE_MAX + 1];
static unsigned n_lines;

static void
keep(const char *line, size_t n)
{
	assert_true(n <= LOG_LINE_MAX);
	assert_int_equal(line[n - 1], '\n');
	assert_null(memchr(line, '\n', n - 1));
	memcpy(last, line, n);
	last[n] = '\0';
	n_lines++;
	errno = EPERM; /* must not be seen by the caller */
}

static uint64_t
then_ms(void)
{
	return 1769903999123;
}

static int
start(void **state)
{
	(void)state;
	log_write = keep;
	clock_wall_ms = then_ms;
	log_set_pid(42);
	log_set_level(LOG_DEBUG);
	log_set_format(LOG_TEXT);
	n_lines = 0;
	return 0;
}

static void
text_line(void **state)
{
	(void)state;
	log_event(EV_WORKER_BOOT, 77);
	assert_string_equal(last, "[2026-01-31 23:59:59 +0000] [42] [INFO] "
	    "Booting worker with pid: 77\n");
	errno = EADDRINUSE;
	log_errno(EV_ARBITER_BIND, "a\nb\x1b\xff");
	assert_int_equal(errno, EADDRINUSE);
	assert_string_equal(last, "[2026-01-31 23:59:59 +0000] [42] [ERROR] "
	    "Cannot listen at a\\x0ab\\x1b\\xff: Address already in use\n");
	log_event(EV_ARBITER_BIND, (const char *)NULL);
	assert_non_null(strstr(last, "(none)"));
	log_event(EV_REQUEST_INVALID, STR_ARG(STR("::1\0x")), "no\tHost");
	assert_non_null(strstr(last, " ip=::1\\x00x: no\tHost\n"));
	log_event(EV_ARBITER_WORKERS, "sync", 4294967295u, "setting");
	assert_non_null(strstr(last, " sync, 4294967295 of them (setting)\n"));
	log_event(EV_WORKER_BOOT, -5);
	assert_non_null(strstr(last, "pid: -5\n"));
}

static void
json_line(void **state)
{
	(void)state;
	log_set_format(LOG_JSON);
	errno = ENOENT;
	log_errno(EV_ARBITER_LISTENING, "\"x\"\n", 3);
	assert_string_equal(last,
	    "{\"timestamp\":\"2026-01-31T23:59:59.123Z\","
	    "\"severity_text\":\"INFO\",\"severity_number\":9,"
	    "\"process.pid\":42,\"event_name\":\"ARBITER_LISTENING\","
	    "\"body\":\"Listening at: \\\"x\\\"\\n (3)\","
	    "\"address\":\"\\\"x\\\"\\n\",\"arbiter_pid\":3,"
	    "\"error\":\"No such file or directory\"}\n");
}

static void
long_lines_are_cut(void **state)
{
	static char text[3 * LOG_LINE_MAX];
	size_t len;

	(void)state;
	memset(text, 'x', sizeof text - 1);
	log_event(EV_ARBITER_BIND, text);
	len = strlen(last);
	assert_in_range(len, LOG_LINE_MAX - 16, LOG_LINE_MAX);
	assert_string_equal(last + len - 4, "...\n");
	log_set_format(LOG_JSON);
	log_event(EV_ARBITER_BIND, text);
	assert_string_equal(last + strlen(last) - 6, "...\"}\n");
	assert_non_null(strstr(last, "xxx...\",\"address\":\"xxx"));
	/* What fits no more is left out, key and all. */
	log_event(EV_REQUEST_INVALID, (int)sizeof text - 1, text, "why");
	assert_string_equal(last + strlen(last) - 6, "...\"}\n");
	assert_null(strstr(last, "\"reason\""));
	/* Of a text both ends stay. */
	text[0] = 'a';
	text[sizeof text - 100] = '\n';
	text[sizeof text - 2] = 'z';
	log_text(LOG_ERROR, (struct str){ text, sizeof text - 1 });
	assert_non_null(strstr(last, "\"body\":\"ax"));
	assert_non_null(strstr(last, "xx\\n...\\nxx"));
	assert_string_equal(last + strlen(last) - 5, "xz\"}\n");
}

/* Every length near the bound: no escape or character is cut in two. */
static void
cuts_between_characters(void **state)
{
	static char text[LOG_LINE_MAX + 8];
	size_t pad, i, len;

	(void)state;
	for (pad = 0; pad < 8; pad++) {
		memset(text, 'x', pad);
		for (i = pad; i + 2 < sizeof text; i += 2)
			memcpy(text + i, "\xc3\xa9", 2);
		text[i] = '\0';
		log_event(EV_ARBITER_BIND, text);
		len = strlen(last);
		assert_string_equal(last + len - 4, "...\n");
		assert_memory_equal(last + len - 6, "\xc3\xa9", 2);
	}
}

static void
text_from_elsewhere(void **state)
{
	(void)state;
	log_text(LOG_WARNING, STR("a\n\n\tb\n"));
	assert_int_equal(n_lines, 3);
	assert_string_equal(last, "[2026-01-31 23:59:59 +0000] [42] "
	    "[WARNING] \tb\n");
	log_text(LOG_WARNING, STR(""));
	assert_int_equal(n_lines, 4);
	log_set_format(LOG_JSON);
	log_text(LOG_WARNING, STR("a\n\n\"b\"\n"));
	assert_int_equal(n_lines, 5);
	assert_non_null(strstr(last, "\"body\":\"a\\n\\n\\\"b\\\"\"}\n"));
}

static void
levels(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR);
	log_event(EV_WORKER_BOOT, 1);
	log_text(LOG_WARNING, STR("a"));
	assert_int_equal(n_lines, 0);
	log_text(LOG_ERROR, STR("a"));
	assert_int_equal(n_lines, 1);
	assert_int_equal(log_get_level(), LOG_ERROR);
	assert_int_equal(log_level_from(STR("Warning")), LOG_WARNING);
	assert_int_equal(log_level_from(STR("critical")), LOG_CRITICAL);
	assert_int_equal(log_level_from(STR("warn")), -E_BAD_VALUE);
	assert_int_equal(log_level_from(STR("")), -E_BAD_VALUE);
}

static const struct {
	const char *name, *format, *keys;
} events[] = {
#define EVENT(level, name, format, keys) { #name, format, keys },
#include "base/events.def"
#undef EVENT
};

/* Length of the conversion behind a %, or 0: one that log does not know. */
static size_t
conversion_len(const char *f)
{
	static const char *const known[] = {
		".*s", "s", "d", "u", "ld", "lu", "zu",
	};
	size_t i;

	for (i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strncmp(f, known[i], strlen(known[i])) == 0)
			return strlen(known[i]);
	return 0;
}

static unsigned
count_keys(const char *keys)
{
	struct str rest = str_of(keys);
	unsigned n = 0;

	while (rest.len > 0) {
		assert_true(str_cut(&rest, ',').len > 0);
		n++;
	}
	return n;
}

static void
every_event_can_be_formatted(void **state)
{
	const char *f;
	unsigned n;
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof events / sizeof events[0]; i++) {
		n = 0;
		f = events[i].format;
		while ((f = strchr(f, '%')) != NULL) {
			f++;
			if (*f == '%') {
				f++;
				continue;
			}
			len = conversion_len(f);
			if (len == 0)
				fail_msg("%s: %%%s", events[i].name, f);
			f += len;
			n++;
		}
		if (n != count_keys(events[i].keys))
			fail_msg("%s: keys do not match", events[i].name);
	}
}

static char tapped[LOG_LINE_MAX + 1];
static enum event tapped_event;
static bool taking;

static bool
tap(enum log_level level, enum event event, struct str text)
{
	assert_in_range(level, LOG_INFO, LOG_ERROR);
	assert_int_equal(str_to_z(text, tapped, sizeof(tapped)), 0);
	if (event == EV_WHOLE)
		return false;
	tapped_event = event;
	return taking;
}

/* The last of the tests: a tap stays. */
static void
taps_get_lines_without_stamps(void **state)
{
	(void)state;
	log_add_tap(tap);
	log_add_tap(tap);
	for (int json = 0; json < 2; json++)
		for (taking = false;; taking = true) {
			unsigned n = taking ? 0 : 1;

			n_lines = 0;
			log_set_format(json ? LOG_JSON : LOG_TEXT);
			log_event(EV_ARBITER_START, "a\x1b", "1");
			assert_string_equal(tapped, "Starting a\\x1b 1");
			assert_int_equal(tapped_event, EV_ARBITER_START);
			assert_int_equal(n_lines, n);
			log_text(LOG_ERROR, STR("one\ntwo\n"));
			assert_string_equal(tapped, "two");
			assert_int_equal(tapped_event, EV_TEXT);
			assert_int_equal(n_lines, n + (json ? n : 2 * n));
			log_python(LOG_ERROR, STR("three"));
			assert_string_equal(tapped, "three");
			assert_int_equal(tapped_event, EV_PYTHON);
			if (taking)
				break;
		}
}

static unsigned n_told;

static bool
tap_whole(enum log_level level, enum event event, struct str text)
{
	(void)level;
	n_told += event == EV_TOLD;
	return event == EV_WHOLE && str_eq(text, STR("one\ntwo"));
}

static void
a_text_taken_whole_is_not_written(void **state)
{
	(void)state;
	log_add_tap(tap_whole);
	taking = false;
	for (int json = 0; json < 2; json++) {
		n_lines = n_told = 0;
		log_set_format(json ? LOG_JSON : LOG_TEXT);
		log_text(LOG_ERROR, STR("one\ntwo\n"));
		assert_int_equal(n_lines, 0);
		assert_int_equal(n_told, 2);
		assert_string_equal(tapped, "two");
		log_text(LOG_ERROR, STR("one\nthree"));
		assert_int_equal(n_lines, json ? 1 : 2);
		assert_int_equal(n_told, 2);
		log_text(LOG_ERROR, STR("one"));
		assert_int_equal(n_lines, json ? 2 : 3);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(text_line, start),
		cmocka_unit_test_setup(json_line, start),
		cmocka_unit_test_setup(long_lines_are_cut, start),
		cmocka_unit_test_setup(cuts_between_characters, start),
		cmocka_unit_test_setup(text_from_elsewhere, start),
		cmocka_unit_test_setup(levels, start),
		cmocka_unit_test_setup(every_event_can_be_formatted, start),
		cmocka_unit_test_setup(taps_get_lines_without_stamps, start),
		cmocka_unit_test_setup(a_text_taken_whole_is_not_written, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
