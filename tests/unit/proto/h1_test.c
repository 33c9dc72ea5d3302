/*
 * HTTP/1 over real sockets, every way out of every state.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "net/transport_tcp.h"

/* The Makefile links one file a test. */
#include "h1_server.c"

#define GET "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define GET_CLOSE "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

static void
test_hello(void **state)
{
	struct server *s = server_start(NULL);
	struct client *c = client_open(s);

	(void)state;
	client_send(s, c, GET);
	client_expect(s, c, "\r\n\r\nhello");
	assert_int_equal(strncmp(c->in, "HTTP/1.1 200 OK\r\n", 17), 0);
	assert_non_null(strstr(c->in, "Connection: keep-alive\r\n"));
	assert_non_null(strstr(c->in, "Content-Length: 5\r\n"));
	assert_non_null(strstr(c->in, "Server: greencorn\r\n"));
	assert_non_null(strstr(c->in, "Date: "));
	client_forget(c);
	client_send(s, c, GET_CLOSE);
	client_expect_eof(s, c);
	assert_non_null(strstr(c->in, "Connection: close\r\n"));
	assert_true(c->eof);
	server_expect_conns(s, 0);
	assert_int_equal(reactor_n_closed(s->reactor, CLOSE_DONE), 1);
	client_close(c);
	server_stop(s);
}

static void
test_byte_at_a_time(void **state)
{
	const char *text = "POST /echo HTTP/1.1\r\nHost: a\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n"
	    "0\r\n\r\n";
	struct server *s = server_start(NULL);
	struct client *c = client_open(s);

	(void)state;
	for (size_t i = 0; i < strlen(text); i++)
		client_send_n(s, c, text + i, 1);
	client_expect(s, c, "5\r\nabcde\r\n0\r\n\r\n");
	client_close(c);
	server_stop(s);
}

static void
test_pipelined_requests_are_answered_in_order(void **state)
{
	struct server *s = server_start(NULL);
	struct client *c = client_open(s);
	char text[16 * sizeof(GET)] = "";

	(void)state;
	for (unsigned i = 0; i < 15; i++)
		memcpy(text + i * (sizeof(GET) - 1), GET, sizeof(GET));
	client_send(s, c, text);
	client_send(s, c, "POST /count HTTP/1.1\r\nHost: a\r\n"
	    "Content-Length: 3\r\n\r\nabc" GET_CLOSE);
	client_expect_eof(s, c);
	assert_int_equal(client_count(c, "HTTP/1.1 200 OK"), 17);
	assert_int_equal(client_count(c, "hello"), 16);
	assert_non_null(strstr(c->in, "count=3"));
	assert_true(c->eof);
	client_close(c);
	server_stop(s);
}

static void
test_body_by_length(void **state)
{
	struct server *s = server_start(NULL);
	struct client *c = client_open(s);

	(void)state;
	client_send(s, c, "POST /echo HTTP/1.1\r\nHost: a\r\n"
	    "Content-Length: 10\r\n\r\n01234");
	client_wait(s, c, 30);
	assert_int_equal(s->n_calls, 0); /* not before it is all here */
	client_send(s, c, "56789");
	client_expect(s, c, "\r\n\r\n0123456789");
	client_close(c);
	server_stop(s);
}

static void
upload(size_t n, bool chunked)
{
	struct server *s = server_start(NULL);
	struct client *c = client_open(s);
	char head[200], *mem = malloc(n);

	assert_non_null(mem);
	memset(mem, 'u', n);
	if (chunked)
		snprintf(head, sizeof(head), "POST /count HTTP/1.1\r\n"
		    "Host: a\r\nTransfer-Encoding: chunked\r\n\r\n%zx\r\n", n);
	else
		snprintf(head, sizeof(head), "POST /count HTTP/1.1\r\n"
		    "Host: a\r\nContent-Length: %zu\r\n\r\n", n);
	client_send(s, c, head);
	/* Half of it: then the client leaves. */
	client_send_n(s, c, mem, n / 2);
	free(mem);
	assert_int_equal(s->n_calls, 0);
	sock_abort(c->fd);
	client_close(c);
	server_expect_conns(s, 0);
	assert_int_equal(s->n_calls, 0);
	server_stop(s);
}

