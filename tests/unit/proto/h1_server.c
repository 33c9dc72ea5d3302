/*
 * The server for tests. Its application is chosen by the path.
 */
#include "h1_server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "../net/turn.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/num.h"
#include "http/http_field.h"
#include "http/response.h"
#include "http/seams.h"
#include "net/listener.h"
#include "proto/h1.h"
#include "sys/fd.h"
#include "sys/sock.h"
#include "sys/sys_time.h"

#define DEADLINE_MS 5000
#define BLOCK 70000

struct test_executor {
	struct executor executor;
	struct server *server;
};

static struct test_executor executor;
static char block[BLOCK];

/* --- the application --- */

static unsigned
happened(struct request *req, unsigned events)
{
	unsigned set = 0;

	if (request_ended(req) != REQUEST_GOES_ON)
		set |= EXECUTOR_END;
	if ((events & EXECUTOR_BODY) != 0 &&
	    (body_complete(&req->body) || body_peek(&req->body).len > 0))
		set |= EXECUTOR_BODY;
	if ((events & EXECUTOR_ROOM) != 0 &&
	    req->stream->ops->room(req->stream) > 0)
		set |= EXECUTOR_ROOM;
	return set;
}

static struct client *reader; /* moves on while an application waits */

static void move_bytes(struct client *c);

static unsigned
wait_for(struct executor *e, struct request *req, unsigned events)
{
	struct test_executor *t = (struct test_executor *)(void *)e;
	unsigned set;

	while ((set = happened(req, events)) == 0) {
		assert_int_equal(turn(t->server->reactor, 5), 0);
		if (reader != NULL)
			move_bytes(reader);
	}
	return set;
}

static void
wake(struct executor *e, struct request *req)
{
	(void)e;
	(void)req;
}

static const struct executor_ops executor_ops = {
	.name = "test",
	.wait = wait_for,
	.wake = wake,
};

static int
start(struct request *req, unsigned status, int64_t length)
{
	char digits[20];
	struct field f = {
		.id = FIELD_CONTENT_LENGTH,
		.name = STR("Content-Length"),
		.value = { digits, length < 0 ? 0 :
		    num_put_dec(digits, (uint64_t)length) },
	};
	const char *bad;

	return response_start(req, status, STR(""), &f, length >= 0, &bad);
}

/* All of data, waiting for room: 0 or -E_*. */
static int
write_all(struct request *req, struct str data)
{
	ssize_t n;

	while (data.len > 0) {
		n = response_write(req, data);
		if (n < 0)
			return (int)n;
		data = str_tail(data, (size_t)n);
		if (data.len > 0)
			wait_for(req->executor, req, EXECUTOR_ROOM);
	}
	return 0;
}

static void
echo(struct request *req)
{
	struct str in;

	if (start(req, 200, req->content_length) < 0)
		return response_error(req, 500, NULL);
	for (;;) {
		in = body_peek(&req->body);
		if (in.len == 0 && body_complete(&req->body))
			break;
		if (in.len == 0) {
			wait_for(req->executor, req, EXECUTOR_BODY);
			if (request_ended(req) != REQUEST_GOES_ON)
				return response_error(req, 500, NULL);
			continue;
		}
		if (write_all(req, in) < 0)
			return response_error(req, 500, NULL);
		body_take(&req->body, in.len);
		req->stream->ops->body_credit(req->stream, in.len);
	}
	response_end(req);
}

/* Reads the whole body first, then says how long it was. */
static void
count(struct request *req)
{
	char text[32];
	size_t total = 0, n;
	int len;

	while (!body_complete(&req->body) || body_peek(&req->body).len > 0) {
		n = body_peek(&req->body).len;
		body_take(&req->body, n);
		req->stream->ops->body_credit(req->stream, n);
		total += n;
		if (request_ended(req) != REQUEST_GOES_ON)
			return response_error(req, 500, NULL);
		if (n == 0)
			wait_for(req->executor, req, EXECUTOR_BODY);
	}
	len = snprintf(text, sizeof(text), "count=%zu\n", total);
	if (start(req, 200, len) < 0)
		return response_error(req, 500, NULL);
	(void)response_write(req, (struct str){ text, (size_t)len });
	response_end(req);
}

