/*
 * HTTP/1 on a connection: heads, bodies, timeouts, keep-alive, pipelining.
 * Run by the holder of the reactor; h1_after_answer by whoever ran the
 * application.
 */
#include "proto/h1.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/error.h"
#include "base/log.h"
#include "net/listener.h"
#include "net/reactor.h"
#include "proto/h1_conn.h"

#include "base/banned.h"

#define SCHEME "http"
#define TURNED_AWAY_SAY_MS 1000 /* once in */

static const struct h1_state fresh, idle, reading_head, collecting, writing_out,
    dropping_body, done;

static const struct http_error head_late = { 408,
	"The request's head did not come in time" };
static const struct http_error body_late = { 408,
	"The request's body did not come in time" };

struct h1 *
h1_from(const struct conn *c)
{
	CHECK(c->proto->on_bytes == h1_on_bytes && c->state != NULL &&
	    c->state->ops == c->proto);
	return (struct h1 *)(void *)c->state;
}

struct h1 *
h1_from_stream(struct stream *s)
{
	CHECK(s->ops == &h1_stream_ops);
	return (struct h1 *)(void *)((char *)s - offsetof(struct h1, stream));
}

static uint64_t
clock_of(const struct h1 *h, size_t timeout)
{
	const char *env = (const char *)conn_env(h->conn);
	uint64_t ms;

	memcpy(&ms, env + timeout, sizeof(ms));
	return ms;
}

void
h1_clock(struct h1 *h, size_t timeout)
{
	uint64_t ms = clock_of(h, timeout);

	h->queue_clock = false;
	h->clock_mark = h->body_got + h->conn->sent;
	if (h->state->idle && conn_draining(h->conn) &&
	    (ms == 0 || ms > REACTOR_IDLE_MS))
		ms = REACTOR_IDLE_MS;
	conn_timer(h->conn, ms);
}

void
h1_clock_once(struct h1 *h, size_t timeout)
{
	if (h->conn->timer.due == TIMER_OFF)
		h1_clock(h, timeout);
}

bool
h1_clock_go_on(struct h1 *h, size_t timeout)
{
	uint64_t moved = h->body_got + h->conn->sent - h->clock_mark;

	if (moved * 1000 <= clock_of(h, timeout) * H1_RATE_MIN)
		return false;
	h1_clock(h, timeout);
	return true;
}

void
h1_enter(struct h1 *h, const struct h1_state *state)
{
	h->state = state;
	conn_set_idle(h->conn, state->idle);
	if (state->timeout == 0)
		conn_timer(h->conn, 0);
	else
		h1_clock(h, state->timeout);
}

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

/* Answers with a page of ours, and that is the connection's last. */
static void
give_page(struct h1 *h, const struct http_error *err, enum close_reason why)
{
	struct conn *c = h->conn;
	bool head_only = h->req != NULL && str_eq(h->req->method, STR("HEAD"));

	h1_enter(h, &done);
	if (h1_page_put(&c->out, err, head_only) < 0)
		conn_close(c, CLOSE_NO_MEMORY);
	else
		conn_finish(c, why, true);
}

