/*
 * Connections: beginning, reading into protocols, and leaving well.
 * Run by the holder of the reactor; what the application's side may call is
 * marked in conn.h.
 */
#include "net/conn.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/error.h"
#include "net/conn_linger.h"
#include "net/reactor_state.h"
#include "net/transport_proxy.h"
#include "net/transport_tcp.h"
#include "sys/fd.h"
#include "sys/poller.h"
#include "sys/sock.h"

#include "base/banned.h"

#define READ_ROUNDS 4 /* reads of one connection before others' turn */

static const struct {
	bool is_error;
	const char *text;
} reasons[] = {
#define CLOSE(name, error, words) [CLOSE_##name] = { error, words },
#include "net/close_reasons.def"
#undef CLOSE
};

const char *
conn_close_text(enum close_reason why)
{
	return reasons[why].text;
}

bool
conn_close_is_error(enum close_reason why)
{
	return reasons[why].is_error;
}

struct proto_env *
conn_env(const struct conn *c)
{
	return c->reactor->options.env;
}

struct str
conn_peer(const struct conn *c)
{
	return (struct str){ c->peer, c->peer_len };
}

uint64_t
conn_now_ms(const struct conn *c)
{
	return reactor_now_ms(c->reactor);
}

bool
conn_draining(const struct conn *c)
{
	return c->reactor->draining || reactor_is_stopping(c->reactor);
}

bool
conn_too_late(const struct conn *c)
{
	return c->reactor->refusing;
}

bool
conn_crowded(const struct conn *c)
{
	return c->reactor->pool.n == c->reactor->pool.max;
}

void
conn_timer(struct conn *c, uint64_t ms)
{
	if (ms == 0)
		timer_off(&c->timer);
	else {
		timer_set(&c->reactor->timers, &c->timer, conn_now_ms(c) + ms);
		reactor_timer_set(c->reactor, c->timer.due);
	}
}

void
conn_set_idle(struct conn *c, bool idle)
{
	if (c->idle == idle)
		return;
	c->idle = idle;
	if (idle)
		c->reactor->n_idle++;
	else
		c->reactor->n_idle--;
}

static void
make_runnable(struct conn *c)
{
	if (list_empty(&c->runnable))
		list_append(&c->reactor->runnable, &c->runnable);
}

void
conn_ready(struct conn *c, struct list *node)
{
	CHECK(!c->held);
	c->held = true;
	list_append(&c->reactor->ready, node);
	reactor_count_ready(c->reactor, 1);
}

bool
conn_unready(struct conn *c, struct list *node)
{
	if (list_empty(node))
		return false;
	list_remove(node);
	reactor_count_ready(c->reactor, -1);
	c->held = false;
	return true;
}

void
conn_watch(struct conn *c, bool out)
{
	unsigned events = POLLER_IN | POLLER_HALF | POLLER_EDGE;
	uint64_t cookie;
	int rc;

	if ((c->armed && (c->armed_out || !out)) || c->broken || c->taken)
		return;
	if (out)
		events |= POLLER_OUT;
	cookie = reactor_cookie(REACTOR_CONN, c->slot, c->generation);
	if (c->armed)
		rc = poller_change(c->reactor->poller, c->fd, events, cookie);
	else
		rc = poller_add(c->reactor->poller, c->fd, events, cookie);
	c->armed = c->armed || rc == 0;
	c->armed_out = c->armed_out || (out && rc == 0);
	if (rc < 0)
		conn_close(c, CLOSE_SYSTEM);
}

void
conn_again(struct conn *c)
{
	c->again = true;
	conn_watch(c, false);
	make_runnable(c);
}

/* --- reading --- */

/* The protocol sees in; what it leaves is kept for the next time. */
static void
feed(struct conn *c, struct str in, bool kept)
{
	size_t used = c->proto->on_bytes(c, in);

	CHECK(used <= in.len);
	if (c->finishing || c->closing)
		return;
	if (kept)
		buf_used(&c->in, used);
	else if (used < in.len && buf_put(&c->in, str_tail(in, used)) < 0)
		conn_close(c, CLOSE_NO_MEMORY);
}

/* How much one read may bring: what is kept has its bound. */
static size_t
read_len(const struct conn *c, size_t want)
{
	size_t room = c->in.max - buf_len(&c->in);

	if (want > CONN_READ_MAX)
		want = CONN_READ_MAX;
	return want < room ? want : room;
}

static void
on_read(struct conn *c, struct str in)
{
	if (buf_len(&c->in) == 0)
		feed(c, in, false);
	else if (buf_put(&c->in, in) == 0)
		feed(c, buf_str(&c->in), true);
	else
		conn_close(c, CLOSE_NO_MEMORY);
}

char *
conn_take_read_mem(struct conn *c, struct str s)
{
	char *mem = c->reactor->read_mem, *fresh;

	if (s.ptr < mem || s.ptr + s.len > mem + CONN_READ_MAX)
		return NULL;
	fresh = malloc(CONN_READ_MAX);
	if (fresh == NULL)
		return NULL;
	c->reactor->read_mem = fresh;
	return mem;
}

