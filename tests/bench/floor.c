/*
 * The loop of the floors; floor.h says what it does and leaves out.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "floor.h"

#define EVENTS 256
#define CONNS 20000
#define IN_SIZE (1 << 18)
#define OUT_SIZE (1 << 16)
#define COPY_MAX 8192 /* longer bodies are sent from where they are */

struct conn {
	int fd;
	char *in; /* of a request that is not whole; NULL else */
	size_t in_len, in_size;
	size_t need; /* bytes of that request; 0 while its head is cut */
	char *out;   /* head and body that could not be sent, or NULL */
	size_t out_len;
	struct floor_answer a; /* its body part: what follows out */
	bool writing;
};

static const struct floor_app *app;
static int set, listener;
static struct conn *conns[CONNS]; /* by descriptor */
/* Answers to be sent together: pipelined requests get them. */
static char out[OUT_SIZE];
static size_t out_len;

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static void *
get(void *old, size_t size)
{
	void *p = realloc(old, size);

	if (p == NULL)
		die("malloc");
	return p;
}

static void
drop(struct conn *c)
{
	close(c->fd);
	conns[c->fd] = NULL;
	if (c->a.owner != NULL)
		app->done(c->a.owner);
	free(c->in);
	free(c->out);
	free(c);
}

static void
watch(struct conn *c, bool writing, int op)
{
	struct epoll_event e = {
		.events = writing ? EPOLLOUT : EPOLLIN,
		.data.fd = c->fd,
	};

	if (epoll_ctl(set, op, c->fd, &e) < 0)
		die("epoll_ctl");
	c->writing = writing;
}

static void
body_done(struct conn *c)
{
	if (c->a.owner != NULL)
		app->done(c->a.owner);
	c->a.owner = NULL;
	c->a.body_len = 0;
}

/* Sends head, then c's long body; what does not fit waits. False: gone. */
static bool
flush(struct conn *c, const char *head, size_t len)
{
	struct iovec v[2] = {
		{ (void *)(uintptr_t)head, len },
		{ (void *)(uintptr_t)c->a.body, c->a.body_len },
	};
	ssize_t n;

	if (c->a.body_len == 0)
		n = send(c->fd, head, len, MSG_NOSIGNAL);
	else
		n = writev(c->fd, v, 2);
	if (n < 0 && errno != EAGAIN)
		return false;
	if (n < 0)
		n = 0;
	if ((size_t)n < len) {
		char *rest = get(NULL, len - (size_t)n);

		memcpy(rest, head + n, len - (size_t)n);
		free(c->out);
		c->out = rest;
		c->out_len = len - (size_t)n;
		n = 0;
	} else {
		free(c->out);
		c->out = NULL;
		c->out_len = 0;
		n -= (ssize_t)len;
	}
	c->a.body += n;
	c->a.body_len -= (size_t)n;
	if (c->a.body_len == 0)
		body_done(c);
	return true;
}

static bool
is_waiting(const struct conn *c)
{
	return c->out_len > 0 || c->a.body_len > 0;
}

static size_t
body_length(const char *head, size_t len)
{
	const char *p;

	if (!app->bodies || head[0] != 'P')
		return 0;
	p = memmem(head, len, "Content-Length: ", 16);
	return p == NULL ? 0 : strtoul(p + 16, NULL, 10);
}

/* Length of the head at p with its empty line, or 0 when it is cut. */
static size_t
head_length(const char *p, size_t len)
{
	const char *end = p + len, *eol = p;

	while ((eol = memchr(eol, '\r', (size_t)(end - eol))) != NULL) {
		if (end - eol < 4)
			return 0;
		if (eol[2] == '\r')
			return (size_t)(eol - p) + 4;
		eol += 2;
	}
	return 0;
}

/* What was gathered goes ahead of the answer that c has now. */
static void
make_room(struct conn *c)
{
	const struct floor_answer next = c->a;
	size_t len = out_len;

	c->a.body_len = 0;
	c->a.owner = NULL;
	out_len = 0;
	if (!flush(c, out, len) || is_waiting(c))
		die("floor: a client that pipelines does not read");
	c->a = next;
}

