/*
 * Who calls, and connections at the named address. Run by the dirty arbiter.
 * While a call runs nothing is read from such a connection, so that a caller
 * can neither queue more than one nor fill memory; that it leaves is still
 * seen. A link (dirty_links.c) is read at any time.
 */
#include "dirty/dirty_state.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "dirty/dirty_stash.h"
#include "dirty/dirty_tlv.h"
#include "sys/fd.h"
#include "sys/poller.h"
#include "sys/sock.h"

#include "base/banned.h"

#define READ_LEN ((size_t)64 << 10)
#define READS_MAX 64 /* in one turn: others wait, too */
/* Credit is given back in few large pieces. */
#define CREDIT_LEAST (DIRTY_WINDOW / 4)

static void
watch(struct dirty_router *r, struct dirty_conn *c)
{
	unsigned events = POLLER_HALF;

	if (!c->muted && !c->closing)
		events |= POLLER_IN;
	if (buf_len(&c->out) > 0)
		events |= POLLER_OUT;
	if (events == c->watched)
		return;
	c->watched = events;
	if (poller_change(r->poller, c->fd, events, c->id) < 0)
		c->closing = true;
}

void
dirty_callers_close(struct dirty_router *r, struct dirty_conn *c)
{
	while (dirty_conn_is_busy(c))
		dirty_calls_abandon(
		    r, LIST_OF(c->calls.next, struct dirty_call, of_conn));
	list_remove(&c->flush);
	poller_remove(r->poller, c->fd);
	fd_close(c->fd);
	dirty_table_remove(&r->callers, c->id);
	dirty_buf_finish(&c->in);
	dirty_buf_finish(&c->out);
	free(c);
}

/* Abstract names are a pod's: who is seen as no process is of another one. */
static bool
is_trusted(const struct dirty_router *r, int fd)
{
	uid_t uid;
	pid_t pid;

	if (sock_peer(fd, &uid, &pid) < 0 ||
	    (pid == 0 && r->h->dirty_address[0] == '@'))
		return false;
	return uid == r->uid || uid == geteuid() || uid == 0;
}

struct dirty_conn *
dirty_callers_open(struct dirty_router *r, int fd)
{
	struct dirty_conn *c = calloc(1, sizeof(*c));

	if (c != NULL)
		c->id = dirty_table_add(&r->callers, c);
	if (c == NULL || c->id == 0) {
		fd_close(fd);
		free(c);
		return NULL;
	}
	c->fd = fd;
	c->watched = POLLER_IN | POLLER_HALF;
	list_init(&c->calls);
	list_init(&c->flush);
	buf_init(&c->in, DIRTY_BUF_MAX);
	buf_init(&c->out, DIRTY_BUF_MAX);
	if (poller_add(r->poller, fd, c->watched, c->id) == 0)
		return c;
	dirty_table_remove(&r->callers, c->id);
	fd_close(fd);
	free(c);
	return NULL;
}

void
dirty_callers_accept(struct dirty_router *r)
{
	struct sock_addr peer;
	int fd;

	while ((fd = sock_accept(r->listener, &peer)) >= 0 || fd == -E_GONE)
		if (fd >= 0 && !is_trusted(r, fd))
			fd_close(fd);
		else if (fd >= 0)
			(void)dirty_callers_open(r, fd);
	if (fd == -E_AGAIN || !r->listener_watched)
		return;
	/* No descriptor is left: tried again at the next tick. */
	poller_remove(r->poller, r->listener);
	r->listener_watched = false;
}

/* What its stream was sent has left: a caller at the address says no more. */
static void
give_credit(struct dirty_router *r, struct dirty_conn *c)
{
	struct dirty_call *call;

	if (!dirty_conn_is_busy(c))
		return;
	call = LIST_OF(c->calls.next, struct dirty_call, of_conn);
	if (call->owed >= CREDIT_LEAST)
		dirty_calls_credit(r, call, 0);
}

/* false: it is closed now. */
static bool
flush(struct dirty_router *r, struct dirty_conn *c)
{
	ssize_t n;

	while (buf_len(&c->out) > 0) {
		n = sock_send(c->fd, buf_str(&c->out), false);
		if (n == -E_AGAIN)
			break;
		if (n < 0) {
			dirty_callers_close(r, c);
			return false;
		}
		buf_used(&c->out, (size_t)n);
	}
	if (c->is_link && c->leaving && !c->closing && !dirty_conn_is_busy(c))
		dirty_links_leave(r, c);
	if (buf_len(&c->out) == 0 && !c->is_link)
		give_credit(r, c);
	if (buf_len(&c->out) == 0 && c->closing) {
		dirty_callers_close(r, c);
		return false;
	}
	watch(r, c);
	return true;
}

