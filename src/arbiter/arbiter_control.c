/*
 * arbiter_control: the control socket, Gunicorn's: each message is a length of
 * four bytes, the highest first, and JSON. In the arbiter's own loop, which no
 * client may hold up: nothing here waits, all of it is bounded, who is slow is
 * dropped. Where the socket cannot be had the server goes on without.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "config/config.h"
#include "net/listener.h"
#include "sys/fd.h"
#include "sys/sock.h"

#include "arbiter/arbiter_control_request.h"
#include "arbiter/arbiter_state.h"
#include "base/banned.h"

#define BACKLOG 64
#define MESSAGE_MS 10000 /* from a message's first byte to its answer's last */
#define IDLE_MS 300000   /* between messages: somebody may be typing */
#define SPARED_MS 1000   /* idle for less, nobody makes room for another */
#define ANSWER_MAX ((size_t)1 << 22)

void
arbiter_control_begin(struct arbiter *a)
{
	struct arbiter_control *c = &a->control;

	c->fd = -1;
	for (unsigned i = 0; i < ARBITER_CONTROL_CLIENTS; i++)
		c->clients[i].fd = -1;
}

static void
drop(struct arbiter_control_client *k)
{
	fd_close(k->fd);
	k->fd = -1;
	buf_finish(&k->in);
	buf_finish(&k->out);
}

static void
close_all(struct arbiter_control *c)
{
	for (unsigned i = 0; i < ARBITER_CONTROL_CLIENTS; i++)
		if (c->clients[i].fd >= 0)
			drop(&c->clients[i]);
	if (c->fd >= 0)
		listener_close(c->fd, true);
	c->fd = -1;
	c->path[0] = '\0';
}

void
arbiter_control_close(struct arbiter *a)
{
	close_all(&a->control);
}

/* Where it should be; empty: nowhere. 0 or -E_TOO_LONG. */
static int
path_of(const struct config *cfg, char dst[ARBITER_PATH_MAX])
{
	const char *path = cfg->control_socket;
	bool relative = path[0] != '/' && cfg->chdir[0] != '\0';
	int n;

	dst[0] = '\0';
	if (path[0] == '\0' || cfg->control_socket_disable)
		return 0;
	n = snprintf(dst, ARBITER_PATH_MAX, "%s%s%s",
	    relative ? cfg->chdir : "", relative ? "/" : "", path);
	return n < ARBITER_PATH_MAX ? 0 : -E_TOO_LONG;
}

static int
open_at(const char *path, unsigned mode)
{
	struct listener_options o = {
		.backlog = BACKLOG,
		.umask = ~mode & 0777,
	};
	char address[ARBITER_PATH_MAX + 8];

	snprintf(address, sizeof(address), "unix:%s", path);
	return listener_open(str_of(address), &o);
}

static void
fail(const char *path, int rc)
{
	if (rc == -E_SYSTEM)
		log_errno(EV_ARBITER_CONTROL_ERRNO, path);
	else
		log_event(EV_ARBITER_CONTROL_FAILED, path, error_text(rc));
}

/* As cfg says, unless it is so already. */
static void
settle(struct arbiter_control *c, const struct config *cfg)
{
	char path[ARBITER_PATH_MAX];
	int rc = path_of(cfg, path);

	if (rc < 0) {
		fail(cfg->control_socket, rc);
		close_all(c);
		return;
	}
	if (c->fd >= 0 && strcmp(path, c->path) == 0 &&
	    c->mode == cfg->control_socket_mode)
		return;
	close_all(c);
	if (path[0] == '\0')
		return;
	rc = open_at(path, cfg->control_socket_mode);
	if (rc < 0) {
		fail(path, rc);
		return;
	}
	c->fd = rc;
	c->mode = cfg->control_socket_mode;
	memcpy(c->path, path, sizeof(path));
	log_event(EV_ARBITER_CONTROL_LISTENING, path);
}

/* How long k has been at what it does. */
static uint64_t
age(const struct arbiter_control_client *k, uint64_t now)
{
	return now > k->since_ms ? now - k->since_ms : 0;
}

static bool
is_idle(const struct arbiter_control_client *k)
{
	return buf_len(&k->in) == 0 && buf_len(&k->out) == 0;
}

void
arbiter_control_keep(struct arbiter *a, uint64_t now)
{
	struct arbiter_control *c = &a->control;
	const struct generation *g = a->current;

	if (g == NULL || g->config == NULL)
		g = a->candidate;
	/* Once per configuration; an older arbiter beside us has the path. */
	if (a->stop == STOP_NONE && a->old_pid == 0 && g != NULL &&
	    g->config != NULL && g->state >= GENERATION_LOADING &&
	    c->generation != g->number && !config_is_check(g->config)) {
		c->generation = g->number;
		settle(c, g->config);
	}
	for (unsigned i = 0; i < ARBITER_CONTROL_CLIENTS; i++) {
		struct arbiter_control_client *k = &c->clients[i];

		if (k->fd >= 0 &&
		    age(k, now) > (is_idle(k) ? IDLE_MS : MESSAGE_MS))
			drop(k);
	}
	arbiter_control_dirty_tick(a, now);
}

/* A place for one more: a free one, or that of the longest idle one. */
static struct arbiter_control_client *
place(struct arbiter_control *c, uint64_t now)
{
	struct arbiter_control_client *found = NULL;

	for (unsigned i = 0; i < ARBITER_CONTROL_CLIENTS; i++) {
		struct arbiter_control_client *k = &c->clients[i];

		if (k->fd < 0)
			return k;
		if (is_idle(k) && age(k, now) >= SPARED_MS &&
		    (found == NULL || k->since_ms < found->since_ms))
			found = k;
	}
	return found;
}