/* Where the protocol wants the next bytes, *n of them; or NULL. */
static char *
place(struct conn *c, size_t *n)
{
	size_t room;
	char *mem;

	if (c->proto->place == NULL || buf_len(&c->in) > 0)
		return NULL;
	mem = c->proto->place(c, &room);
	if (mem != NULL && room < *n)
		*n = room;
	/* cppcheck-suppress returnDanglingLifetime; room's is not kept */
	return mem;
}

/* One read, into the worker's memory. True when another may bring more. */
static bool
read_once(struct conn *c, size_t want)
{
	size_t n = read_len(c, want);
	char *there = place(c, &n);
	char *mem = there == NULL ? c->reactor->read_mem : there;
	ssize_t got;

	if (n == 0) {
		conn_close(c, CLOSE_NO_MEMORY);
		return false;
	}
	got = c->transport->read(c, mem, n);
	if (got == -E_AGAIN || got == -E_EOF)
		c->readable = false;
	if (got == -E_EOF)
		c->proto->on_eof(c);
	else if (got < 0 && got != -E_AGAIN)
		conn_close(c, CLOSE_RESET);
	if (got <= 0)
		return false;
	/* Edge-triggered: a short read has emptied it; an end is still there */
	if ((size_t)got < n && !c->half)
		c->readable = false;
	c->reactor->turn_read += (size_t)got;
	if (there != NULL)
		c->proto->on_placed(c, (size_t)got);
	else
		on_read(c, (struct str){ mem, (size_t)got });
	return c->readable;
}

static bool
may_read(const struct conn *c)
{
	return !c->closing && !c->finishing && !c->taken &&
	    c->proto->want_read(c) > 0;
}

void
conn_service(struct conn *c)
{
	unsigned rounds = READ_ROUNDS;

	if (c->again && may_read(c)) {
		c->again = false;
		if (buf_len(&c->in) > 0)
			feed(c, buf_str(&c->in), true);
		if (buf_len(&c->in) == 0)
			buf_finish(&c->in);
	}
	while (c->readable && may_read(c)) {
		if (rounds-- == 0) {
			make_runnable(c);
			break;
		}
		if (!read_once(c, c->proto->want_read(c)))
			break;
	}
	conn_settle(c);
}

void
conn_go_on(struct conn *c)
{
	CHECK(c->held);
	c->again = true;
	list_remove(&c->runnable);
	conn_service(c);
}

/* The descriptor takes output again. */
static void
on_out(struct conn *c)
{
	size_t before = buf_len(&c->out);

	if (!c->blocked)
		return;
	c->blocked = false;
	if (conn_flush(c) < 0)
		return;
	if (before == 0 || buf_len(&c->out) < before)
		c->proto->on_writable(c);
}

void
conn_on_event(struct conn *c, unsigned events, bool later)
{
	if ((events & POLLER_ERROR) != 0)
		conn_close(c, CLOSE_RESET);
	if ((events & POLLER_HALF) != 0)
		c->half = true;
	if ((events & (POLLER_IN | POLLER_HALF)) != 0)
		c->readable = true;
	if ((events & POLLER_OUT) != 0 && !c->closing)
		on_out(c);
	if (later)
		make_runnable(c);
	else
		conn_service(c);
}

/* --- leaving --- */

void
conn_close(struct conn *c, enum close_reason why)
{
	if (c->closing)
		return;
	/* Once the answer has left, what then befalls it is no news. */
	if (!c->finishing &&
	    (c->proto != &conn_linger_ops || why == CLOSE_WRITE_TIMEOUT))
		c->why = (uint8_t)why;
	c->closing = true;
	timer_off(&c->timer);
	if (c->held) {
		c->broken = true;
		sock_shutdown(c->fd);
		c->proto->on_gone(c, why);
	}
	make_runnable(c);
}

void
conn_abort(struct conn *c, enum close_reason why)
{
	if (!c->closing)
		sock_abort(c->fd);
	conn_close(c, why);
}

void
conn_finish(struct conn *c, enum close_reason why, bool linger)
{
	if (c->closing || c->finishing)
		return;
	c->why = (uint8_t)why;
	c->finishing = true;
	c->linger = linger;
	make_runnable(c);
}

/* All memory and the slot go; the descriptor is already closed. */
static void
release(struct conn *c)
{
	struct reactor *r = c->reactor;

	c->proto->on_close(c);
	conn_set_idle(c, false);
	timer_remove(&r->timers, &c->timer);
	list_remove(&c->runnable);
	buf_finish(&c->in);
	buf_finish(&c->out);
	free(c->front);
	r->n_closed[c->why]++;
	conn_pool_give(&r->pool, c);
	reactor_on_room(r);
}

static void
disarm(struct conn *c)
{
	if (c->armed)
		poller_remove(c->reactor->poller, c->fd);
	c->armed = false;
}

void
conn_give_away(struct conn *c)
{
	CHECK(!c->held);
	c->why = CLOSE_PASSED;
	disarm(c);
	fd_close(c->fd);
	release(c);
}