void
dirty_callers_flush(struct dirty_router *r, struct dirty_conn *c)
{
	if (!c->is_link)
		(void)flush(r, c);
	else if (list_empty(&c->flush))
		list_append(&r->flush, &c->flush);
}

void
dirty_callers_flush_all(struct dirty_router *r)
{
	struct list *n;

	while ((n = list_shift(&r->flush)) != NULL)
		(void)flush(r, LIST_OF(n, struct dirty_conn, flush));
}

/* A process does not read what it is told: this call pays, not its link. */
static void
give_up_answer(struct dirty_router *r, struct dirty_call *call)
{
	struct dirty_conn *c = call->conn;

	dirty_calls_abandon(r, call);
	if (dirty_answer_error(&c->out, &call->caller, "DirtyError",
		"The caller's process does not read its answers", NULL) < 0)
		dirty_callers_close(r, c);
	else
		dirty_callers_flush(r, c);
}

void
dirty_callers_forward(struct dirty_router *r, struct dirty_call *call,
    const struct dirty_envelope *e, struct str payload)
{
	struct dirty_conn *c = call->conn;
	char head[DIRTY_HEAD_MAX];
	size_t n = dirty_frame_head(call->caller.format,
	    (enum dirty_type)e->type, call->caller.id, payload.len, head);

	/* DIRTY_SPARE is for errors. */
	if (c->is_link &&
	    buf_len(&c->out) + payload.len > c->out.max - DIRTY_SPARE)
		give_up_answer(r, call);
	else if (buf_put(&c->out, (struct str){ head, n }) < 0 ||
	    buf_put(&c->out, payload) < 0)
		dirty_callers_close(r, c);
}

/* The end of a conversation that is not understood. */
static void
refuse(struct dirty_conn *c, int rc, const struct dirty_frame *f,
    const struct dirty_route *rt)
{
	struct dirty_caller caller;
	char text[120];

	dirty_caller_set(&caller, f, rt);
	dirty_frame_problem(rc, f, text, sizeof(text));
	(void)dirty_answer_error(
	    &c->out, &caller, "DirtyProtocolError", text, NULL);
	c->closing = true;
}

static const char *
stash_problem(int rc)
{
	if (rc == -E_FULL)
		return "The stash is full (dirty_stash_size)";
	if (rc == -E_PROTOCOL)
		return "Not a stash operation";
	if (rc == -E_NOT_FOUND)
		return "Not found in the stash";
	return error_text(rc);
}

/* value: what a response says, whole. */
static int
respond(struct dirty_conn *c, const struct dirty_caller *to, struct str value)
{
	char head[DIRTY_HEAD_MAX];
	size_t n = dirty_frame_head(
	    to->format, DIRTY_RESPONSE, to->id, value.len, head);
	int rc = buf_put(&c->out, (struct str){ head, n });

	return rc < 0 ? rc : buf_put(&c->out, value);
}

static int
run_stash(struct dirty_router *r, const struct dirty_stash_request *rq,
    struct buf *out)
{
	int rc = dirty_tlv_put_head(out, DIRTY_TLV_DICT, 1);

	if (rc == 0)
		rc = dirty_tlv_put_string(out, STR("result"));
	return rc < 0 ? rc : dirty_stash_do(r->stash, rq, out);
}

void
dirty_callers_stash(struct dirty_router *r, struct dirty_conn *c,
    const struct dirty_caller *caller, struct str payload)
{
	struct dirty_stash_request rq = { .op = 0 };
	const char *error = "StashError";
	struct buf value;
	int rc;

	buf_init(&value, DIRTY_PAYLOAD_MAX);
	rc = dirty_stash_read(payload, &rq);
	if (rc == 0)
		rc = run_stash(r, &rq, &value);
	if (rc == -E_NOT_FOUND)
		error = rq.op == DIRTY_STASH_INFO ? "StashTableNotFoundError"
						  : "StashKeyNotFoundError";
	if (rc < 0)
		rc = dirty_answer_error(
		    &c->out, caller, error, stash_problem(rc), NULL);
	else
		rc = respond(c, caller, buf_str(&value));
	if (rc < 0)
		c->closing = true;
	buf_finish(&value);
}

static void
use_stash(struct dirty_router *r, struct dirty_conn *c,
    const struct dirty_frame *f, size_t len)
{
	const struct dirty_route none = { .type = DIRTY_STASH };
	struct dirty_caller caller;

	dirty_caller_set(&caller, f, &none);
	dirty_callers_stash(r, c, &caller, f->payload);
	buf_used(&c->in, len);
}

