/* Lines come out as they went in; what does not fit is written as before. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "sys/log_ring.h"
#include "sys/sys_time.h"

static _Atomic unsigned n_written;
static char written[LOG_LINE_MAX + 1];
static struct log_ring_line line;

static void
write_line(const char *text, size_t n)
{
	memcpy(written, text, n);
	written[n] = '\0';
	n_written++;
}

static const char *
take(void)
{
	assert_int_equal(log_ring_take(&line, 0), 1);
	line.text[line.len] = '\0';
	return line.text;
}

static void
lines_come_out_in_order(void **state)
{
	(void)state;
	log_event(EV_CONFIG_WARNING, "one");
	log_text(LOG_ERROR, STR("two\nthree\n"));
	log_event(EV_WORKER_BOOT, 7);
	assert_string_equal(take(), "one");
	assert_int_equal(line.level, LOG_WARNING);
	assert_string_equal(take(), "two\nthree");
	assert_int_equal(line.level, LOG_ERROR);
	assert_string_equal(take(), "Booting worker with pid: 7");
	assert_int_equal(log_ring_take(&line, 0), 0);
	assert_int_equal(n_written, 0);
}

/* More than a record takes: its lines, one by one. */
static void
a_long_traceback_is_lines(void **state)
{
	static char text[LOG_RING_TEXT_MAX * 2];

	(void)state;
	memset(text, 'x', sizeof(text));
	for (size_t i = 99; i < sizeof(text); i += 100)
		text[i] = '\n';
	text[5] = '\x1b';
	log_text(LOG_ERROR, (struct str){ text, sizeof(text) });
	assert_memory_equal(take(), "xxxxx\\x1bxx", 10);
	assert_int_equal(line.len, 102);
	for (size_t n = 1; n < (sizeof(text) + 99) / 100; n++)
		assert_true(strlen(take()) <= 99);
	assert_int_equal(log_ring_take(&line, 0), 0);
	assert_int_equal(n_written, 0);
	text[99] = '\0';
	log_text(LOG_ERROR, STR("a\x1b\nb"));
	assert_string_equal(take(), "a\\x1b\nb");
}

static void
python_writes_for_itself(void **state)
{
	(void)state;
	log_python(LOG_INFO, STR("python"));
	assert_int_equal(n_written, 1);
	assert_non_null(strstr(written, "[INFO] python\n"));
	assert_int_equal(log_ring_take(&line, 0), 0);
	n_written = 0;
}

/* Round and round: lines lie across the end as well. */
static void
what_does_not_fit_is_written(void **state)
{
	char text[LOG_LINE_MAX];
	unsigned n_put = 0, n_got = 0;

	(void)state;
	for (int round = 0; round < 5; round++) {
		while (n_written == 0) {
			snprintf(text, sizeof(text), "%u %0*d", n_put,
			    (int)(n_put * 37 % 2000) + 1, 0);
			log_text(LOG_INFO, str_of(text));
			n_put += n_written == 0;
		}
		n_written = 0;
		while (log_ring_take(&line, 0) == 1) {
			line.text[line.len] = '\0';
			snprintf(text, sizeof(text), "%u %0*d", n_got,
			    (int)(n_got * 37 % 2000) + 1, 0);
			assert_string_equal(line.text, text);
			n_got++;
		}
		assert_int_equal(n_got, n_put);
	}
	assert_true(n_put > 1000);
}

#define THREADS 4
#define LINES 5000

static void *
put_many(void *arg)
{
	for (int i = 0; i < LINES; i++)
		log_text(LOG_INFO, STR("from a thread"));
	return arg;
}

static void
threads_lose_nothing(void **state)
{
	pthread_t threads[THREADS];
	unsigned got = 0;

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, put_many, NULL), 0);
	while (got + n_written <
	    THREADS * LINES)
		if (log_ring_take(&line, 10) == 1)
			got++;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(log_ring_take(&line, 0), 0);
	n_written = 0;
}

static void
the_end_writes_what_is_left(void **state)
{
	(void)state;
	log_text(LOG_INFO, STR("taken, and perhaps not written"));
	assert_string_equal(take(), "taken, and perhaps not written");
	log_text(LOG_INFO, STR("last"));
	log_ring_end(50);
	assert_int_equal(n_written, 2);
	n_written = 1;
	assert_non_null(strstr(written, "[INFO] last\n"));
	assert_int_equal(log_ring_take(&line, 0), -E_EOF);
	log_text(LOG_INFO, STR("after"));
	assert_int_equal(n_written, 2);
	log_ring_end(50);
}

static int
start(void **state)
{
	(void)state;
	time_start();
	log_write = write_line;
	return log_ring_start();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_come_out_in_order),
		cmocka_unit_test(a_long_traceback_is_lines),
		cmocka_unit_test(python_writes_for_itself),
		cmocka_unit_test(what_does_not_fit_is_written),
		cmocka_unit_test(threads_lose_nothing),
		cmocka_unit_test(the_end_writes_what_is_left),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