static void
test_upload_that_breaks_off(void **state)
{
	(void)state;
	upload(200000, false);
	upload(200000, true);
}

#define LENGTH_HEAD "POST /count HTTP/1.1\r\nHost: a\r\n" \
	"Content-Length: 200000\r\n\r\n"
#define CHUNK_HEAD "POST /echo HTTP/1.1\r\nHost: a\r\n" \
	"Transfer-Encoding: chunked\r\n\r\n30d40\r\n"
#define CHUNK_END "\r\n0\r\n\r\n"

static void
test_upload_larger_than_the_ring(void **state)
{
	static char mem[200400];
	struct server *s = server_start(NULL);
	struct client *c = client_open(s);
	size_t n = strlen(LENGTH_HEAD);

	(void)state;
	memset(mem, 'u', sizeof(mem));
	memcpy(mem, LENGTH_HEAD, n);
	client_send_n(s, c, mem, n + 200000);
	client_expect(s, c, "count=200000\n");
	client_forget(c);
	n = strlen(CHUNK_HEAD);
	memset(mem, 'u', sizeof(mem));
	memcpy(mem, CHUNK_HEAD, n);
	memcpy(mem + n + 200000, CHUNK_END, strlen(CHUNK_END));
	client_send_n(s, c, mem, n + 200000 + strlen(CHUNK_END));
	client_expect(s, c, "\r\n0\r\n\r\n");
	client_close(c);
	server_stop(s);
}

