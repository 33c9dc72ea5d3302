/*
 * The admin process: a few connections, one request each. It must stay
 * small: everything that it reads comes from a peer.
 */
#include "admin/admin.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "admin/admin_probe.h"
#include "admin/admin_request.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "board/board.h"
#include "role/heritage.h"
#include "sys/fd.h"
#include "sys/log_out.h"
#include "sys/poller.h"
#include "sys/signals.h"
#include "sys/sock.h"
#include "sys/sys_fork.h"

#include "base/banned.h"

#define TICK_MS 100         /* between looks at the deadlines */
#define IDLE_MS 60000       /* without a connection there are none */
#define NOBODY 65534        /* uid and gid in place of root */
#define LISTENER UINT64_MAX /* its cookie; a connection's is its place */
#define SIGNALS (UINT64_MAX - 1)
#define ANSWER_MAX 1024

struct admin_conn {
	int fd; /* -1: this place is free */
	uint64_t due_ms;
	bool answered; /* what still comes is thrown away */
	size_t len;
	char head[ADMIN_HEAD_MAX];
};

struct admin {
	struct heritage *h;
	int poller;
	int signals;
	bool deaf; /* the listener is out of the set until the next tick */
	struct admin_conn conns[ADMIN_CONNS_MAX];
};

static void
conn_close(struct admin *a, struct admin_conn *c)
{
	poller_remove(a->poller, c->fd);
	fd_close(c->fd);
	c->fd = -1;
}

/* A free place; the longest there makes room. */
static struct admin_conn *
conn_place(struct admin *a)
{
	struct admin_conn *oldest = &a->conns[0];
	int i;

	for (i = 0; i < ADMIN_CONNS_MAX; i++) {
		if (a->conns[i].fd < 0)
			return &a->conns[i];
		if (a->conns[i].due_ms < oldest->due_ms)
			oldest = &a->conns[i];
	}
	conn_close(a, oldest);
	return oldest;
}

static void
conn_open(struct admin *a, int fd)
{
	struct admin_conn *c = conn_place(a);

	if (poller_add(a->poller, fd, POLLER_IN, (uint64_t)(c - a->conns)) <
	    0) {
		fd_close(fd);
		return;
	}
	c->fd = fd;
	c->due_ms = clock_ms() + ADMIN_HEAD_MS;
	c->answered = false;
	c->len = 0;
}

/*
 * An answer fits any socket's buffer, so what does not go at once goes to
 * somebody who does not want it. Then it is for the peer to close first: a
 * close with unread bytes would reset the connection, the answer included.
 */
static void
conn_answer(struct admin *a, struct admin_conn *c,
    const struct admin_request *r, struct admin_answer answer)
{
	char mem[ANSWER_MAX];
	bool body = !str_eq(r->method, STR("HEAD"));
	int n;

	n = snprintf(mem, sizeof(mem),
	    "HTTP/1.1 %u %s\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Length: %zu\r\n"
	    "%s"
	    "Cache-Control: no-store\r\n"
	    "Connection: close\r\n"
	    "\r\n"
	    "%s%s",
	    answer.status, answer.reason, strlen(answer.text) + 1,
	    answer.status == 405 ? "Allow: GET, HEAD\r\n" : "",
	    body ? answer.text : "", body ? "\n" : "");
	CHECK(n > 0 && (size_t)n < sizeof(mem));
	if (sock_send(c->fd, (struct str){ mem, (size_t)n }, false) != n) {
		conn_close(a, c);
		return;
	}
	sock_shutdown_write(c->fd);
	c->answered = true;
	c->due_ms = clock_ms() + ADMIN_LINGER_MS;
}

static void
conn_on_bytes(struct admin *a, struct admin_conn *c)
{
	static const struct admin_request none = { .method = { "", 0 } };
	struct admin_request r;
	struct str in = { c->head, c->len };
	ssize_t rc = admin_request_parse(in, &r);

	if (rc > 0)
		conn_answer(a, c, &r, admin_probe(&r, a->h->board, clock_ms()));
	else if (rc < 0)
		conn_answer(a, c, &none,
		    (struct admin_answer){
			400, "Bad Request", "not an HTTP/1 request" });
	else if (c->len == sizeof(c->head))
		conn_answer(a, c, &none,
		    (struct admin_answer){
			431, "Request Header Fields Too Large", "too long" });
}

