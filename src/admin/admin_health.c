/*
 * `greencorn health`: the client of the admin process, for a HEALTHCHECK in
 * an image that has no other program. Its own process, run once; no Python.
 */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin/admin.h"
#include "admin/admin_address.h"
#include "base/error.h"
#include "base/num.h"
#include "sys/fd.h"
#include "sys/sock.h"
#include "sys/sys_time.h"

#include "base/banned.h"

#define ANSWER_MAX 1024

struct asking {
	const char *bind; /* as the environment says it */
	const char *path;
	uint64_t until_us;
	char answer[ANSWER_MAX];
	size_t len;
};

static int
left_ms(const struct asking *q)
{
	uint64_t now = time_us();

	return now < q->until_us ? (int)((q->until_us - now) / 1000) : 0;
}

/* Reads up to the end, or as much as there is room for. */
static int
read_answer(struct asking *q, int fd)
{
	ssize_t n;

	while (q->len < sizeof(q->answer)) {
		struct pollfd p = { .fd = fd, .events = POLLIN };

		if (poll(&p, 1, left_ms(q)) <= 0)
			return -E_TIMEOUT;
		n = fd_read(fd, q->answer + q->len, sizeof(q->answer) - q->len);
		if (n == -E_EOF)
			return 0;
		if (n == -E_AGAIN)
			continue;
		if (n < 0)
			return (int)n;
		q->len += (size_t)n;
	}
	return 0;
}

static int
ask(struct asking *q, const struct sock_addr *to)
{
	char request[128];
	int fd, n, rc;

	fd = sock_stream(to);
	if (fd < 0)
		return fd;
	rc = sock_connect(fd, to, left_ms(q));
	if (rc < 0)
		goto close_fd;
	n = snprintf(request, sizeof(request),
	    "GET %s HTTP/1.1\r\nHost: localhost\r\n"
	    "User-Agent: greencorn-health\r\nConnection: close\r\n\r\n",
	    q->path);
	/* A fresh socket takes these few bytes at once. */
	rc = sock_send(fd, (struct str){ request, (size_t)n }, false) == n
	    ? read_answer(q, fd)
	    : -E_GONE;

close_fd:
	fd_close(fd);
	return rc;
}

static int
complain(const struct asking *q, const char *what, struct str more)
{
	(void)fprintf(stderr, "greencorn health: %s at %s: %s%s%.*s\n", q->path,
	    q->bind, what, more.len > 0 ? ": " : "", STR_ARG(more));
	return 1;
}

/* The body's first line, if it is clean: it goes to a terminal. */
static struct str
first_line(struct str answer)
{
	struct str s = answer;
	size_t i;

	while (s.len >= 4 && !str_starts(s, STR("\r\n\r\n")))
		s = str_tail(s, 1);
	s = str_tail(s, 4);
	s = str_head(s, str_find(s, '\n'));
	for (i = 0; i < s.len; i++)
		if (s.ptr[i] < ' ' || s.ptr[i] > '~')
			return str_head(s, i);
	return s;
}

/* "HTTP/1.1 200 ...": 0 when it says 200. */
static int
judge(const struct asking *q)
{
	struct str answer = { q->answer, q->len }, rest = answer;
	struct str version = str_cut(&rest, ' ');
	struct str digits = str_head(rest, 3);
	uint64_t status;
	char what[32];

	if (!str_starts(version, STR("HTTP/1.")) || digits.len < 3 ||
	    num_dec(digits, 999, &status) < 0)
		return complain(q, "what answers is not HTTP", STR(""));
	if (status == 200)
		return 0;
	(void)snprintf(what, sizeof(what), "status %u", (unsigned)status);
	return complain(q, what, first_line(answer));
}

static int
health(struct asking *q)
{
	struct sock_addr to;
	int rc;

	q->bind = getenv("GREENCORN_ADMIN_BIND");
	if (q->bind == NULL)
		q->bind = "127.0.0.1:9000";
	q->until_us = time_us() + ADMIN_HEALTH_MS * UINT64_C(1000);
	if (admin_address_parse(str_of(q->bind), &to) < 0)
		return complain(
		    q, "GREENCORN_ADMIN_BIND names no address", STR(""));
	rc = ask(q, &to);
	if (rc < 0)
		return complain(q,
		    rc == -E_TIMEOUT ? "no answer in 2 s" : "nobody answers",
		    str_of(rc == -E_SYSTEM ? strerror(errno) : NULL));
	return judge(q);
}

int
admin_health_main(int argc, char **argv)
{
	struct asking q = { .path = "/readyz" };
	int i;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--live") == 0) {
			q.path = "/livez";
			continue;
		}
		(void)fprintf(stderr,
		    "greencorn health: unknown argument "
		    "%s; it knows --live\n",
		    argv[i]);
		return 2;
	}
	return health(&q);
}