static void
test_expect_continue(void **state)
{
	struct server *s = server_start(NULL);
	struct client *c = client_open(s);

	(void)state;
	client_send(s, c, "POST /echo HTTP/1.1\r\nHost: a\r\n"
	    "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
	client_expect(s, c, "HTTP/1.1 100 Continue\r\n\r\n");
	assert_int_equal(s->n_calls, 0);
	client_send(s, c, "ok");
	client_expect(s, c, "\r\n\r\nok");
	/* Not when the body is there, and not for HTTP/1.0. */
	client_forget(c);
	client_send(s, c, "POST /echo HTTP/1.1\r\nHost: a\r\n"
	    "Expect: 100-continue\r\nContent-Length: 2\r\n\r\nok");
	client_expect(s, c, "\r\n\r\nok");
	assert_null(strstr(c->in, "100 Continue"));
	client_close(c);
	c = client_open(s);
	client_send(s, c, "POST /echo HTTP/1.0\r\n"
	    "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
	client_wait(s, c, 30);
	assert_int_equal(c->len, 0);
	client_send(s, c, "ok");
	client_expect_eof(s, c);
	assert_non_null(strstr(c->in, "\r\n\r\nok"));
	client_close(c);
	server_stop(s);
}

static void
test_answers_without_a_body(void **state)
{
	struct server *s = server_start(NULL);
	struct client *c = client_open(s);

	(void)state;
	client_send(s, c, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
	    "GET /204 HTTP/1.1\r\nHost: a\r\n\r\n"
	    "GET /304 HTTP/1.1\r\nHost: a\r\n\r\n"
	    "HEAD /unknown HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	client_expect_eof(s, c);
	assert_int_equal(client_count(c, "HTTP/1.1 "), 4);
	assert_null(strstr(c->in, "hello"));
	assert_null(strstr(c->in, "dropped"));
	assert_null(strstr(c->in, "Transfer-Encoding"));
	assert_int_equal(client_count(c, "Content-Length: 5"), 1);
	client_close(c);
	server_stop(s);
}

static void
test_unknown_length(void **state)
{
	struct server *s = server_start(NULL);
	struct client *c = client_open(s);

	(void)state;
	client_send(s, c, "GET /unknown HTTP/1.1\r\nHost: a\r\n\r\n");
	client_expect(s, c, "\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
	assert_non_null(strstr(c->in, "Transfer-Encoding: chunked\r\n"));
	client_close(c);
	c = client_open(s);
	client_send(s, c, "GET /unknown HTTP/1.0\r\n"
	    "Connection: keep-alive\r\n\r\n");
	client_expect_eof(s, c);
	assert_non_null(strstr(c->in, "\r\n\r\nhello"));
	assert_non_null(strstr(c->in, "Connection: close\r\n"));
	assert_null(strstr(c->in, "chunked"));
	client_close(c);
	c = client_open(s);
	client_send(s, c, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	client_expect(s, c, "\r\n\r\nhello");
	assert_non_null(strstr(c->in, "Connection: keep-alive\r\n"));
	client_close(c);
	server_stop(s);
}

static void
test_answers_that_are_cut(void **state)
{
	struct server *s = server_start(NULL);
	struct client *c = client_open(s);

	(void)state;
	client_send(s, c, "GET /short HTTP/1.1\r\nHost: a\r\n\r\n" GET);
	client_expect_eof(s, c);
	assert_non_null(strstr(c->in, "\r\n\r\nhalf"));
	assert_int_equal(client_count(c, "HTTP/1.1"), 1);
	assert_int_equal(s->n_calls, 1);
	client_close(c);
	c = client_open(s);
	client_send(s, c, "GET /error HTTP/1.1\r\nHost: a\r\n\r\n");
	client_expect_eof(s, c);
	assert_non_null(strstr(c->in, "HTTP/1.1 500 "));
	assert_non_null(strstr(c->in, "as wished"));
	client_close(c);
	server_stop(s);
}

static void
big_answer(const char *request, size_t at_least)
{
	struct server *s = server_start(NULL);
	struct client *c = client_open(s);
	size_t total = 0;

	client_send(s, c, request);
	while (!c->eof && !c->reset) {
		total += c->len;
		client_forget(c);
		client_wait(s, c, 1);
	}
	assert_true(c->eof);
	assert_true(total >= at_least && total < at_least + 1000);
	client_close(c);
	server_stop(s);
}

static void
test_large_answers(void **state)
{
	(void)state;
	big_answer("GET /big?800000 HTTP/1.1\r\nHost: a\r\n"
	    "Connection: close\r\n\r\n", 800000);
	big_answer("GET /chunked?800000 HTTP/1.1\r\nHost: a\r\n"
	    "Connection: close\r\n\r\n", 800000);
	big_answer("GET /chunked?800000 HTTP/1.0\r\n\r\n", 800000);
	big_answer("GET /file HTTP/1.1\r\nHost: a\r\n"
	    "Connection: close\r\n\r\n", 100000);
	big_answer("GET /file?chunked HTTP/1.1\r\nHost: a\r\n"
	    "Connection: close\r\n\r\n", 100000);
}

static void
test_early_hints(void **state)
{
	struct server *s = server_start(NULL);
	struct client *c = client_open(s);

	(void)state;
	client_send(s, c, "GET /hints HTTP/1.1\r\nHost: a\r\n\r\n");
	client_expect(s, c, "HTTP/1.1 103 Early Hints\r\n"
	    "Link: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\n");
	client_expect(s, c, "hello");
	client_close(c);
	server_stop(s);
}

static void
test_unread_body_does_not_become_a_request(void **state)
{
	struct server *s = server_start(NULL);
	struct client *c = client_open(s);

	(void)state;
	client_send(s, c, "POST / HTTP/1.1\r\nHost: a\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n1b\r\n" GET "\r\n0\r\n\r\n" GET);
	client_expect(s, c, "hello");
	client_wait(s, c, 30);
	assert_int_equal(s->n_calls, 2);
	assert_int_equal(client_count(c, "hello"), 2);
	client_close(c);
	server_stop(s);
}

static void
short_buffer(struct proto_env *env)
{
	env->request_buffer = 4096;
}

static void
test_unread_body_is_dropped_or_ends_the_connection(void **state)
{
	struct server *s = server_start(short_buffer);
	struct client *c = client_open(s);
	static char mem[300000];

	(void)state;
	client_send(s, c, "POST / HTTP/1.1\r\nHost: a\r\n"
	    "Content-Length: 100000\r\n\r\n");
	client_send_n(s, c, mem, 100000);
	client_send(s, c, GET_CLOSE);
	client_expect_eof(s, c);
	assert_int_equal(client_count(c, "hello"), 2);
	client_close(c);
	/* Too much to read for nothing: the answer is the last, and arrives. */
	c = client_open(s);
	client_send(s, c, "POST / HTTP/1.1\r\nHost: a\r\n"
	    "Content-Length: 3000000\r\n\r\n");
	client_send_n(s, c, mem, sizeof(mem));
	client_expect(s, c, "hello");
	assert_non_null(strstr(c->in, "Connection: close\r\n"));
	client_expect_eof(s, c);
	assert_true(c->eof);
	client_close(c);
	server_stop(s);
}

static void
expect_status(struct server *s, const char *text, const char *status)
{
	struct client *c = client_open(s);
	char line[64];

	client_send(s, c, text);
	client_expect_eof(s, c);
	assert_true(c->eof); /* no reset */
	snprintf(line, sizeof(line), "HTTP/1.1 %s\r\n", status);
	if (strncmp(c->in, line, strlen(line)) != 0)
		fail_msg("expected %s, got \"%.300s\"", line, c->in);
	assert_non_null(strstr(c->in, "Connection: close\r\n"));
	assert_non_null(strstr(c->in, "Date: "));
	assert_non_null(strstr(c->in, "Content-Length: "));
	client_close(c);
}

static void
small_limits(struct proto_env *env)
{
	env->body_max = 10;
}

static void
test_refusals(void **state)
{
	struct server *s = server_start(small_limits);
	char text[9000];

	(void)state;
	expect_status(s, "GARBAGE\r\n\r\n", "400 Bad Request");
	expect_status(s, "GET / HTTP/1.1\nHost: a\n\n", "400 Bad Request");
	expect_status(s, "GET / HTTP/1.1\r\n\r\n", "400 Bad Request");
	expect_status(s, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n", "400 Bad Request");
	expect_status(s, "POST / HTTP/1.1\r\nHost: a\r\n"
	    "Content-Length: 11\r\n\r\n", "413 Content Too Large");
	expect_status(s, "POST / HTTP/1.1\r\nHost: a\r\n"
	    "Transfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n",
	    "413 Content Too Large");
	expect_status(s, "POST / HTTP/1.1\r\nHost: a\r\n"
	    "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "400 Bad Request");
	memset(text, 'a', sizeof(text));
	memcpy(text, "GET /", 5);
	text[sizeof(text) - 1] = '\0';
	expect_status(s, text, "414 URI Too Long");
	memcpy(text, "GET / HTTP/1.1\r\nHost: a\r\nX: ", 28);
	expect_status(s, text, "431 Request Header Fields Too Large");
	assert_int_equal(s->n_calls, 0);
	server_expect_conns(s, 0);
	server_stop(s);
}

static void
short_times(struct proto_env *env)
{
	env->keepalive_ms = env->header_ms = env->body_ms = 60;
	env->write_ms = 60;
}

static void
test_timeouts(void **state)
{
	struct server *s = server_start(short_times);
	struct client *c = client_open(s);

	(void)state;
	client_expect_eof(s, c); /* said nothing: hears nothing */
	assert_int_equal(c->len, 0);
	client_close(c);
	c = client_open(s);
	client_send(s, c, GET);
	client_expect(s, c, "hello");
	client_expect_eof(s, c);
	assert_int_equal(client_count(c, "HTTP/1.1"), 1);
	assert_int_equal(reactor_n_closed(s->reactor, CLOSE_IDLE), 2);
	client_close(c);
	expect_status(s, "GET / HT", "408 Request Timeout");
	expect_status(s, "POST / HTTP/1.1\r\nHost: a\r\n"
	    "Content-Length: 5\r\n\r\nab", "408 Request Timeout");
	server_expect_conns(s, 0);
	assert_int_equal(reactor_n_closed(s->reactor, CLOSE_HEAD_TIMEOUT), 1);
	assert_int_equal(reactor_n_closed(s->reactor, CLOSE_BODY_TIMEOUT), 1);
	assert_int_equal(s->n_calls, 1);
	server_stop(s);
}

static void
short_times_and_buffer(struct proto_env *env)
{
	short_times(env);
	short_buffer(env);
}

static void
test_body_that_stops_under_the_application(void **state)
{
	struct server *s = server_start(short_times_and_buffer);
	static char mem[8000];

	(void)state;
	{
		struct client *c = client_open(s);

		client_send(s, c, "POST /count HTTP/1.1\r\nHost: a\r\n"
		    "Content-Length: 100000\r\n\r\n");
		client_send_n(s, c, mem, sizeof(mem));
		client_expect_eof(s, c);
		assert_non_null(strstr(c->in, "HTTP/1.1 408 "));
		assert_int_equal(s->last_end, REQUEST_BODY_TIMEOUT);
		assert_int_equal(s->n_calls, 1);
		client_close(c);
	}
	server_expect_conns(s, 0);
	server_stop(s);
}

/* A byte now and then is no progress. */
static void
test_body_in_drips(void **state)
{
	struct server *s = server_start(short_times_and_buffer);
	struct client *c = client_open(s);
	unsigned n;

	(void)state;
	s->env.body_ms = 100;
	client_send(s, c, "POST / HTTP/1.1\r\nHost: a\r\n"
	    "Content-Length: 5000\r\n\r\n");
	for (n = 0; n < 300 && c->len == 0 && !c->eof; n++) {
		client_send_n(s, c, "x", 1);
		client_wait(s, c, 9);
	}
	assert_true(n < 40);
	client_expect_eof(s, c);
	assert_non_null(strstr(c->in, "HTTP/1.1 408 "));
	client_close(c);
	server_stop(s);
}

static void
test_slow_but_steady_body(void **state)
{
	struct server *s = server_start(short_times);
	struct client *c = client_open(s);

	(void)state;
	client_send(s, c, "POST /count HTTP/1.1\r\nHost: a\r\n"
	    "Content-Length: 4000\r\n\r\n");
	for (unsigned i = 0; i < 40; i++) {
		char part[100] = { 0 };

		client_send_n(s, c, part, sizeof(part));
		client_wait(s, c, 9);
	}
	client_expect(s, c, "count=4000");
	client_close(c);
	server_stop(s);
}

static void
test_stopping_makes_answers_the_last(void **state)
{
	struct server *s = server_start(NULL);
	struct client *c = client_open(s);

	(void)state;
	client_send(s, c, GET);
	client_expect(s, c, "hello");
	reactor_stopping(s->reactor);
	client_send(s, c, GET);
	client_expect_eof(s, c);
	assert_non_null(strstr(c->in, "Connection: close\r\n"));
	client_close(c);
	server_stop(s);
}

static void
test_broken_chunk_under_the_application(void **state)
{
	struct server *s = server_start(short_times_and_buffer);
	static char mem[4096];

	(void)state;
	memset(mem, 'c', sizeof(mem));
	{
		struct client *c = client_open(s);

		client_send(s, c, "POST /count HTTP/1.1\r\nHost: a\r\n"
		    "Transfer-Encoding: chunked\r\n\r\n1000\r\n");
		/* The end of the ring, and in the same breath rubbish. */
		memcpy(mem + sizeof(mem) - 4, "cccc", 4);
		sock_send(c->fd, (struct str){ mem, sizeof(mem) }, false);
		sock_send(c->fd, STR("rubbish\r\n"), false);
		client_expect_eof(s, c);
		assert_non_null(strstr(c->in, "HTTP/1.1 400 "));
		client_close(c);
	}
	server_stop(s);
}

static void
test_client_that_does_not_read(void **state)
{
	struct server *s = server_start(short_times);
	struct client *c = client_open(s);

	(void)state;
	c->eof = true; /* never reads */
	sock_send(c->fd, STR("GET /big?50000000 HTTP/1.1\r\nHost: a\r\n\r\n"),
	    false);
	while (s->n_calls == 0)
		server_turn(s, 5);
	assert_int_equal(s->last_end, REQUEST_WRITE_TIMEOUT);
	server_expect_conns(s, 0);
	assert_int_equal(reactor_n_closed(s->reactor, CLOSE_WRITE_TIMEOUT),
	    1);
	client_close(c);
	server_stop(s);
}

static void
test_half_close_is_answered(void **state)
{
	struct server *s = server_start(NULL);
	struct client *c = client_open(s);

	(void)state;
	client_send(s, c, "POST /echo HTTP/1.1\r\nHost: a\r\n"
	    "Content-Length: 2\r\n\r\no");
	sock_send(c->fd, STR("k"), false);
	sock_shutdown_write(c->fd);
	client_expect_eof(s, c);
	assert_non_null(strstr(c->in, "\r\n\r\nok"));
	client_close(c);
	c = client_open(s);
	sock_send(c->fd, STR(GET GET), false);
	sock_shutdown_write(c->fd);
	client_expect_eof(s, c);
	assert_int_equal(client_count(c, "hello"), 2);
	server_expect_conns(s, 0);
	client_close(c);
	server_stop(s);
}

static void
test_early_end_and_reset(void **state)
{
	struct server *s = server_start(NULL);
	struct client *c = client_open(s);

	(void)state;
	client_send(s, c, "GET / HTTP/1.1\r\nHo");
	client_close(c);
	server_expect_conns(s, 0);
	assert_int_equal(reactor_n_closed(s->reactor, CLOSE_EARLY_EOF), 1);
	c = client_open(s);
	client_send(s, c, "POST / HTTP/1.1\r\nHost: a\r\n"
	    "Content-Length: 9\r\n\r\nab");
	sock_abort(c->fd);
	client_close(c);
	server_expect_conns(s, 0);
	assert_int_equal(reactor_n_closed(s->reactor, CLOSE_RESET), 1);
	assert_int_equal(s->n_calls, 0);
	server_stop(s);
}

static void
test_reset_while_the_application_has_it(void **state)
{
	struct server *s = server_start(NULL);
	struct client *c = client_open(s);

	(void)state;
	s->hold = true;
	sock_send(c->fd, STR(GET), false);
	while (!reactor_has_ready(s->reactor))
		server_turn(s, 5);
	sock_abort(c->fd);
	client_close(c);
	for (unsigned i = 0; i < 5; i++)
		server_turn(s, 5);
	assert_int_equal(reactor_n_conns(s->reactor), 1); /* close waits */
	s->hold = false;
	server_expect_conns(s, 0);
	assert_int_equal(s->n_calls, 1);
	server_stop(s);
}

static void
test_drain(void **state)
{
	struct server *s = server_start(NULL);
	struct client *idle_one = client_open(s), *busy = client_open(s);
	struct client *late;

	(void)state;
	client_send(s, idle_one, GET);
	client_expect(s, idle_one, "hello");
	client_send(s, busy, "POST /echo HTTP/1.1\r\nHost: a\r\n"
	    "Content-Length: 2\r\n\r\no");
	reactor_drain(s->reactor, false);
	assert_false(reactor_drained(s->reactor));
	assert_int_equal(reactor_n_busy(s->reactor), 1);
	late = client_open(s); /* still accepted */
	client_send(s, late, GET);
	client_expect_eof(s, late);
	assert_non_null(strstr(late->in, "Connection: close\r\n"));
	client_forget(idle_one);
	client_send(s, idle_one, GET);
	client_expect_eof(s, idle_one);
	assert_non_null(strstr(idle_one->in, "Connection: close\r\n"));
	client_send(s, busy, "k");
	client_expect_eof(s, busy);
	assert_non_null(strstr(busy->in, "\r\n\r\nok"));
	while (!reactor_drained(s->reactor))
		server_turn(s, 20);
	client_close(idle_one);
	client_close(busy);
	client_close(late);
	server_stop(s);
}

static void
long_keepalive(struct proto_env *env)
{
	env->keepalive_ms = 60000;
}

static void
test_drain_ends_idle_connections(void **state)
{
	struct server *s = server_start(long_keepalive);
	struct client *c = client_open(s);
	uint64_t began;

	(void)state;
	client_send(s, c, GET);
	client_expect(s, c, "hello");
	began = clock_ms();
	reactor_drain(s->reactor, true);
	client_expect_eof(s, c);
	assert_in_range(clock_ms() - began, REACTOR_IDLE_MS - 50,
	    REACTOR_IDLE_MS + 500);
	assert_true(reactor_drained(s->reactor));
	assert_int_equal(reactor_n_closed(s->reactor, CLOSE_DRAINED), 1);
	client_close(c);
	server_stop(s);
}

static void
test_abort_tells_the_application(void **state)
{
	struct server *s = server_start(NULL);
	struct client *c = client_open(s);
	struct request *req;

	(void)state;
	s->hold = true;
	sock_send(c->fd, STR(GET), false);
	while (!reactor_has_ready(s->reactor))
		server_turn(s, 5);
	req = request_from_ready(reactor_take_ready(s->reactor));
	reactor_abort(s->reactor);
	assert_int_equal(request_ended(req), REQUEST_DRAIN);
	assert_int_equal(reactor_n_conns(s->reactor), 1);
	client_expect(s, c, "HTTP/1.1 503 ");
	response_error(req, 500, NULL);
	server_expect_conns(s, 0);
	client_expect_eof(s, c);
	client_close(c);
	server_stop(s);
}

static void
test_abort_refuses_what_waits(void **state)
{
	struct server *s = server_start(NULL);
	struct client *c = client_open(s);

	(void)state;
	s->hold = true;
	sock_send(c->fd, STR(GET), false);
	while (!reactor_has_ready(s->reactor))
		server_turn(s, 5);
	reactor_abort(s->reactor);
	assert_false(reactor_has_ready(s->reactor));
	client_expect(s, c, "HTTP/1.1 503 ");
	client_expect_eof(s, c);
	server_expect_conns(s, 0);
	assert_int_equal(s->n_calls, 0);
	client_close(c);
	server_stop(s);
}

/* Requests of every kind, to be damaged. */
static const char seeds[] = GET
    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde"
    "HEAD /unknown HTTP/1.1\r\nHost: a\r\n\r\n"
    "POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: v\r\n\r\n"
    "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
    "Content-Length: 2\r\n\r\nok"
    "GET /chunked?3000 HTTP/1.1\r\nHost: a\r\n\r\n"
    "GET /204 HTTP/1.1\r\nHost: a\r\n\r\n"
    "GET /short HTTP/1.1\r\nHost: a\r\n\r\n"
    "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" GET_CLOSE;

/* Some bytes changed, some lost, cut at both ends; its length. */
static size_t
damaged(char *dst)
{
	size_t n = sizeof(seeds) - 1, from = (size_t)random() % n, at;

	if (random() % 2 == 0)
		from = 0;
	n -= from;
	memcpy(dst, seeds + from, n);
	for (long k = random() % 4; k > 0; k--) {
		at = (size_t)random() % n;
		if (random() % 2 == 0)
			dst[at] = (char)random();
		else
			memmove(dst + at, dst + at + 1, --n - at);
	}
	return random() % 3 == 0 ? (size_t)random() % n : n;
}

static void
send_in_slices(struct server *s, struct client *c, struct str text)
{
	struct str part;

	while (text.len > 0) {
		part = str_head(text, 1 + (size_t)random() % 200);
		text = str_tail(text, part.len);
		(void)sock_send(c->fd, part, false);
		server_turn(s, 0);
	}
}

static void
all_short(struct proto_env *env)
{
	short_times(env);
	env->keepalive_ms = env->body_ms = env->header_ms = 20;
}

/* Whatever comes: every connection ends, and nothing is left. */
static void
test_damaged_requests(void **state)
{
	struct server *s = server_start(all_short);
	char text[sizeof(seeds)];
	struct client *c;

	(void)state;
	srandom(7);
	for (unsigned i = 0; i < 1500; i++) {
		c = client_open(s);
		send_in_slices(s, c, (struct str){ text, damaged(text) });
		if (random() % 4 == 0)
			sock_shutdown_write(c->fd);
		if (random() % 4 == 0)
			sock_abort(c->fd);
		client_wait(s, c, 1);
		client_close(c);
	}
	server_expect_conns(s, 0);
	server_stop(s);
}

/* --- a transport that breaks at its n-th call --- */

static unsigned calls_left;

static bool
breaks(void)
{
	return calls_left == 0 || --calls_left == 0;
}

static ssize_t
bad_read(struct conn *c, void *mem, size_t n)
{
	return breaks() ? -E_SYSTEM : transport_tcp_ops.read(c, mem, n);
}

static ssize_t
bad_write(struct conn *c, struct str text, bool more)
{
	return breaks() ? -E_GONE : transport_tcp_ops.write(c, text, more);
}

static ssize_t
bad_writev(struct conn *c, const struct iovec *io, int n)
{
	return breaks() ? -E_SYSTEM : transport_tcp_ops.writev(c, io, n);
}

static ssize_t
bad_sendfile(struct conn *c, int fd, off_t offset, size_t n)
{
	return breaks() ? -E_GONE :
	    transport_tcp_ops.sendfile(c, fd, offset, n);
}

static void
bad_shutdown(struct conn *c)
{
	transport_tcp_ops.shutdown_write(c);
}

static const struct transport_ops bad_transport = {
	.name = "bad",
	.read = bad_read,
	.write = bad_write,
	.writev = bad_writev,
	.sendfile = bad_sendfile,
	.shutdown_write = bad_shutdown,
};

static void
test_every_call_breaks_once(void **state)
{
	static const char requests[] =
	    "POST /count HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
	    "Content-Length: 2\r\n\r\n";
	static const char more[] = "ok"
	    "GET /hints HTTP/1.1\r\nHost: a\r\n\r\n"
	    "GET /chunked?300000 HTTP/1.1\r\nHost: a\r\n\r\n"
	    "GET /file HTTP/1.1\r\nHost: a\r\n\r\n"
	    "GET /big?300000 HTTP/1.1\r\nHost: a\r\n\r\n" GET_CLOSE;
	struct server *s = server_start(short_times);
	unsigned n = 0;
	struct client *c;
	bool whole;

	(void)state;
	do {
		c = client_open(s);
		server_expect_conns(s, 1);
		/* The first slot, in its n-th generation. */
		struct conn *theirs = conn_from(s->reactor, ++n);

		assert_non_null(theirs);
		theirs->transport = &bad_transport;
		calls_left = n;
		client_send(s, c, requests);
		client_send(s, c, more);
		client_expect_eof(s, c);
		/* A file's bytes may be any: no strstr. */
		whole = c->eof && memmem(c->in, c->len, "Connection: close",
		    17) != NULL;
		client_close(c);
		server_expect_conns(s, 0);
	} while (!whole && n < 200);
	assert_true(whole);
	assert_true(n > 8);
	server_stop(s);
}

static void
test_stop_with_everything_open(void **state)
{
	struct server *s = server_start(NULL);
	struct client *a = client_open(s), *b = client_open(s);

	(void)state;
	s->hold = true;
	client_send(s, a, "POST / HTTP/1.1\r\nHost: a\r\n"
	    "Content-Length: 9\r\n\r\nab");
	client_send(s, b, GET);
	server_stop(s); /* the sanitizer looks for what is left */
	client_close(a);
	client_close(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hello),
		cmocka_unit_test(test_byte_at_a_time),
		cmocka_unit_test(test_pipelined_requests_are_answered_in_order),
		cmocka_unit_test(test_body_by_length),
		cmocka_unit_test(test_upload_that_breaks_off),
		cmocka_unit_test(test_upload_larger_than_the_ring),
		cmocka_unit_test(test_expect_continue),
		cmocka_unit_test(test_answers_without_a_body),
		cmocka_unit_test(test_unknown_length),
		cmocka_unit_test(test_answers_that_are_cut),
		cmocka_unit_test(test_large_answers),
		cmocka_unit_test(test_early_hints),
		cmocka_unit_test(test_unread_body_does_not_become_a_request),
		cmocka_unit_test(
		    test_unread_body_is_dropped_or_ends_the_connection),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_timeouts),
		cmocka_unit_test(test_body_that_stops_under_the_application),
		cmocka_unit_test(test_body_in_drips),
		cmocka_unit_test(test_slow_but_steady_body),
		cmocka_unit_test(test_stopping_makes_answers_the_last),
		cmocka_unit_test(test_broken_chunk_under_the_application),
		cmocka_unit_test(test_client_that_does_not_read),
		cmocka_unit_test(test_half_close_is_answered),
		cmocka_unit_test(test_early_end_and_reset),
		cmocka_unit_test(test_reset_while_the_application_has_it),
		cmocka_unit_test(test_drain),
		cmocka_unit_test(test_drain_ends_idle_connections),
		cmocka_unit_test(test_abort_tells_the_application),
		cmocka_unit_test(test_abort_refuses_what_waits),
		cmocka_unit_test(test_damaged_requests),
		cmocka_unit_test(test_every_call_breaks_once),
		cmocka_unit_test(test_stop_with_everything_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