static void
big(struct request *req, bool chunked)
{
	uint64_t n = 0;

	(void)num_dec(req->query, UINT32_MAX, &n);
	if (start(req, 200, chunked ? -1 : (int64_t)n) < 0)
		return response_error(req, 500, NULL);
	while (n > 0) {
		struct str part = str_head((struct str){ block, BLOCK }, n);

		if (write_all(req, part) < 0)
			return response_error(req, 500, NULL);
		n -= part.len;
	}
	response_end(req);
}

static void
file(struct request *req)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	off_t at = 0;
	const off_t len = 100000;
	ssize_t n;

	assert_true(fd >= 0);
	if (start(req, 200, str_eq(req->query, STR("chunked")) ? -1 : len) < 0)
		return response_error(req, 500, NULL);
	while (at < len) {
		n = response_file(req, fd, at, (size_t)(len - at));
		if (n < 0)
			break;
		at += n;
		if (at < len)
			wait_for(req->executor, req, EXECUTOR_ROOM);
	}
	fd_close(fd);
	if (at < len)
		response_error(req, 500, NULL);
	else
		response_end(req);
}

static void
fixed(struct request *req, unsigned status, const char *text, int64_t length)
{
	if (start(req, status, length) < 0)
		return response_error(req, 500, NULL);
	(void)response_write(req, str_of(text));
	response_end(req);
}

static void
hints(struct request *req)
{
	const struct field link = { .name = STR("Link"),
		.value = STR("</a.css>") };

	(void)response_informational(req, 103, &link, 1);
	fixed(req, 200, "hello", 5);
}

static void
call(struct request *req)
{
	struct str path = req->path;

	if (str_eq(path, STR("/echo")))
		echo(req);
	else if (str_eq(path, STR("/count")))
		count(req);
	else if (str_eq(path, STR("/big")))
		big(req, false);
	else if (str_eq(path, STR("/chunked")))
		big(req, true);
	else if (str_eq(path, STR("/file")))
		file(req);
	else if (str_eq(path, STR("/hints")))
		hints(req);
	else if (str_eq(path, STR("/204")))
		fixed(req, 204, "dropped", -1);
	else if (str_eq(path, STR("/304")))
		fixed(req, 304, "dropped", -1);
	else if (str_eq(path, STR("/short")))
		fixed(req, 200, "half", 8);
	else if (str_eq(path, STR("/unknown")))
		fixed(req, 200, "hello", -1);
	else if (str_eq(path, STR("/error")))
		response_error(req, 500, "as wished");
	else
		fixed(req, 200, "hello", 5);
}

static void
on_end(struct proto_env *env, const struct request *req)
{
	(void)env;
	executor.server->last_end = request_ended(req);
}

/* --- the server --- */

struct server *
server_start(void (*change)(struct proto_env *env))
{
	const struct listener_options lo = { .backlog = 128 };
	struct reactor_options o = { .max_conns = 128, .alone = true };
	struct server *s = calloc(1, sizeof(*s));
	struct sock_addr a;
	int fd;

	assert_non_null(s);
	time_start();
	memset(block, 'x', sizeof(block));
	executor = (struct test_executor){ { &executor_ops }, s };
	proto_env_defaults(&s->env);
	s->env.executor = &executor.executor;
	s->env.on_end = on_end;
	if (change != NULL)
		change(&s->env);
	o.proto = &h1_ops;
	o.env = &s->env;
	o.write_timeout_ms = s->env.write_ms;
	s->reactor = reactor_create(&o);
	assert_non_null(s->reactor);
	fd = listener_open(STR("127.0.0.1:0"), &lo);
	assert_true(fd >= 0);
	assert_int_equal(sock_local(fd, &a), 0);
	s->port = sock_port(&a);
	assert_int_equal(reactor_listen(s->reactor, fd), 0);
	return s;
}