/* Bytes of one request at p, or 0 when it is not whole. */
static size_t
one(struct conn *c, const char *p, size_t len)
{
	struct floor_request req = { .head = p };

	req.head_len = head_length(p, len);
	c->need = 0;
	if (req.head_len == 0)
		return 0;
	req.body = p + req.head_len;
	req.body_len = body_length(p, req.head_len);
	c->need = req.head_len + req.body_len;
	if (c->need > len)
		return 0;
	app->answer(&req, &c->a);
	if (out_len + c->a.head_len + COPY_MAX > OUT_SIZE)
		make_room(c);
	memcpy(out + out_len, c->a.head, c->a.head_len);
	out_len += c->a.head_len;
	if (c->a.body_len <= COPY_MAX) {
		memcpy(out + out_len, c->a.body, c->a.body_len);
		out_len += c->a.body_len;
		body_done(c);
	}
	return c->need;
}

/* All whole requests of p; returns bytes used, or -1: c is gone. */
static ssize_t
requests(struct conn *c, const char *p, size_t len)
{
	size_t used = 0, n, all;

	out_len = 0;
	while (used < len && (n = one(c, p + used, len - used)) > 0) {
		used += n;
		if (c->a.body_len > 0)
			break;
	}
	all = out_len;
	out_len = 0;
	if (all > 0 && !flush(c, out, all))
		return -1;
	if (used > 0 && app->close_each && !is_waiting(c))
		return -1;
	return (ssize_t)used;
}

/* The first bytes of a request are kept until the rest is there. */
static void
keep(struct conn *c, const char *p, size_t len)
{
	char *mem = NULL;

	c->in_size = c->need > len ? c->need : len + 4096;
	if (len > 0)
		mem = memcpy(get(NULL, c->in_size), p, len);
	free(c->in);
	c->in = mem;
	c->in_len = len;
}

static void
on_readable(struct conn *c)
{
	static char shared[IN_SIZE];
	char *p = c->in != NULL ? c->in : shared;
	size_t size = c->in != NULL ? c->in_size : IN_SIZE, len;
	ssize_t n = recv(c->fd, p + c->in_len, size - c->in_len, 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		drop(c);
		return;
	}
	len = c->in_len + (size_t)n;
	if (c->in != NULL && len < c->need) {
		c->in_len = len; /* a body that is on its way */
		return;
	}
	n = requests(c, p, len);
	if (n < 0) {
		drop(c);
		return;
	}
	if (c->in != NULL || (size_t)n < len)
		keep(c, p + n, len - (size_t)n);
	if (is_waiting(c))
		watch(c, true, EPOLL_CTL_MOD);
}

static void
on_writable(struct conn *c)
{
	bool good;

	if (c->out_len > 0)
		good = flush(c, c->out, c->out_len);
	else
		good = flush(c, "", 0);
	if (!good || (!is_waiting(c) && app->close_each)) {
		drop(c);
		return;
	}
	if (!is_waiting(c))
		watch(c, false, EPOLL_CTL_MOD);
}

static void
on_accept(void)
{
	struct conn *c;
	int fd;

	for (;;) {
		fd =
		    accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return;
		if (fd >= CONNS) {
			close(fd);
			continue;
		}
		c = get(NULL, sizeof(*c));
		memset(c, 0, sizeof(*c));
		c->fd = fd;
		conns[fd] = c;
		watch(c, false, EPOLL_CTL_ADD);
		on_readable(c);
	}
}

static void
start(int port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct epoll_event e = { .events = EPOLLIN };
	int yes = 1;

	signal(SIGPIPE, SIG_IGN);
	listener =
	    socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	if (bind(listener, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(listener, 4096) < 0)
		die("listen");
	set = epoll_create1(EPOLL_CLOEXEC);
	e.data.fd = listener;
	if (set < 0 || epoll_ctl(set, EPOLL_CTL_ADD, listener, &e) < 0)
		die("epoll");
}

void
floor_run(int port, const struct floor_app *with)
{
	struct epoll_event events[EVENTS];
	struct conn *c;
	int n, i;

	app = with;
	start(port);
	for (;;) {
		if (app->before_wait != NULL)
			app->before_wait();
		n = epoll_wait(set, events, EVENTS, -1);
		if (app->after_wait != NULL)
			app->after_wait();
		for (i = 0; i < n; i++) {
			c = conns[events[i].data.fd];
			if (events[i].data.fd == listener)
				on_accept();
			else if (c != NULL && c->writing)
				on_writable(c);
			else if (c != NULL)
				on_readable(c);
		}
	}
}