/* No slot was free for it in time: many may come, so one in a while is said. */
static void
turn_away(struct h1 *h)
{
	static const struct http_error busy = { 503,
		"All threads are busy; try again" };
	struct proto_env *env = conn_env(h->conn);
	uint64_t now = conn_now_ms(h->conn);

	env->n_turned_away++;
	if (env->turned_away_ms == 0 ||
	    now - env->turned_away_ms >= TURNED_AWAY_SAY_MS) {
		env->turned_away_ms = now;
		log_event(EV_REQUEST_TURNED_AWAY,
		    reactor_n_waiting(h->conn->reactor),
		    (unsigned long)env->n_turned_away);
	}
	give_page(h, &busy, CLOSE_TURNED_AWAY);
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

	if (env->queue_max > 0 &&
	    reactor_n_waiting(h->conn->reactor) >= env->queue_max) {
		turn_away(h);
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
	h->direct = h->overdue = false;
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

static void
forget_request(struct h1 *h)
{
	request_destroy(h->req);
	h->req = NULL;
	h->chunk = NULL;
}

static void
next_request(struct h1 *h)
{
	forget_request(h);
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
		h1_enter(h, &done);
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

	if (h->overdue)
		h->req->response.status = 504; /* what the client has seen */
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

/* --- while the application runs --- */

void
h1_wake(struct h1 *h)
{
	struct executor *e = h->req->executor;

	e->ops->wake(e, h->req);
}

/* Its body is broken: the application hears of it, and then we answer. */
static void
fail_body(struct h1 *h, enum request_end why)
{
	h->body_failed = true;
	h->last = true;
	request_set_end(h->req, why);
	conn_timer(h->conn, 0);
	h1_wake(h);
}

/* More of its body is there. */
static void
fed(struct h1 *h)
{
	if (h1_body_want(h) == 0 && !h->conn->blocked)
		conn_timer(h->conn, 0);
	h1_wake(h);
}

static size_t
feed_application(struct h1 *h, struct str in)
{
	struct http_error err;
	ssize_t used = h1_body_take(h, in, &err);

	if (used < 0) {
		fail_body(h,
		    err.status == 413 ? REQUEST_TOO_LARGE : REQUEST_BAD_BODY);
		return in.len;
	}
	if (used > 0)
		fed(h);
	return (size_t)used;
}

static void
application_eof(struct h1 *h)
{
	if (!h1_body_done(h))
		fail_body(h, REQUEST_GONE);
}

/* It waits still, or others' clocks have their turn now. */
static void
queue_timeout(struct h1 *h)
{
	if (conn_unready(h->conn, &h->req->ready))
		turn_away(h);
	else if (h->conn->blocked)
		h1_clock(h, offsetof(struct proto_env, write_ms));
	else if (h1_body_want(h) > 0)
		h1_clock(h, offsetof(struct proto_env, body_ms));
	else
		h->queue_clock = false;
}

static void
application_timeout(struct h1 *h)
{
	const size_t write = offsetof(struct proto_env, write_ms);
	const size_t body = offsetof(struct proto_env, body_ms);

	if (h->queue_clock) {
		queue_timeout(h);
		return;
	}
	if (h->conn->blocked && !h1_clock_go_on(h, write))
		conn_close(h->conn, CLOSE_WRITE_TIMEOUT);
	else if (!h->conn->blocked && h1_body_want(h) > 0 &&
	    !h1_clock_go_on(h, body))
		fail_body(h, REQUEST_BODY_TIMEOUT);
}

static void
application_writable(struct h1 *h)
{
	if (!h->conn->blocked) {
		conn_timer(h->conn, 0);
		if (h1_body_want(h) > 0)
			h1_clock(h, h->state->timeout);
	}
	h1_wake(h);
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

static const struct h1_state fresh = {
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

const struct h1_state h1_in_application = {
	.name = "h1.in_application",
	.on_bytes = feed_application,
	.on_placed = fed,
	.want_read = h1_body_want,
	.on_eof = application_eof,
	.on_timeout = application_timeout,
	.on_writable = application_writable,
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

static const struct h1_state done = {
	.name = "h1.done",
	.on_bytes = use_all,
	.want_read = want_nothing,
	.on_eof = nothing,
	.on_timeout = nothing,
	.on_writable = nothing,
};

void
h1_refuse(struct h1 *h, const struct http_error *err, enum close_reason why)
{
	conn_env(h->conn)->n_refused++;
	log_event(EV_REQUEST_INVALID, STR_ARG(conn_peer(h->conn)), err->text);
	give_page(h, err, why);
}

/* --- the table --- */

void
h1_on_peer(struct conn *c)
{
	const struct proto_env *env = conn_env(c);

	h1_from(c)->trusted = env->is_trusted(env, conn_peer(c));
}

int
h1_start(struct conn *c, const struct h1_wire *wire, size_t head_max)
{
	struct h1 *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return -E_NOMEM;
	h->base.ops = c->proto;
	h->wire = wire;
	h->stream.ops = &h1_stream_ops;
	h->conn = c;
	c->state = &h->base;
	h1_on_peer(c);
	/* A whole head, and what one read brings beyond it. */
	c->in.max = head_max + CONN_READ_MAX;
	h1_enter(h, &fresh);
	return 0;
}

static ssize_t
find_head(struct h1 *h, struct str in, struct http_error *err)
{
	return h1_head_find(&h->head, &conn_env(h->conn)->rules, in, err);
}

static int
parse_head(struct h1 *h, struct str head, struct http_error *err)
{
	return h1_head_parse(
	    &h->head, &conn_env(h->conn)->rules, head, h->req, err);
}

static const struct h1_wire wire = {
	.find = find_head,
	.parse = parse_head,
};

static int
h1_open(struct conn *c)
{
	return h1_start(c, &wire, conn_env(c)->rules.head_max);
}

size_t
h1_on_bytes(struct conn *c, struct str in)
{
	struct h1 *h = h1_from(c);

	return h->state->on_bytes(h, in);
}

char *
h1_place(struct conn *c, size_t *n)
{
	struct h1 *h = h1_from(c);

	return h->state->on_placed == NULL ? NULL : h1_body_place(h, n);
}

void
h1_on_placed(struct conn *c, size_t n)
{
	struct h1 *h = h1_from(c);

	h1_body_placed(h, n);
	h->state->on_placed(h);
}

void
h1_on_eof(struct conn *c)
{
	struct h1 *h = h1_from(c);

	h->state->on_eof(h);
}

void
h1_on_writable(struct conn *c)
{
	struct h1 *h = h1_from(c);

	h->state->on_writable(h);
}

void
h1_on_timeout(struct conn *c)
{
	struct h1 *h = h1_from(c);

	h->state->on_timeout(h);
}

void
h1_on_drain(struct conn *c)
{
	struct h1 *h = h1_from(c);

	/* The rest finds out when its answer's head is written. */
	if (h->state->idle)
		h1_clock(h, h->state->timeout);
}

size_t
h1_want_read(const struct conn *c)
{
	const struct h1 *h = h1_from(c);

	return h->state->want_read(h);
}

static enum request_end
end_for(enum close_reason why)
{
	switch (why) {
	case CLOSE_WRITE_TIMEOUT:
		return REQUEST_WRITE_TIMEOUT;
	case CLOSE_BODY_TIMEOUT:
		return REQUEST_BODY_TIMEOUT;
	case CLOSE_ABORTED:
		return REQUEST_DRAIN;
	default:
		return REQUEST_GONE;
	}
}

void
h1_on_gone(struct conn *c, enum close_reason why)
{
	struct h1 *h = h1_from(c);

	h->last = true;
	if (h->req == NULL)
		return; /* answered; the hand-back is under way */
	request_set_end(h->req, end_for(why));
	h1_wake(h);
}

void
h1_on_close(struct conn *c)
{
	struct h1 *h;

	if (c->state == NULL)
		return; /* it was never opened */
	h = h1_from(c);
	if (h->req != NULL)
		list_remove(&h->req->ready);
	forget_request(h);
	free(h);
	c->state = NULL;
}

/* A page of ours, if nothing of another answer has left. */
static void
answer_overdue(struct h1 *h)
{
	static const struct http_error overdue = { 504,
		"The application did not answer in time" };
	struct conn *c = h->conn;

	if (c->closing || c->finishing)
		return;
	if (c->taken) {
		conn_close(c, CLOSE_OVERDUE);
	} else if (!h->head_out) {
		h->overdue = true;
		give_page(h, &overdue, CLOSE_OVERDUE);
		(void)conn_flush(c); /* gone: then it is closed */
	} else if (h->until_close) {
		conn_abort(c, CLOSE_OVERDUE);
	} else {
		conn_close(c, CLOSE_OVERDUE);
	}
}

void
h1_on_overdue(struct conn *c, const void *slot)
{
	struct h1 *h = h1_from(c);

	if (h->req == NULL || h->req->slot != slot ||
	    !list_empty(&h->req->ready))
		return;
	request_set_end(h->req, REQUEST_OVERDUE);
	answer_overdue(h);
	h1_wake(h);
}

/* All of its body is here, in one piece, and was sent without chunks. */
static bool
is_whole(const struct h1 *h)
{
	const struct body *b = &h->req->body;

	return h->state == &h1_in_application && h->chunk == NULL &&
	    body_complete(b) && body_peek(b).len == h->body_got;
}

struct conn *
h1_passable(struct list *ready, struct str parts[2])
{
	struct request *req = request_from_ready(ready);
	struct h1 *h;

	if (req->stream->ops != &h1_stream_ops)
		return NULL;
	h = h1_from_stream(req->stream);
	if (!is_whole(h))
		return NULL;
	parts[0] = req->head;
	parts[1] = body_peek(&req->body);
	return h->conn;
}

const struct proto_ops h1_ops = {
	.name = "http/1.1",
	.open = h1_open,
	.on_bytes = h1_on_bytes,
	.place = h1_place,
	.on_placed = h1_on_placed,
	.on_eof = h1_on_eof,
	.on_writable = h1_on_writable,
	.on_timeout = h1_on_timeout,
	.on_drain = h1_on_drain,
	.on_peer = h1_on_peer,
	.want_read = h1_want_read,
	.on_gone = h1_on_gone,
	.on_close = h1_on_close,
	.on_overdue = h1_on_overdue,
	.passable = h1_passable,
};