/* What this dirty arbiter does not do. */
static void
decline(struct dirty_conn *c, const struct dirty_frame *f,
    const struct dirty_route *rt, size_t len)
{
	struct dirty_caller caller;

	dirty_caller_set(&caller, f, rt);
	(void)dirty_answer_error(&c->out, &caller, "DirtyError",
	    "This dirty arbiter only takes calls", NULL);
	buf_used(&c->in, len);
}

/* Takes what is complete; true: there may be more. */
static bool
take_frame(struct dirty_router *r, struct dirty_conn *c)
{
	struct dirty_route rt = { .type = DIRTY_NONE };
	struct dirty_frame f;
	ssize_t n = dirty_frame_parse(buf_str(&c->in), &f);
	int rc = (int)n;

	if (n == 0)
		return false;
	if (n > 0)
		rc = dirty_frame_route(&f, &rt);
	if (rc < 0) {
		refuse(c, rc, &f, &rt);
		return false;
	}
	if (rt.type == DIRTY_REQUEST)
		dirty_calls_start(r, c, &f, &rt);
	else if (rt.type == DIRTY_STASH && f.format == DIRTY_BINARY)
		use_stash(r, c, &f, (size_t)n);
	else
		decline(c, &f, &rt, (size_t)n);
	return true;
}

static void
take_frames(struct dirty_router *r, struct dirty_conn *c)
{
	uint64_t id = c->id;

	/* A call that fails at once may end its connection. */
	while (dirty_table_get(&r->callers, id) == c)
		if (dirty_conn_is_busy(c) || c->closing || !take_frame(r, c)) {
			dirty_callers_flush(r, c);
			return;
		}
}

void
dirty_callers_done(struct dirty_router *r, struct dirty_conn *c)
{
	if (c->is_link) {
		dirty_callers_flush(r, c);
		return;
	}
	c->muted = false;
	if (r->stopping)
		c->closing = true;
	take_frames(r, c);
}

/* A frame or envelope is there, or what cannot be one; else len is its. */
static bool
is_complete(const struct dirty_conn *c, size_t *len)
{
	struct dirty_envelope e = { .len = 0 };
	struct dirty_frame f;
	struct str payload;
	bool is;

	if (c->is_link) {
		is = dirty_envelope_parse(buf_str(&c->in), &e, &payload) != 0;
		*len = e.len;
	} else {
		is = dirty_frame_parse(buf_str(&c->in), &f) != 0;
		*len = f.payload.len;
	}
	return is;
}

/* How much to make room for: all of a frame whose head is there. */
static size_t
wanted(const struct dirty_conn *c)
{
	size_t have = buf_len(&c->in), len;

	if (is_complete(c, &len) || len + DIRTY_HEAD_MAX < have + READ_LEN)
		return READ_LEN;
	return len + DIRTY_HEAD_MAX - have;
}

/* Reads until nothing is there, or a frame is complete. false: it is over. */
static bool
read_some(struct dirty_conn *c)
{
	size_t len;
	ssize_t n;

	for (unsigned i = 0; i < READS_MAX; i++) {
		char *room = buf_reserve(&c->in, wanted(c));

		if (room == NULL)
			return false;
		n = sock_recv(c->fd, room, buf_room(&c->in));
		if (n == -E_AGAIN)
			return true;
		if (n < 0)
			return false;
		buf_added(&c->in, (size_t)n);
		if (is_complete(c, &len))
			return true;
	}
	return true;
}

void
dirty_callers_on_event(
    struct dirty_router *r, struct dirty_conn *c, unsigned events)
{
	if ((events & POLLER_ERROR) != 0 ||
	    ((c->is_link || dirty_conn_is_busy(c)) &&
		(events & POLLER_HALF) != 0)) {
		dirty_callers_close(r, c);
		return;
	}
	if ((events & POLLER_OUT) != 0 && !flush(r, c))
		return;
	if ((events & (POLLER_IN | POLLER_HALF)) == 0)
		return;
	if (!c->is_link && dirty_conn_is_busy(c)) {
		c->muted = true;
		watch(r, c);
		return;
	}
	if (c->closing || !read_some(c))
		dirty_callers_close(r, c);
	else if (c->is_link)
		dirty_links_take(r, c);
	else
		take_frames(r, c);
}

bool
dirty_callers_have_all(const struct dirty_router *r)
{
	const struct dirty_conn *c;
	unsigned at = 0;

	while ((c = dirty_table_next(&r->callers, &at)) != NULL)
		if (buf_len(&c->out) > 0)
			return false;
	return true;
}

void
dirty_callers_leave(struct dirty_router *r)
{
	struct dirty_conn *c;
	unsigned at = 0;

	while ((c = dirty_table_next(&r->callers, &at)) != NULL)
		if (c->is_link)
			dirty_links_leave(r, c);
		else if (!dirty_conn_is_busy(c) && buf_len(&c->out) == 0)
			dirty_callers_close(r, c);
}
