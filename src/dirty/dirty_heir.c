/*
 * What the stash holds goes to the next dirty arbiter, at a reload. Run by
 * the one that leaves: it calls its successor through the door, like any
 * process of the tree, and puts each entry that the other one has not got. It
 * does nothing else meanwhile, so that no operation falls in between.
 */
#include <poll.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "dirty/dirty_stash.h"
#include "dirty/dirty_state.h"
#include "dirty/dirty_tlv.h"
#include "sys/fd.h"
#include "sys/message.h"
#include "sys/sock.h"

#include "base/banned.h"

#define LIMIT_MS 5000
#define BATCH ((size_t)256 << 10)

struct heir {
	int fd;
	uint64_t deadline_ms;
	struct buf out, in;
	uint64_t n_sent, n_answered;
};

/* Takes note of answers. false: the other side is gone, or talks nonsense. */
static bool
hear(struct heir *h)
{
	struct dirty_envelope e;
	struct str payload;
	char *room = buf_reserve(&h->in, BATCH);
	ssize_t n;

	if (room == NULL)
		return false;
	n = sock_recv(h->fd, room, buf_room(&h->in));
	if (n < 0)
		return n == -E_AGAIN;
	buf_added(&h->in, (size_t)n);
	while ((n = dirty_envelope_parse(buf_str(&h->in), &e, &payload)) > 0) {
		buf_used(&h->in, (size_t)n);
		h->n_answered++;
	}
	return n == 0;
}

/* Sends and hears until out holds at most left bytes, or -E_*. */
static int
drain(struct heir *h, size_t left)
{
	struct pollfd p = { .fd = h->fd, .events = POLLIN };
	uint64_t now;
	ssize_t n;

	while (buf_len(&h->out) > left) {
		n = sock_send(h->fd, buf_str(&h->out), false);
		if (n > 0)
			buf_used(&h->out, (size_t)n);
		else if (n != -E_AGAIN)
			return (int)n;
		if (!hear(h))
			return -E_GONE;
		now = clock_ms();
		if (now >= h->deadline_ms)
			return -E_TIMEOUT;
		p.events = POLLIN | POLLOUT;
		(void)poll(&p, 1, (int)(h->deadline_ms - now));
	}
	return 0;
}

/* The last answer has come; 0 or -E_*. */
static int
await(struct heir *h)
{
	struct pollfd p = { .fd = h->fd, .events = POLLIN };
	uint64_t now;

	while (h->n_answered < h->n_sent) {
		now = clock_ms();
		if (now >= h->deadline_ms)
			return -E_TIMEOUT;
		(void)poll(&p, 1, (int)(h->deadline_ms - now));
		if (!hear(h))
			return -E_GONE;
	}
	return 0;
}

static int
put_member(struct buf *out, struct str name, struct str value)
{
	int rc = dirty_tlv_put_string(out, name);

	return rc < 0 ? rc : buf_put(out, value);
}

/* One request: a table (no key), or an entry of it. */
static int
put_request(struct buf *out, struct str table, struct str key, struct str value)
{
	bool entry = key.len > 0;
	int rc = dirty_tlv_put_head(out, DIRTY_TLV_DICT, entry ? 4 : 2);

	if (rc == 0)
		rc = dirty_tlv_put_string(out, STR("op"));
	if (rc == 0)
		rc = dirty_tlv_put_int(
		    out, entry ? DIRTY_STASH_KEEP : DIRTY_STASH_ENSURE);
	if (rc == 0)
		rc = dirty_tlv_put_string(out, STR("table"));
	if (rc == 0)
		rc = dirty_tlv_put_string(out, table);
	if (rc == 0 && entry)
		rc = put_member(out, STR("key"), key);
	if (rc == 0 && entry)
		rc = put_member(out, STR("value"), value);
	return rc;
}

/* Of dirty_stash_each. */
static int
tell(void *cookie, struct str table, struct str key, struct str value)
{
	struct heir *h = cookie;
	struct buf request;
	char head[DIRTY_HEAD_MAX];
	size_t n;
	int rc;

	buf_init(&request, DIRTY_BUF_MAX);
	rc = put_request(&request, table, key, value);
	n = dirty_frame_head(
	    DIRTY_LINKED, DIRTY_STASH, ++h->n_sent, buf_len(&request), head);
	if (rc == 0)
		rc = buf_put(&h->out, (struct str){ head, n });
	if (rc == 0)
		rc = buf_put(&h->out, buf_str(&request));
	buf_finish(&request);
	return rc < 0 ? rc : drain(h, BATCH);
}

/* A link to the successor: its descriptor, or -E_*. */
static int
knock(const struct dirty_router *r)
{
	struct message m = { .type = 0, .n_fds = 1 };
	int ends[2], rc;

	rc = sock_pair(ends);
	if (rc < 0)
		return rc;
	m.fds[0] = ends[1];
	rc = message_send(r->h->dirty_door[1], &m, LIMIT_MS);
	fd_close(ends[1]);
	if (rc == 0)
		return ends[0];
	fd_close(ends[0]);
	return rc;
}

void
dirty_heir_pass(struct dirty_router *r)
{
	struct heir h = { .deadline_ms = clock_ms() + LIMIT_MS };
	int rc = knock(r);

	h.fd = rc;
	buf_init(&h.out, 2 * DIRTY_BUF_MAX);
	buf_init(&h.in, DIRTY_BUF_MAX);
	if (rc >= 0)
		rc = dirty_stash_each(r->stash, tell, &h);
	if (rc == 0)
		rc = drain(&h, 0);
	if (rc == 0)
		rc = await(&h);
	if (rc < 0)
		log_event(EV_DIRTY_STASH_LOST, error_text(rc));
	buf_finish(&h.out);
	buf_finish(&h.in);
	fd_close(h.fd);
}