unsigned
arbiter_control_poll(struct arbiter *a, struct pollfd *fds)
{
	struct arbiter_control *c = &a->control;
	unsigned n = 0;

	if (c->fd >= 0 && place(c, clock_ms()) != NULL)
		fds[n++] = (struct pollfd){ .fd = c->fd, .events = POLLIN };
	for (unsigned i = 0; i < ARBITER_CONTROL_CLIENTS; i++)
		if (c->clients[i].fd >= 0)
			fds[n++] = (struct pollfd){
				.fd = c->clients[i].fd,
				.events = buf_len(&c->clients[i].out) > 0
				    ? POLLOUT
				    : POLLIN,
			};
	return n;
}

/* Our own user's, or root's. */
static bool
is_allowed(int fd, struct arbiter_control_client *k)
{
	if (sock_peer(fd, &k->uid, &k->pid) < 0)
		return false;
	if (k->uid == 0 || k->uid == geteuid())
		return true;
	log_event(EV_ARBITER_CONTROL_REFUSED, (unsigned)k->uid);
	return false;
}

static void
take(struct arbiter_control *c)
{
	uint64_t now = clock_ms();
	struct arbiter_control_client *k = place(c, now), fresh;
	struct sock_addr peer;
	int fd;

	if (k == NULL)
		return;
	fd = sock_accept(c->fd, &peer);
	if (fd < 0)
		return;
	fresh = (struct arbiter_control_client){ .fd = fd, .since_ms = now };
	buf_init(&fresh.in, CONTROL_HEAD + CONTROL_REQUEST_MAX);
	buf_init(&fresh.out, ANSWER_MAX);
	if (!is_allowed(fd, &fresh)) {
		fd_close(fd);
		return;
	}
	if (k->fd >= 0)
		drop(k);
	*k = fresh;
}

static void
send_some(struct arbiter_control_client *k)
{
	ssize_t n = sock_send(k->fd, buf_str(&k->out), false);

	if (n == -E_AGAIN)
		return;
	if (n < 0) {
		drop(k);
		return;
	}
	buf_used(&k->out, (size_t)n);
	if (buf_len(&k->out) > 0)
		return;
	if (k->last)
		drop(k);
	else
		k->since_ms = clock_ms();
}

/* How many bytes its message still needs; 0: it is whole. */
static size_t
missing(const struct arbiter_control_client *k)
{
	struct str in = buf_str(&k->in);

	if (in.len < CONTROL_HEAD)
		return CONTROL_HEAD - in.len;
	return CONTROL_HEAD + control_length(in.ptr) - in.len;
}

static bool
is_too_long(const struct arbiter_control_client *k)
{
	struct str in = buf_str(&k->in);

	return in.len >= CONTROL_HEAD &&
	    control_length(in.ptr) > CONTROL_REQUEST_MAX;
}

static void
answer(struct arbiter *a, struct arbiter_control_client *k)
{
	struct str message = str_tail(buf_str(&k->in), CONTROL_HEAD);
	int rc;

	k->last = is_too_long(k);
	rc = k->last ? arbiter_control_too_long(&k->out)
		     : arbiter_control_answer(a, k, message);
	buf_used(&k->in, buf_len(&k->in));
	if (rc < 0) /* no memory: it is told so by the end */
		drop(k);
	else
		send_some(k);
}

/* One message at most: what else it has sent waits in its socket. */
static void
receive(struct arbiter *a, struct arbiter_control_client *k)
{
	size_t n;
	ssize_t got;
	char *to;

	while (!is_too_long(k) && (n = missing(k)) > 0) {
		to = buf_reserve(&k->in, n);
		got = to == NULL ? -E_NOMEM : sock_recv(k->fd, to, n);
		if (got == -E_AGAIN)
			return;
		if (got < 0) {
			drop(k);
			return;
		}
		if (buf_len(&k->in) == 0)
			k->since_ms = clock_ms();
		buf_added(&k->in, (size_t)got);
	}
	answer(a, k);
}

static struct arbiter_control_client *
by_fd(struct arbiter_control *c, int fd)
{
	for (unsigned i = 0; i < ARBITER_CONTROL_CLIENTS; i++)
		if (c->clients[i].fd == fd)
			return &c->clients[i];
	return NULL;
}

void
arbiter_control_on_poll(struct arbiter *a, const struct pollfd *fds, unsigned n)
{
	struct arbiter_control *c = &a->control;
	struct arbiter_control_client *k;
	bool arrived = false;

	for (unsigned i = 0; i < n; i++) {
		if (fds[i].revents == 0)
			continue;
		if (fds[i].fd == c->fd) {
			arrived = true;
			continue;
		}
		k = by_fd(c, fds[i].fd);
		if (k == NULL)
			continue;
		if (buf_len(&k->out) > 0)
			send_some(k);
		else
			receive(a, k);
	}
	/* Last: a descriptor that was closed above is another's now. */
	if (arrived)
		take(c);
}

unsigned
arbiter_control_open(const struct arbiter *a, int *fds)
{
	const struct arbiter_control *c = &a->control;
	unsigned n = 0;

	if (c->fd >= 0)
		fds[n++] = c->fd;
	for (unsigned i = 0; i < ARBITER_CONTROL_CLIENTS; i++)
		if (c->clients[i].fd >= 0)
			fds[n++] = c->clients[i].fd;
	return n;
}
