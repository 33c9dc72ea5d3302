/*
 * What a connection does, state by state: heads, bodies that are collected,
 * keep-alive, pipelining, leaving. Run by the holder of the reactor;
 * h1_after_answer by whoever ran the application. What it does while that
 * runs: h1_running.c.
 */
#include <stdlib.h>

#include "base/error.h"
#include "net/listener.h"
#include "net/reactor.h"
#include "proto/h1_conn.h"

#include "base/banned.h"

#define SCHEME "http"

static const struct h1_state idle, reading_head, collecting, writing_out,
    dropping_body;

static const struct http_error head_late = { 408,
	"The request's head did not come in time" };
static const struct http_error body_late = { 408,
	"The request's body did not come in time" };

/* --- a request begins --- */

static void
no_memory(struct h1 *h)
{
	conn_close(h->conn, CLOSE_NO_MEMORY);
}

static void
set_ends(struct h1 *h)
{
	const struct conn *c = h->conn;
	struct request *req = h->req;

	/* The connection outlives its requests, and so do these. */
	req->peer.host = conn_peer(c);
	req->peer.port = c->peer_port;
	req->local.host = c->listener->host;
	req->local.port = c->listener->port;
	if (c->front == NULL)
		return;
	req->front.host = (struct str){ c->front->host, c->front->len };
	req->front.port = c->front->port;
}

/* Parses and judges the head: 0, -E_PROTOCOL or -E_NOMEM. */
static int
read_head(struct h1 *h, struct str bytes, struct http_error *err)
{
	struct proto_env *env = conn_env(h->conn);
	struct http_policy policy = env->policy;
	struct request *req;
	int rc;

	req = request_create(&h->stream, env->cfg, env->arena_max);
	if (req == NULL)
		return -E_NOMEM;
	h->req = req;
	req->executor = env->executor;
	req->scheme = STR(SCHEME);
	req->started_ms = conn_now_ms(h->conn);
	if (env->clock_us != NULL)
		req->started_us = env->clock_us();
	req->keep_fields = env->keep_fields;
	req->keep_environ = env->keep_environ;
	set_ends(h);
	bytes = arena_str(&req->arena, bytes);
	if (bytes.ptr == NULL)
		return -E_NOMEM;
	req->head = bytes;
	rc = h->wire->parse(h, bytes, err);
	if (rc < 0)
		return rc;
	policy.peer_trusted = h->trusted;
	rc = http_policy_apply(&policy, req, err);
	if (h->wire->single)
		req->keep_alive = req->expect_continue = false;
	return rc < 0 ? rc : h1_body_begin(h, err);
}

static void
start_clock(struct h1 *h)
{
	const struct proto_env *env = conn_env(h->conn);

	h->queue_clock = env->queue_ms > 0;
	if (h->queue_clock)
		conn_timer(h->conn, env->queue_ms);
	else if (h1_body_want(h) > 0)
		h1_clock(h, h->state->timeout);
	else
		conn_timer(h->conn, 0); /* until it has taken some */
}

static void
to_application(struct h1 *h)
{
	struct proto_env *env = conn_env(h->conn);

	if (conn_too_late(h->conn) ||
	    (env->queue_max > 0 &&
		reactor_n_waiting(h->conn->reactor) >= env->queue_max)) {
		h1_turn_away(h);
		return;
	}
	env->n_requests++;
	h->state = &h1_in_application;
	conn_set_idle(h->conn, false);
	start_clock(h);
	conn_ready(h->conn, &h->req->ready);
}

/* RFC 9110, section 10.1.1: needless when body bytes have come already. */
static void
send_continue(struct h1 *h)
{
	h->continued = true;
	if (h->req->version < HTTP_1_1)
		return;
	(void)conn_write(
	    h->conn, STR("HTTP/1.1 100 Continue\r\n\r\n"), STR(""));
}

static void
collected(struct h1 *h)
{
	if (h1_body_done(h) || h1_body_collected(h))
		to_application(h);
}