void
server_stop(struct server *s)
{
	reactor_destroy(s->reactor);
	free(s);
	reader = NULL;
}

void
server_turn(struct server *s, int ms)
{
	struct list *node;

	assert_int_equal(turn(s->reactor, ms), 0);
	while (!s->hold && (node = reactor_take_ready(s->reactor)) != NULL) {
		s->n_calls++;
		call(request_from_ready(node));
	}
}

/* --- clients --- */

struct client *
client_open(struct server *s)
{
	struct client *c = calloc(1, sizeof(*c));
	struct sock_addr a;

	assert_non_null(c);
	assert_int_equal(sock_numeric(&a, STR("127.0.0.1"),
		(uint16_t)s->port), 0);
	c->fd = sock_stream(&a);
	assert_true(c->fd >= 0);
	assert_int_equal(sock_connect(c->fd, &a, 1000), 0);
	return c;
}

void
client_close(struct client *c)
{
	if (reader == c)
		reader = NULL;
	fd_close(c->fd);
	free(c);
}

static void
move_bytes(struct client *c)
{
	ssize_t n;

	if (c->out.len > 0) {
		n = sock_send(c->fd, c->out, false);
		if (n == -E_GONE)
			c->out.len = 0;
		if (n > 0)
			c->out = str_tail(c->out, (size_t)n);
	}
	if (c->eof || c->reset || c->len == sizeof(c->in) - 1)
		return;
	n = sock_recv(c->fd, c->in + c->len, sizeof(c->in) - 1 - c->len);
	if (n > 0)
		c->len += (size_t)n;
	c->in[c->len] = '\0';
	c->eof = n == -E_EOF;
	c->reset = n == -E_GONE;
}

void
client_send_n(struct server *s, struct client *c, const void *p, size_t n)
{
	uint64_t until = clock_ms() + DEADLINE_MS;

	reader = c;
	c->out = (struct str){ p, n };
	do {
		move_bytes(c);
		server_turn(s, 1);
		move_bytes(c);
	} while (c->out.len > 0 && clock_ms() < until);
	assert_int_equal(c->out.len, 0);
}

void
client_send(struct server *s, struct client *c, const char *text)
{
	client_send_n(s, c, text, strlen(text));
}

void
client_expect(struct server *s, struct client *c, const char *text)
{
	uint64_t until = clock_ms() + DEADLINE_MS;

	reader = c;
	while (strstr(c->in, text) == NULL) {
		if (clock_ms() > until || c->eof || c->reset)
			fail_msg("expected \"%s\", eof %d reset %d, got \"%.600s\"",
			    text, c->eof, c->reset, c->in);
		server_turn(s, 5);
		move_bytes(c);
	}
}

void
client_expect_eof(struct server *s, struct client *c)
{
	uint64_t until = clock_ms() + DEADLINE_MS;

	reader = c;
	while (!c->eof && !c->reset) {
		if (clock_ms() > until)
			fail_msg("no end, got \"%.600s\"", c->in);
		server_turn(s, 5);
		move_bytes(c);
	}
}

void
client_wait(struct server *s, struct client *c, unsigned ms)
{
	uint64_t until = clock_ms() + ms;

	while (clock_ms() < until) {
		server_turn(s, 5);
		move_bytes(c);
	}
}

void
client_forget(struct client *c)
{
	c->len = 0;
	c->in[0] = '\0';
}

unsigned
client_count(const struct client *c, const char *text)
{
	const char *p = c->in;
	unsigned n = 0;

	for (; (p = strstr(p, text)) != NULL; p += strlen(text))
		n++;
	return n;
}

void
server_expect_conns(struct server *s, unsigned n)
{
	uint64_t until = clock_ms() + DEADLINE_MS;

	while (reactor_n_conns(s->reactor) != n) {
		if (clock_ms() > until)
			fail_msg("%u connections, not %u",
			    reactor_n_conns(s->reactor), n);
		server_turn(s, 5);
	}
}
