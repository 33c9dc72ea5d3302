/* Metrics as they are sent: their form, how many to a datagram, what is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "config/config.h"
#include "sys/sock.h"
#include "sys/sys_time.h"
#include "telemetry/statsd.h"

#include "logged.h"

static struct config cfg = { .statsd_prefix = "", .dogstatsd_tags = "" };
static char host[SOCK_HOST_MAX];
static char got[65536];
static int receiver;

static int
set_up(void **state)
{
	struct sock_addr a;
	struct timeval limit = { .tv_sec = 5 };

	(void)state;
	time_start();
	assert_int_equal(sock_numeric(&a, STR("127.0.0.1"), 0), 0);
	receiver = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(receiver >= 0);
	assert_int_equal(bind(receiver, &a.any, a.len), 0);
	assert_int_equal(sock_local(receiver, &a), 0);
	setsockopt(receiver, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	snprintf(host, sizeof(host), "127.0.0.1:%u", sock_port(&a));
	cfg.statsd_host = host;
	return 0;
}

static const char *
next(void)
{
	ssize_t n = recv(receiver, got, sizeof(got) - 1, 0);

	assert_true(n > 0);
	got[n] = '\0';
	return got;
}

static void
nothing_more(void)
{
	assert_int_equal(recv(receiver, got, sizeof(got), MSG_DONTWAIT), -1);
}

static void
metrics_have_gunicorns_form(void **state)
{
	static const char *const prefixes[][2] = { { "", "" }, { "a", "a." },
		{ "a.b..", "a.b." }, { "...", "" } };
	char want[64];

	(void)state;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		cfg.statsd_prefix = prefixes[i][0];
		statsd_start(&cfg, "");
		statsd_number(STR("n"), 18446744073709551615u, STR("g"));
		snprintf(want, sizeof(want), "%sn:18446744073709551615|g",
		    prefixes[i][1]);
		assert_string_equal(next(), want);
	}
	cfg.statsd_prefix = "";
	cfg.dogstatsd_tags = "k:v,l";
	statsd_start(&cfg, "");
	statsd_metric(STR("n"), STR("-1.5"), STR("c|@0.5"));
	assert_string_equal(next(), "n:-1.5|c|@0.5|#k:v,l");
	cfg.dogstatsd_tags = "";
}

static void
lines_of_the_log_are_counted(void **state)
{
	(void)state;
	statsd_start(&cfg, "");
	log_event(EV_CONFIG_WARNING, "x");
	assert_string_equal(next(), "gunicorn.log.warning:1|c|@1.0");
	log_event(EV_GATEWAY_ERROR, 1, "/");
	assert_string_equal(next(), "gunicorn.log.exception:1|c|@1.0");
	log_event(EV_WORKER_BOOT, 1);
	log_text(LOG_ERROR, STR("a traceback's line"));
	log_python(LOG_ERROR, STR("Python counts for itself"));
	nothing_more();
}

static void
what_is_too_long_is_lost(void **state)
{
	static char text[10000];
	uint64_t before = statsd_lost();

	(void)state;
	memset(text, 'x', sizeof(text));
	statsd_start(&cfg, "");
	statsd_number((struct str){ text, sizeof(text) }, 1, STR("g"));
	assert_int_equal(statsd_lost(), before + 1);
	nothing_more();
}

static void
switched_off_it_is_quiet(void **state)
{
	(void)state;
	cfg.statsd_host = "";
	statsd_start(&cfg, "");
	statsd_number(STR("n"), 1, STR("g"));
	log_event(EV_CONFIG_WARNING, "x");
	nothing_more();
	cfg.statsd_host = host;
}

#define REQUESTS 2000 /* a receiver's buffer holds as many */

static void
requests_are_summed(void **state)
{
	struct request req = logged_request(NULL, 0);
	unsigned durations = 0, requests = 0, ok = 0, gone = 0, n;
	char *line, *rest;

	(void)state;
	assert_int_equal(statsd_start_requests(&cfg), 0);
	assert_true(statsd_wants_us());
	req.started_us = time_us();
	for (unsigned i = 0; i < REQUESTS; i++) {
		req.response.status = i % 4 == 0 ? 410 : 200;
		statsd_request(&req);
		req.response.status = 0; /* the client had gone */
		statsd_request(&req);
	}
	while (ok + gone < REQUESTS) {
		rest = strdup(next());
		assert_non_null(rest);
		assert_true(strlen(rest) <= 1432);
		for (char *at = rest; (line = strsep(&at, "\n")) != NULL;) {
			durations += strncmp(line,
			    "gunicorn.request.duration:", 26) == 0;
			if (sscanf(line, "gunicorn.requests:%u|c|@1.0", &n))
				requests += n;
			if (sscanf(line, "gunicorn.request.status.200:%u|c",
				&n))
				ok += n;
			if (sscanf(line, "gunicorn.request.status.410:%u|c",
				&n))
				gone += n;
		}
		free(rest);
	}
	assert_int_equal(requests, REQUESTS);
	assert_int_equal(ok + gone, REQUESTS);
	assert_int_equal(gone, REQUESTS / 4);
	assert_int_equal(durations, REQUESTS);
	req.response.status = 200;
	statsd_request(&req);
	statsd_stop();
	assert_non_null(strstr(next(), "gunicorn.requests:1|c|@1.0"));
	assert_false(statsd_wants_us());
	statsd_request(&req);
	statsd_stop();
	nothing_more();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(metrics_have_gunicorns_form),
		cmocka_unit_test(lines_of_the_log_are_counted),
		cmocka_unit_test(what_is_too_long_is_lost),
		cmocka_unit_test(switched_off_it_is_quiet),
		cmocka_unit_test(requests_are_summed),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