static size_t
collect(struct h1 *h, struct str in)
{
	struct http_error err;
	ssize_t used = h1_body_take(h, in, &err);

	if (used < 0) {
		h1_refuse(h, &err, CLOSE_BAD_REQUEST);
		return in.len;
	}
	collected(h);
	return (size_t)used;
}

/* The head is understood; rest follows it. Bytes of rest used. */
static size_t
begin(struct h1 *h, struct str rest)
{
	ssize_t used;

	h->continued = false;
	h->head_out = h->chunked_out = h->until_close = h->last = false;
	h->chunk_left = 0;
	h->direct = false;
	h->page = 0;
	h->conn->silent = h1_body_done(h) && !h->req->keep_alive;
	if (h1_body_done(h)) {
		to_application(h);
		return 0;
	}
	used = h1_body_open(h, rest);
	if (used < 0) {
		no_memory(h);
		return rest.len;
	}
	h1_enter(h, &collecting);
	if (h->req->expect_continue && rest.len == 0)
		send_continue(h);
	else
		h->continued = rest.len > 0;
	if (used > 0)
		collected(h);
	else if (rest.len > 0)
		used = (ssize_t)collect(h, rest);
	return (size_t)used;
}

static size_t
take_head(struct h1 *h, struct str in)
{
	struct http_error err;
	ssize_t n;
	int rc;

	n = h->wire->find(h, in, &err);
	if (n == 0) {
		/* An empty line after a body is no request yet: no 408. */
		if (h->state != &reading_head && in.len > h->head.start)
			h1_enter(h, &reading_head);
		return 0;
	}
	rc = n < 0 ? (int)n : read_head(h, str_head(in, (size_t)n), &err);
	h->head = (struct h1_head){ 0 };
	if (rc == -E_PROTOCOL) {
		h1_refuse(h, &err, CLOSE_BAD_REQUEST);
		return in.len;
	}
	if (rc < 0) {
		no_memory(h);
		return in.len;
	}
	return (size_t)n + begin(h, str_tail(in, (size_t)n));
}

/* --- a request ends --- */

void
h1_forget_request(struct h1 *h)
{
	request_destroy(h->req);
	h->req = NULL;
	h->chunk = NULL;
}

static void
next_request(struct h1 *h)
{
	h1_forget_request(h);
	/* An idle connection holds no buffer: there may be thousands. */
	buf_finish(&h->conn->out);
	h1_enter(h, &idle);
	if (buf_len(&h->conn->in) > 0)
		conn_again(h->conn);
	else
		buf_finish(&h->conn->in);
}

/* The answer has left: what was not read of the body is in the way. */
static void
after_output(struct h1 *h)
{
	if (h->last || !h1_body_droppable(h)) {
		h1_enter(h, &h1_done);
		/* Or who wanted to go on has sent, or will send, more. */
		conn_finish(h->conn, CLOSE_DONE,
		    !h1_body_done(h) || h->req->keep_alive);
	} else if (!h1_body_done(h)) {
		h1_enter(h, &dropping_body);
		conn_again(h->conn);
	} else {
		next_request(h);
	}
}

void
h1_after_answer(struct h1 *h)
{
	struct conn *c = h->conn;
	struct proto_env *env = conn_env(c);

	if (h->page != 0)
		h->req->response.status =
		    h->page; /* what the client has seen */
	if (env->on_end != NULL)
		env->on_end(env, h->req);
	if (c->closing || c->finishing)
		;
	else if (buf_len(&c->out) > 0 && !h->last)
		h1_enter(h, &writing_out);
	else
		after_output(h);
	conn_hand_back(c);
}

static size_t
drop(struct h1 *h, struct str in)
{
	struct http_error err;
	ssize_t used = h1_body_drop(h, in, &err);

	if (used < 0 || !h1_body_droppable(h)) {
		conn_finish(h->conn, CLOSE_DONE, true);
		return in.len;
	}
	if (h1_body_done(h)) {
		next_request(h);
		/* The next request is put by only when we have returned. */
		if ((size_t)used < in.len)
			conn_again(h->conn);
	}
	return (size_t)used;
}

/* --- the ways out --- */

static size_t
want_all(const struct h1 *h)
{
	(void)h;
	return CONN_READ_MAX;
}