int
conn_look(struct conn *c)
{
	c->copied = true;
	return fd_copy(c->fd);
}

int
conn_take(struct conn *c)
{
	int fd;

	CHECK(c->held);
	if (conn_flush(c) < 0 || c->finishing)
		return -E_GONE;
	if (buf_len(&c->out) > 0 || buf_len(&c->in) > 0)
		return -E_AGAIN;
	fd = fd_copy(c->fd);
	if (fd < 0 || fd_block(fd) < 0) {
		fd_close(fd);
		return -E_SYSTEM;
	}
	conn_timer(c, 0);
	disarm(c);
	/* Copies may outlive the call: no shutdown, and no last words. */
	c->taken = c->said_end = true;
	return fd;
}

static void
destroy(struct conn *c)
{
	if (!c->leaves)
		disarm(c);
	/* Others may hold copies (children of the application). */
	if (!c->said_end && !c->leaves)
		sock_shutdown(c->fd);
	fd_close(c->fd);
	release(c);
}

void
conn_settle(struct conn *c)
{
	if (c->held) {
		if (c->proto->want_read(c) > 0)
			conn_watch(c, false);
		return;
	}
	if (c->finishing && c->taken)
		c->closing = true;
	if (c->finishing && !c->closing && c->proto != &conn_linger_ops)
		conn_linger_start(c);
	if (!c->closing)
		conn_watch(c, false);
	if (c->closing)
		destroy(c);
}

void
conn_hand_back(struct conn *c)
{
	CHECK(c->held);
	c->held = false;
	/* Bytes that came while the application ran have had no reader. */
	c->again = buf_len(&c->in) > 0;
	if (c->again || c->readable)
		make_runnable(c);
	if (c->reactor->turning)
		make_runnable(c);
	else
		conn_settle(c);
}

/* --- beginning --- */

static void
on_timer(struct timer *t)
{
	struct conn *c = LIST_OF(t, struct conn, timer);

	c->proto->on_timeout(c);
	conn_settle(c);
}

static void
set_peer(struct conn *c, struct str host, uint16_t port)
{
	if (host.len >= sizeof(c->peer))
		return;
	memcpy(c->peer, host.ptr, host.len);
	c->peer_len = (uint8_t)host.len;
	c->peer_port = port;
}

/* fd is owned, also on failure; host is empty for unix sockets. */
static struct conn *
begin(struct reactor *r, const struct listener *l, int fd, struct str host,
    uint16_t port)
{
	struct conn *c = conn_pool_take(&r->pool);

	if (c == NULL) {
		fd_close(fd);
		return NULL;
	}
	c->reactor = r;
	c->listener = l;
	c->fd = fd;
	c->transport = &transport_tcp_ops;
	c->proto = r->options.proto;
	buf_init(&c->in, CONN_READ_MAX);
	buf_init(&c->out, CONN_OUT_BOUND + CONN_OUT_HEAD_MAX + CONN_TAIL_MAX);
	timer_init(&c->timer, on_timer);
	list_init(&c->runnable);
	c->readable = true;
	set_peer(c, host, port);
	conn_set_idle(c, true);
	if (c->proto->open(c) == 0)
		return c;
	c->why = CLOSE_NO_MEMORY;
	destroy(c);
	return NULL;
}

struct conn *
conn_open(struct reactor *r, const struct listener *l, int fd,
    const struct sock_addr *peer)
{
	char host[SOCK_HOST_MAX];
	size_t n = sock_is_unix(peer) ? 0 : sock_host(peer, host);
	struct conn *c =
	    begin(r, l, fd, (struct str){ host, n }, sock_port(peer));

	if (c != NULL && r->options.proxy_versions != 0)
		c->transport = &transport_proxy_ops;
	return c;
}

void
conn_set_peer(struct conn *c, struct str host, uint16_t port)
{
	set_peer(c, host, port);
	c->proto->on_peer(c);
}

int
conn_set_front(struct conn *c, struct str host, uint16_t port)
{
	struct conn_front *front = c->front;

	if (front == NULL)
		front = malloc(sizeof(*front));
	if (front == NULL)
		return -E_NOMEM;
	c->front = front;
	host = str_head(host, sizeof(front->host));
	memcpy(front->host, host.ptr, host.len);
	front->len = (uint8_t)host.len;
	front->port = port;
	return 0;
}

struct conn *
conn_adopt(struct reactor *r, const struct listener *l, int fd, struct str host,
    uint16_t port)
{
	return begin(r, l, fd, host, port);
}

void
conn_feed(struct conn *c, struct str bytes)
{
	on_read(c, bytes);
}

struct conn *
conn_from(struct reactor *r, uint64_t cookie)
{
	return conn_pool_get(&r->pool,
	    (uint32_t)(cookie >> 32) & REACTOR_SLOT_MAX, (uint32_t)cookie);
}

void
conn_forget(struct conn *c)
{
	/* Not removed from the epoll set: that is the parent's as well. */
	fd_close(c->fd);
	c->fd = -1;
	c->closing = c->broken = true;
	if (c->held)
		c->proto->on_gone(c, CLOSE_ABORTED);
}
