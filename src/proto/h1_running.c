/*
 * A connection while the application has a request of it: the body goes on
 * coming, the answer leaves, time passes. Run by the holder of the reactor.
 */
#include "net/reactor.h"
#include "proto/h1_conn.h"

#include "base/banned.h"

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
		h1_turn_away(h);
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