static size_t
want_nothing(const struct h1 *h)
{
	(void)h;
	return 0;
}

static size_t
use_all(struct h1 *h, struct str in)
{
	(void)h;
	return in.len;
}

static size_t
use_nothing(struct h1 *h, struct str in)
{
	(void)h;
	(void)in;
	return 0;
}

static size_t
want_drop(const struct h1 *h)
{
	if (h->chunk == NULL && h->body_left < CONN_READ_MAX)
		return (size_t)h->body_left;
	return CONN_READ_MAX;
}

static void
nothing(struct h1 *h)
{
	(void)h;
}

static void
close_at_eof(struct h1 *h)
{
	conn_close(h->conn, CLOSE_EOF);
}

static void
close_early(struct h1 *h)
{
	conn_close(h->conn, CLOSE_EARLY_EOF);
}

static void
close_idle(struct h1 *h)
{
	conn_close(
	    h->conn, conn_draining(h->conn) ? CLOSE_DRAINED : CLOSE_IDLE);
}

static void
close_unwritten(struct h1 *h)
{
	if (!h1_clock_go_on(h, h->state->timeout))
		conn_close(h->conn, CLOSE_WRITE_TIMEOUT);
}

static void
finish_undropped(struct h1 *h)
{
	if (!h1_clock_go_on(h, h->state->timeout))
		conn_finish(h->conn, CLOSE_BODY_TIMEOUT, true);
}

static void
refuse_late_head(struct h1 *h)
{
	h1_refuse(h, &head_late, CLOSE_HEAD_TIMEOUT);
}

static void
refuse_late_body(struct h1 *h)
{
	if (!h1_clock_go_on(h, h->state->timeout))
		h1_refuse(h, &body_late, CLOSE_BODY_TIMEOUT);
}

static void
go_on_writing(struct h1 *h)
{
	if (buf_len(&h->conn->out) == 0)
		after_output(h);
}

/* --- the states --- */

const struct h1_state h1_fresh = {
	.name = "h1.fresh",
	.on_bytes = take_head,
	.want_read = want_all,
	.on_eof = close_at_eof,
	.on_timeout = close_idle,
	.on_writable = nothing,
	.timeout = offsetof(struct proto_env, header_ms),
	.idle = true,
};

static const struct h1_state idle = {
	.name = "h1.idle",
	.on_bytes = take_head,
	.want_read = want_all,
	.on_eof = close_at_eof,
	.on_timeout = close_idle,
	.on_writable = nothing,
	.timeout = offsetof(struct proto_env, keepalive_ms),
	.idle = true,
};

static const struct h1_state reading_head = {
	.name = "h1.reading_head",
	.on_bytes = take_head,
	.want_read = want_all,
	.on_eof = close_early,
	.on_timeout = refuse_late_head,
	.on_writable = nothing,
	.timeout = offsetof(struct proto_env, header_ms),
};

static const struct h1_state collecting = {
	.name = "h1.collecting",
	.on_bytes = collect,
	.on_placed = collected,
	.want_read = h1_body_want,
	.on_eof = close_early,
	.on_timeout = refuse_late_body,
	.on_writable = nothing,
	.timeout = offsetof(struct proto_env, body_ms),
};

static const struct h1_state writing_out = {
	.name = "h1.writing_out",
	.on_bytes = use_nothing,
	.want_read = want_nothing,
	.on_eof = nothing,
	.on_timeout = close_unwritten,
	.on_writable = go_on_writing,
	.timeout = offsetof(struct proto_env, write_ms),
};

static const struct h1_state dropping_body = {
	.name = "h1.dropping_body",
	.on_bytes = drop,
	.want_read = want_drop,
	.on_eof = close_early,
	.on_timeout = finish_undropped,
	.on_writable = nothing,
	.timeout = offsetof(struct proto_env, body_ms),
};

const struct h1_state h1_done = {
	.name = "h1.done",
	.on_bytes = use_all,
	.want_read = want_nothing,
	.on_eof = nothing,
	.on_timeout = nothing,
	.on_writable = nothing,
};
