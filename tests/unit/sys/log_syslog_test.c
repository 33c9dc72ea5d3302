/* Lines reach a receiver of every kind; one that is gone costs lines only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/log.h"
#include "sys/log_syslog.h"
#include "sys/sys_time.h"

static char got[2 * LOG_LINE_MAX];

/* A receiver of that type at to; what it is bound to goes to *to. */
static int
receiver(struct sock_addr *to, int type)
{
	int fd = socket(to->any.sa_family, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, &to->any, to->len), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(sock_local(fd, to), 0);
	return fd;
}

static const char *
next(int fd)
{
	struct timeval limit = { .tv_sec = 5 };
	ssize_t n;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	n = recv(fd, got, sizeof(got) - 1, 0);
	assert_true(n > 0);
	got[n] = '\0';
	return got;
}

static void
expect(int fd, const char *priority, const char *rest)
{
	char want[LOG_LINE_MAX];

	snprintf(want, sizeof(want), "%sgunicorn.app.app.%s", priority, rest);
	for (char *p = want; (p = strstr(p, "PID")) != NULL;) {
		char tail[LOG_LINE_MAX];

		snprintf(tail, sizeof(tail), "%s", p + 3);
		snprintf(p, sizeof(want) - (size_t)(p - want), "%d%s",
		    (int)getpid(), tail);
	}
	assert_string_equal(next(fd), want);
}

static void
start(const struct sock_addr *to, bool stream, bool either)
{
	struct log_syslog_options o = { .to = *to,
		.stream = stream,
		.either = either,
		.facility = 16,
		.name = STR("app:app") };

	log_syslog_start(&o, NULL);
}

static void
lines_are_datagrams(void **state)
{
	struct sock_addr to;
	int fd;

	(void)state;
	assert_int_equal(sock_numeric(&to, STR("127.0.0.1"), 0), 0);
	fd = receiver(&to, SOCK_DGRAM);
	start(&to, false, false);
	log_event(EV_CONFIG_WARNING, "a\nb");
	expect(fd, "<132>", "error: [PID] a\\x0ab");
	log_text(LOG_ERROR, STR("one\ntwo"));
	expect(fd, "<131>", "error: [PID] one");
	expect(fd, "<131>", "error: [PID] two");
	log_syslog_access(STR("GET /"));
	expect(fd, "<134>", "access: [PID] GET /");
	log_syslog_stop();
	log_event(EV_CONFIG_WARNING, "not there");
	assert_int_equal(recv(fd, got, sizeof(got), MSG_DONTWAIT), -1);
	close(fd);
}

static void
long_lines_come_whole(void **state)
{
	static char text[LOG_LINE_MAX * 2];
	struct sock_addr to;
	int fd;

	(void)state;
	assert_int_equal(sock_numeric(&to, STR("::1"), 0), 0);
	fd = receiver(&to, SOCK_DGRAM);
	start(&to, false, false);
	memset(text, 'x', sizeof(text));
	log_text(LOG_INFO, (struct str){ text, sizeof(text) });
	assert_true(strlen(next(fd)) > LOG_LINE_MAX - 100);
	assert_string_equal(got + strlen(got) - 4, "x...");
	log_syslog_stop();
	close(fd);
}

static void
streams_have_newlines_and_come_back(void **state)
{
	struct sock_addr to;
	int listener, fd;

	(void)state;
	assert_int_equal(sock_numeric(&to, STR("127.0.0.1"), 0), 0);
	listener = receiver(&to, SOCK_STREAM);
	start(&to, true, false);
	log_text(LOG_INFO, STR("one"));
	fd = accept(listener, NULL, NULL);
	expect(fd, "<134>", "error: [PID] one\n");
	close(fd);
	/* The first send after its end may still seem to work. */
	for (int i = 0; i < 3; i++) {
		log_text(LOG_INFO, STR("two"));
		usleep(1000);
	}
	fd = accept(listener, NULL, NULL);
	assert_non_null(strstr(next(fd), "] two\n"));
	close(fd);
	close(listener);
	log_syslog_stop();
}

static void
a_path_may_be_of_either_kind(void **state)
{
	static const int types[] = { SOCK_DGRAM, SOCK_STREAM };
	char path[64];
	struct sock_addr to;
	int listener, fd;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/log_syslog_test.%d", (int)getpid());
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		assert_int_equal(sock_unix(&to, str_of(path)), 0);
		listener = receiver(&to, types[i]);
		start(&to, false, true);
		log_text(LOG_INFO, STR("one"));
		fd = i == 0 ? dup(listener) : accept(listener, NULL, NULL);
		expect(fd, "<134>", i == 0 ? "error: [PID] one"
					   : "error: [PID] one\n");
		close(fd);
		close(listener);
		unlink(path);
		log_syslog_stop();
	}
}

static void
nobody_there_loses_lines(void **state)
{
	uint64_t before = log_syslog_lost();
	struct sock_addr to;
	int fd;

	(void)state;
	assert_int_equal(sock_unix(&to, STR("@log_syslog_nobody")), 0);
	for (int stream = 0; stream < 2; stream++) {
		start(&to, stream, !stream);
		log_text(LOG_INFO, STR("one"));
		log_text(LOG_INFO, STR("two"));
		assert_int_equal(log_syslog_lost(), before + 2);
		before += 2;
	}
	/* Datagrams go on as soon as somebody is there. */
	start(&to, false, true);
	log_text(LOG_INFO, STR("one"));
	fd = receiver(&to, SOCK_DGRAM);
	log_text(LOG_INFO, STR("two"));
	expect(fd, "<134>", "error: [PID] two");
	/* A receiver that does not receive holds nobody up. */
	for (int i = 0; i < 5000; i++)
		log_text(LOG_INFO, STR("more"));
	assert_true(log_syslog_lost() > before + 1);
	close(fd);
	log_syslog_stop();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_datagrams),
		cmocka_unit_test(long_lines_come_whole),
		cmocka_unit_test(streams_have_newlines_and_come_back),
		cmocka_unit_test(a_path_may_be_of_either_kind),
		cmocka_unit_test(nobody_there_loses_lines),
	};

	time_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
