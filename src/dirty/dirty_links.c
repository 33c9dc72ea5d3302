/*
 * Links: how processes of the tree call, many calls on each. Run by the dirty
 * arbiter. A link is read whatever its calls do, since CANCEL and CREDIT come
 * that way, too; what does not fit into the queue is refused at once.
 */
#include "dirty/dirty_state.h"

#include "base/error.h"
#include "sys/fd.h"
#include "sys/message.h"
#include "sys/poller.h"
#include "sys/sock.h"

#include "base/banned.h"

#define OUT_MAX (2 * DIRTY_PAYLOAD_MAX + DIRTY_SPARE)
#define LAST_READS 64 /* each as much as a socket's buffer may hold, or more */
#define READ_LEN ((size_t)256 << 10)

/* One of them; false: no more for now. */
static bool
accept_one(struct dirty_router *r)
{
	static char mem[MESSAGE_MAX];
	struct dirty_conn *c;
	struct message m;
	int rc = message_recv(r->door, mem, &m);

	if (rc == -E_PROTOCOL)
		return true;
	if (rc < 0)
		return false;
	if (m.n_fds > 0) {
		c = dirty_callers_open(r, m.fds[0]);
		m.fds[0] = -1;
		if (c != NULL) {
			c->is_link = true;
			c->out.max = OUT_MAX;
		}
	}
	message_close_fds(&m);
	return true;
}

void
dirty_links_accept(struct dirty_router *r)
{
	while (accept_one(r))
		;
}

static struct dirty_call *
find_call(struct dirty_conn *c, uint64_t id)
{
	struct list *n;

	for (n = c->calls.next; n != &c->calls; n = n->next) {
		struct dirty_call *call =
		    LIST_OF(n, struct dirty_call, of_conn);

		if (call->caller.id == id)
			return call;
	}
	return NULL;
}

/* An envelope without a payload. */
static void
say(struct dirty_conn *c, enum dirty_type type, uint64_t id)
{
	char head[DIRTY_HEAD_MAX];
	size_t n = dirty_frame_head(DIRTY_LINKED, type, id, 0, head);

	if (buf_put(&c->out, (struct str){ head, n }) < 0)
		c->closing = true;
}

static void
on_request(
    struct dirty_router *r, struct dirty_conn *c, const struct dirty_frame *f)
{
	struct dirty_caller caller;
	struct dirty_route rt;
	char text[120];
	int rc;

	if (c->leaving) {
		say(c, DIRTY_REFUSED, f->id);
		return;
	}
	rc = dirty_frame_route(f, &rt);
	dirty_caller_set(&caller, f, &rt);
	if (rc == 0 && rt.type == DIRTY_REQUEST) {
		dirty_calls_start(r, c, f, &rt);
	} else if (rc == 0) {
		dirty_callers_stash(r, c, &caller, f->payload);
	} else {
		dirty_frame_problem(rc, f, text, sizeof(text));
		if (dirty_answer_error(
			&c->out, &caller, "DirtyProtocolError", text, NULL) < 0)
			c->closing = true;
	}
}

static void
on_credit(struct dirty_router *r, struct dirty_conn *c, uint64_t id,
    struct str payload)
{
	struct dirty_call *call = find_call(c, id);
	uint64_t n;

	if (call == NULL || payload.len != sizeof(n))
		return;
	memcpy(&n, payload.ptr, sizeof(n));
	if (n > 0)
		dirty_calls_credit(r, call, (size_t)n);
}

/* false: it does not talk sense. */
static bool
on_message(struct dirty_router *r, struct dirty_conn *c,
    const struct dirty_envelope *e, struct str payload)
{
	const struct dirty_frame f = { .format = DIRTY_LINKED,
		.type = e->type,
		.id = e->id,
		.payload = payload };
	struct dirty_call *call;

	switch (e->type) {
	case DIRTY_REQUEST:
	case DIRTY_STASH:
		on_request(r, c, &f);
		return true;
	case DIRTY_CANCEL:
		call = find_call(c, e->id);
		if (call != NULL)
			dirty_calls_abandon(r, call);
		return true;
	case DIRTY_CREDIT:
		on_credit(r, c, e->id, payload);
		return true;
	default:
		return false;
	}
}

/* Acts on what is complete; false: it does not talk sense. */
static bool
take_all(struct dirty_router *r, struct dirty_conn *c)
{
	struct dirty_envelope e;
	struct str payload;
	ssize_t n;

	while ((n = dirty_envelope_parse(buf_str(&c->in), &e, &payload)) > 0) {
		if (!on_message(r, c, &e, payload))
			return false;
		buf_used(&c->in, (size_t)n);
	}
	return n == 0;
}

void
dirty_links_take(struct dirty_router *r, struct dirty_conn *c)
{
	if (take_all(r, c))
		dirty_callers_flush(r, c);
	else
		dirty_callers_close(r, c);
}

/*
 * From here on its process cannot write; what it had written is refused. So
 * each request was taken, was refused, or fails to be sent.
 */
static void
look_last(struct dirty_router *r, struct dirty_conn *c)
{
	char *room;
	ssize_t n = 1;

	sock_shutdown_read(c->fd);
	for (unsigned i = 0; i < LAST_READS && n > 0; i++) {
		room = buf_reserve(&c->in, READ_LEN);
		n = room == NULL ? 0 : sock_recv(c->fd, room, buf_room(&c->in));
		if (n > 0)
			buf_added(&c->in, (size_t)n);
		if (!take_all(r, c))
			break;
	}
	c->closing = true;
}

void
dirty_links_leave(struct dirty_router *r, struct dirty_conn *c)
{
	if (!c->leaving)
		say(c, DIRTY_LEAVING, 0);
	c->leaving = true;
	if (!dirty_conn_is_busy(c) && !c->closing)
		look_last(r, c);
	dirty_callers_flush(r, c);
}
