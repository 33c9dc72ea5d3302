/*
 * HTTP/1 on a connection: what net calls, handed on to the state that it is
 * in, and the clock of its timeouts. Run by the holder of the reactor.
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
	h1_enter(h, &h1_fresh);
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
	h1_forget_request(h);
	free(h);
	c->state = NULL;
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

struct conn *
h1_refuse_ready(struct list *ready)
{
	struct request *req = request_from_ready(ready);
	struct h1 *h;

	if (req->stream->ops != &h1_stream_ops)
		return NULL;
	h = h1_from_stream(req->stream);
	CHECK(conn_unready(h->conn, ready));
	if (!h->conn->closing)
		h1_turn_away(h);
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
	.on_late = h1_on_late,
	.passable = h1_passable,
	.refuse = h1_refuse_ready,
};