static void
conn_read(struct admin *a, struct admin_conn *c)
{
	char *to = c->head + c->len;
	size_t room = sizeof(c->head) - c->len;
	ssize_t n;

	if (c->answered) {
		to = c->head;
		room = sizeof(c->head);
	}
	n = sock_recv(c->fd, to, room);
	if (n == -E_AGAIN)
		return;
	if (n < 0) {
		conn_close(a, c);
		return;
	}
	if (c->answered)
		return;
	c->len += (size_t)n;
	conn_on_bytes(a, c);
}

/* 0, or -E_SYSTEM when the listener is broken. */
static int
accept_one(struct admin *a)
{
	struct sock_addr peer;
	int fd = sock_accept(a->h->admin_listener, &peer);

	if (fd >= 0) {
		conn_open(a, fd);
		return 0;
	}
	if (fd == -E_SYSTEM)
		return fd;
	if (fd == -E_FULL && !a->deaf) {
		/* It would stay readable: not before the next tick. */
		poller_remove(a->poller, a->h->admin_listener);
		a->deaf = true;
	}
	return 0;
}

static int
listen_again(struct admin *a)
{
	a->deaf = false;
	return poller_add(a->poller, a->h->admin_listener, POLLER_IN, LISTENER);
}

/* Returns whether connections are left. */
static bool
expire(struct admin *a)
{
	uint64_t now = clock_ms();
	bool any = false;
	int i;

	for (i = 0; i < ADMIN_CONNS_MAX; i++) {
		struct admin_conn *c = &a->conns[i];

		if (c->fd >= 0 && c->due_ms <= now)
			conn_close(a, c);
		any = any || c->fd >= 0;
	}
	return any;
}

/*
 * USR1: the log has been moved away. What root has made is not ours to open:
 * then standard error, so that nobody holds the old file.
 */
static void
on_signal(struct admin *a)
{
	struct signals_event ev;

	while (signals_read(a->signals, &ev) > 0)
		if (ev.sig == SIGUSR1 && log_out_reopen() < 0)
			(void)log_out_open("", "-");
}

static int
on_event(struct admin *a, const struct poller_event *ev)
{
	struct admin_conn *c;

	if (ev->cookie == SIGNALS) {
		on_signal(a);
		return 0;
	}
	if (ev->cookie == LISTENER)
		return accept_one(a);
	CHECK(ev->cookie < ADMIN_CONNS_MAX);
	c = &a->conns[ev->cookie];
	/* It may have made room for another: a read then says "again". */
	if (c->fd >= 0)
		conn_read(a, c);
	return 0;
}

static int
turn(struct admin *a)
{
	struct poller_event events[POLLER_BATCH];
	bool busy = expire(a) || a->deaf;
	int i, n, rc = 0;

	n = poller_wait(a->poller, events, busy ? TICK_MS : IDLE_MS);
	if (n < 0)
		return n;
	if (a->deaf)
		rc = listen_again(a);
	for (i = 0; i < n && rc == 0; i++)
		rc = on_event(a, &events[i]);
	return rc;
}

/*
 * What a process that reads from anybody should not have: the application's
 * listeners, root's rights, a way to more of them, the board's pages for
 * writing.
 */
static void
confine(struct heritage *h)
{
	unsigned i;

	for (i = 0; i < h->n_listeners; i++)
		fd_close(h->listeners[i]);
	fd_close(h->link);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	/* Root without the capability stays root, which is then not much. */
	if (getuid() == 0 && setgroups(0, NULL) == 0 &&
	    (setgid(NOBODY) < 0 || setuid(NOBODY) < 0))
		log_errno(EV_ADMIN_ROOT);
	/* Whoever changes the uid loses this. */
	if (sys_set_pdeathsig(SIGKILL, h->arbiter_pid) == -E_GONE)
		_exit(0);
	if (board_read_only(h->board) < 0)
		log_errno(EV_ADMIN_BOARD);
}

int
admin_run(struct heritage *h)
{
	/* Some 260 KB, of which only what is used takes memory. */
	static struct admin a;
	int i, rc;

	signals_block(NULL);
	a.h = h;
	a.poller = poller_open();
	a.signals = signals_fd(); /* without it logs are not opened anew */
	for (i = 0; i < ADMIN_CONNS_MAX; i++)
		a.conns[i].fd = -1;
	board_set_state(h->board, h->row, BOARD_READY);
	confine(h);
	rc = a.poller < 0 ? a.poller : listen_again(&a);
	if (rc == 0 && a.signals >= 0)
		rc = poller_add(a.poller, a.signals, POLLER_IN, SIGNALS);
	while (rc == 0)
		rc = turn(&a);
	log_errno(EV_ADMIN_FAILED);
	return 1;
}
