/*
 * An orderly end, as a protocol.
 */
#include "net/conn_linger.h"

#include "base/error.h"
#include "net/reactor_state.h"

#include "base/banned.h"

/* All is sent: says so, and finds out whether anybody still talks. */
static void
say_end(struct conn *c)
{
	struct reactor *r = c->reactor;
	ssize_t n;

	/*
	 * RFC 9112, section 9.6: who has said close sends nothing more. And
	 * nobody has a copy: children of the application close theirs, see
	 * worker_forks, but for what conn_look has given out.
	 */
	c->leaves = c->transport->close_says_end && c->silent && !c->linger &&
	    !c->readable && !c->copied;
	if (c->leaves) {
		conn_close(c, c->why);
		return;
	}
	c->transport->shutdown_write(c);
	c->said_end = true;
	/* A close with unread bytes is a reset, which eats the answer. */
	n = c->transport->read(c, r->read_mem, CONN_READ_MAX);
	if (n == -E_AGAIN && !c->linger) {
		conn_close(c, c->why);
		return;
	}
	if (n < 0 && n != -E_AGAIN) {
		conn_close(c, c->why);
		return;
	}
	c->linger = true;
	c->readable = n != -E_AGAIN;
	conn_timer(c, CONN_LINGER_MS);
	if (c->readable)
		conn_again(c);
}

void
conn_linger_start(struct conn *c)
{
	c->proto->on_close(c);
	c->proto = &conn_linger_ops;
	c->state = NULL;
	buf_finish(&c->in);
	c->finishing = false;
	conn_set_idle(c, false);
	if (conn_flush(c) < 0)
		return;
	if (buf_len(&c->out) > 0)
		conn_timer(c, c->reactor->options.write_timeout_ms);
	else
		say_end(c);
}

static size_t
on_bytes(struct conn *c, struct str in)
{
	c->lingered += (uint32_t)(in.len / 1024) + 1;
	if (c->lingered > CONN_LINGER_MAX / 1024)
		conn_close(c, c->why);
	return in.len;
}

static void
on_eof(struct conn *c)
{
	/* Until the answer has left, that is no reason to stop. */
	if (buf_len(&c->out) == 0)
		conn_close(c, c->why);
}

static void
on_writable(struct conn *c)
{
	/* The clock goes on: a buffer's worth is all that it may take. */
	if (buf_len(&c->out) == 0)
		say_end(c);
}

static void
on_timeout(struct conn *c)
{
	conn_close(c, buf_len(&c->out) > 0 ? CLOSE_WRITE_TIMEOUT : c->why);
}

static void
nothing(struct conn *c)
{
	(void)c;
}

static int
open_never(struct conn *c)
{
	(void)c;
	return -E_BAD_VALUE;
}

static void
on_gone(struct conn *c, enum close_reason why)
{
	(void)c;
	(void)why;
}

/* Reading may throw away only what follows an answer that has left. */
static size_t
want_read(const struct conn *c)
{
	return buf_len(&c->out) == 0 ? CONN_READ_MAX : 0;
}

const struct proto_ops conn_linger_ops = {
	.name = "linger",
	.open = open_never,
	.on_bytes = on_bytes,
	.on_eof = on_eof,
	.on_writable = on_writable,
	.on_timeout = on_timeout,
	.on_drain = nothing,
	.on_peer = nothing,
	.want_read = want_read,
	.on_gone = on_gone,
	.on_close = nothing,
};
