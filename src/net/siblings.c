/*
 * Accepting by turns, and the queue of requests that are passed on.
 */
#include "net/siblings.h"

#include <limits.h>
#include <stdatomic.h>
#include <string.h>

#include "base/check.h"
#include "base/error.h"
#include "base/log.h"
#include "board/board.h"
#include "net/reactor_state.h"
#include "sys/fd.h"
#include "sys/message.h"

#include "base/banned.h"

#define PASSED 1 /* type of the queue's only message */

/* The message's body begins so; the request's bytes follow. */
struct passed {
	uint16_t local_port; /* where it came in: a reload may have */
	uint8_t local_len;   /* changed the order of listeners */
	char local[SOCK_HOST_MAX];
	uint16_t peer_port;
	uint8_t peer_len;
	char peer[46];
	struct conn_front front; /* host empty: none */
};

int
siblings_bell(const struct siblings *s)
{
	return s == NULL || s->row >= s->n_bells ? -1 : s->bells[s->row];
}

void
siblings_forget(const struct siblings *s)
{
	if (s == NULL)
		return;
	fd_close(s->take);
	fd_close(s->put);
}

/* --- who accepts --- */

bool
siblings_yield(const struct reactor *r)
{
	const struct siblings *s = r->options.siblings;
	unsigned row;

	if (s == NULL)
		return false;
	row = board_less_loaded(s->board, s->row, r->pool.n);
	if (row == BOARD_NO_ROW || row >= s->n_bells || s->bells[row] < 0)
		return false;
	atomic_store(&s->board->rows[row].asked, 1);
	fd_event_ring(s->bells[row]);
	return true;
}

bool
siblings_asked(const struct reactor *r)
{
	const struct siblings *s = r->options.siblings;

	return s != NULL && atomic_exchange(&r->options.row->asked, 0) != 0;
}

/* --- passing on --- */

int
siblings_look_ms(const struct reactor *r, int timeout_ms)
{
	if (r->options.siblings == NULL || list_empty(&r->ready))
		return timeout_ms;
	return timeout_ms < 0 || timeout_ms > SIBLINGS_LOOK_MS
	    ? SIBLINGS_LOOK_MS
	    : timeout_ms;
}

/* The message about c and its request, in the memory for reading. */
static bool
compose(const struct conn *c, const struct str parts[2], struct message *m)
{
	struct reactor *r = c->reactor;
	struct passed head = {
		.local_port = c->listener->port,
		.local_len = (uint8_t)c->listener->host.len,
		.peer_port = c->peer_port,
		.peer_len = c->peer_len,
	};
	char *mem = r->read_mem;
	size_t room = MESSAGE_MAX - sizeof(head);

	if (parts[0].len > room || parts[1].len > room - parts[0].len)
		return false;
	memcpy(head.local, c->listener->host.ptr, head.local_len);
	memcpy(head.peer, c->peer, sizeof(head.peer));
	if (c->front != NULL)
		head.front = *c->front;
	memcpy(mem, &head, sizeof(head));
	memcpy(mem + sizeof(head), parts[0].ptr, parts[0].len);
	if (parts[1].len > 0)
		memcpy(mem + sizeof(head) + parts[0].len, parts[1].ptr,
		    parts[1].len);
	m->type = PASSED;
	m->body =
	    (struct str){ mem, sizeof(head) + parts[0].len + parts[1].len };
	m->fds[0] = c->fd;
	m->n_fds = 1;
	return true;
}

/* False: this one stays. */
static bool
pass(struct reactor *r, struct list *node)
{
	struct str parts[2] = { STR(""), STR("") };
	struct conn *c = r->options.proto->passable(node, parts);
	struct message m;

	if (c == NULL || c->closing || buf_len(&c->in) > 0 ||
	    buf_len(&c->out) > 0 || !compose(c, parts, &m) ||
	    message_send(r->options.siblings->put, &m, 0) < 0)
		return false;
	CHECK(conn_unready(c, node));
	conn_give_away(c);
	return true;
}

static bool
is_time(const struct reactor *r)
{
	return r->ready_ms != 0 &&
	    r->now_ms - r->ready_ms >= SIBLINGS_PASS_MS &&
	    r->now_ms - r->passed_ms >= SIBLINGS_LOOK_MS;
}

/* How many requests may go now. */
static unsigned
n_to_pass(const struct reactor *r)
{
	const struct siblings *s = r->options.siblings;

	if (!s->idle_only && !r->draining &&
	    r->now_ms - r->ready_ms >= SIBLINGS_PASS_ANYWAY_MS)
		return UINT_MAX;
	return board_n_idle(s->board, s->row);
}

void
siblings_pass(struct reactor *r)
{
	const struct siblings *s = r->options.siblings;
	struct list *node, *next;
	unsigned n;

	if (s == NULL || r->options.proto->passable == NULL || !is_time(r))
		return;
	n = n_to_pass(r);
	for (node = r->ready.next; n > 0 && node != &r->ready; node = next) {
		next = node->next;
		if (pass(r, node))
			n--;
		r->passed_ms = r->now_ms;
	}
}

/* --- taking --- */

/* The listener of that address; where a reload has dropped it, another. */
static const struct listener *
listener_at(const struct reactor *r, struct str host, uint16_t port)
{
	for (unsigned i = 0; i < REACTOR_LISTENERS_MAX; i++)
		if (r->listeners[i].port == port &&
		    str_eq(r->listeners[i].host, host))
			return &r->listeners[i];
	return &r->listeners[0];
}

/* False: the message is none of ours. */
static bool
adopt(struct reactor *r, struct message *m)
{
	struct passed head;
	struct str front;
	struct conn *c;

	if (m->type != PASSED || m->n_fds != 1 || m->body.len < sizeof(head))
		return false;
	memcpy(&head, m->body.ptr, sizeof(head));
	if (head.local_len > sizeof(head.local) ||
	    head.peer_len > sizeof(head.peer) ||
	    head.front.len > sizeof(head.front.host))
		return false;
	c = conn_adopt(r,
	    listener_at(
		r, (struct str){ head.local, head.local_len }, head.local_port),
	    m->fds[0], (struct str){ head.peer, head.peer_len },
	    head.peer_port);
	m->fds[0] = -1;
	if (c == NULL)
		return true;
	front = (struct str){ head.front.host, head.front.len };
	if (front.len > 0 && conn_set_front(c, front, head.front.port) < 0)
		conn_close(c, CLOSE_NO_MEMORY);
	else
		conn_feed(c, str_tail(m->body, sizeof(head)));
	conn_service(c);
	return true;
}

bool
siblings_take(struct reactor *r)
{
	struct message m;
	int rc;

	/* What found no place would be lost: it stays for the next one. */
	if (r->options.siblings == NULL || r->pool.n == r->pool.max)
		return false;
	rc = message_recv(r->options.siblings->take, r->read_mem, &m);
	if (rc == -E_AGAIN)
		return false;
	if (rc < 0 || !adopt(r, &m))
		log_event(EV_REACTOR_QUEUE, rc < 0 ? error_text(rc) : "?");
	if (rc > 0)
		message_close_fds(&m);
	return rc > 0;
}
