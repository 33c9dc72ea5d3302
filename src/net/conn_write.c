/*
 * What protocols write: copied together when it is short, gathered when it is
 * long, kept within its bound when the kernel takes no more. Run by the holder
 * of the reactor's lock, on either side.
 */
#include <string.h>

#include "base/check.h"
#include "base/error.h"
#include "net/conn.h"
#include "net/reactor_state.h"

#include "base/banned.h"

/* The kernel takes no more: an event will say when it does. */
static void
set_blocked(struct conn *c)
{
	c->blocked = true;
	conn_watch(c, true);
}

/* An error of a write, in our words: -E_AGAIN is 0 bytes. */
static ssize_t
write_result(struct conn *c, ssize_t n, size_t wanted)
{
	if (n == -E_AGAIN)
		n = 0;
	if (n < 0) {
		conn_close(c, CLOSE_RESET);
		return -E_GONE;
	}
	if ((size_t)n < wanted)
		set_blocked(c);
	c->sent += (uint64_t)n;
	return n;
}

static int
flush(struct conn *c, bool more)
{
	struct str s = buf_str(&c->out);
	ssize_t n;

	if (c->closing)
		return -E_GONE;
	if (s.len == 0 || c->blocked)
		return 0;
	n = c->transport->write(c, s, more);
	n = write_result(c, n, s.len);
	if (n < 0)
		return (int)n;
	buf_used(&c->out, (size_t)n);
	return 0;
}

int
conn_flush(struct conn *c)
{
	return flush(c, false);
}

size_t
conn_room(const struct conn *c)
{
	size_t len = buf_len(&c->out);

	return len < CONN_OUT_BOUND ? CONN_OUT_BOUND - len : 0;
}

/*
 * Keeps data and tail behind it, when there is room for all of it. What is
 * longer is not copied: its owner has to wait anyway, and sends it himself.
 */
static ssize_t
keep(struct conn *c, struct str data, struct str tail)
{
	int rc;

	if (data.len > conn_room(c))
		return 0;
	rc = buf_put(&c->out, data);
	if (rc == 0)
		rc = buf_put(&c->out, tail);
	if (rc < 0) {
		/* A bound that the caller knows, so this is memory. */
		conn_close(c, CLOSE_NO_MEMORY);
		return -E_NOMEM;
	}
	return (ssize_t)data.len;
}

static ssize_t
write_copied(struct conn *c, struct str data, struct str tail)
{
	int rc = buf_put(&c->out, data);

	if (rc == 0)
		rc = buf_put(&c->out, tail);
	if (rc < 0) {
		conn_close(c, CLOSE_NO_MEMORY);
		return -E_NOMEM;
	}
	rc = conn_flush(c);
	return rc < 0 ? rc : (ssize_t)data.len;
}

/* iovec has no const; writev only reads. */
static struct iovec
iovec_of(struct str s)
{
	struct iovec io = { .iov_len = s.len };

	memcpy(&io.iov_base, &s.ptr, sizeof(io.iov_base));
	return io;
}

static ssize_t
write_gathered(struct conn *c, struct str data, struct str tail)
{
	struct str head = buf_str(&c->out);
	struct iovec io[3] = { iovec_of(head), iovec_of(data), iovec_of(tail) };
	int skip = head.len == 0;
	ssize_t n;
	size_t sent, of_head;

	n = c->transport->writev(c, io + skip, 3 - skip - (tail.len == 0));
	n = write_result(c, n, head.len + data.len + tail.len);
	if (n < 0)
		return n;
	sent = (size_t)n;
	of_head = sent < head.len ? sent : head.len;
	buf_used(&c->out, of_head);
	sent -= of_head;
	if (sent >= data.len) {
		tail = str_tail(tail, sent - data.len);
		n = keep(c, STR(""), tail);
		return n < 0 ? n : (ssize_t)data.len;
	}
	n = keep(c, str_tail(data, sent), tail);
	return n < 0 ? n : (ssize_t)sent + n;
}

ssize_t
conn_write(struct conn *c, struct str data, struct str tail)
{
	CHECK(tail.len <= CONN_TAIL_MAX);
	if (c->closing)
		return -E_GONE;
	if (c->blocked)
		return keep(c, data, tail);
	if (buf_len(&c->out) + data.len <= CONN_COPY_MAX)
		return write_copied(c, data, tail);
	return write_gathered(c, data, tail);
}

ssize_t
conn_sendfile(struct conn *c, int file, off_t offset, size_t n)
{
	ssize_t sent;

	if (c->transport->sendfile == NULL)
		return -E_NOT_FOUND;
	if (flush(c, true) < 0)
		return -E_GONE;
	if (c->blocked)
		return 0;
	sent = c->transport->sendfile(c, file, offset, n);
	if (sent == 0)
		return -E_EOF;
	/* Fewer may mean the file's end: only EAGAIN promises an event. */
	if (sent > 0)
		n = (size_t)sent;
	return sent == -E_NOT_FOUND ? sent : write_result(c, sent, n);
}
