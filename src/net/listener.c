/*
 * Opening listeners (the arbiter) and describing them (workers).
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "config/config_bind.h"
#include "net/listener.h"
#include "sys/fd.h"
#include "sys/sys_owner.h"

#include "base/banned.h"

#define PROBE_MS 100

/* Does somebody answer at that unix socket? */
static bool
is_alive(const struct sock_addr *a)
{
	int fd = sock_stream(a), rc;

	if (fd < 0)
		return true;
	rc = sock_connect(fd, a, PROBE_MS);
	fd_close(fd);
	return rc != -E_GONE;
}

/* Makes way for a socket file: 0, -E_IN_USE or -E_SYSTEM. */
static int
remove_stale(const struct sock_addr *a)
{
	const char *path = a->un.sun_path;
	struct stat st;

	if (path[0] == '\0' || lstat(path, &st) < 0)
		return 0;
	if (!S_ISSOCK(st.st_mode) || is_alive(a))
		return -E_IN_USE;
	return unlink(path) < 0 && errno != ENOENT ? -E_SYSTEM : 0;
}

/* The bound fd, listening; when rc or that failed, closed, and why. */
static int
listen_on(int fd, int rc, const struct listener_options *o)
{
	if (rc == 0)
		rc = sock_listen(fd, o->backlog);
	if (rc == 0)
		return fd;
	fd_close(fd);
	return rc;
}

static int
open_unix(const struct config_bind *b, const struct listener_options *o)
{
	struct sock_addr a;
	int fd, rc;

	if (sock_unix(&a, b->host) < 0)
		return -E_BAD_VALUE;
	rc = remove_stale(&a);
	if (rc < 0)
		return rc;
	fd = sock_unix_bound(&a, (mode_t)o->umask);
	if (fd < 0)
		return fd;
	if (o->owner != NULL && a.un.sun_path[0] != '\0')
		rc = owner_give(o->owner, a.un.sun_path);
	return listen_on(fd, rc, o);
}

static int
open_tcp(const struct config_bind *b, const struct listener_options *o)
{
	struct sock_addr a;
	int fd, rc;

	rc = sock_resolve(&a, b->host, (uint16_t)b->number);
	if (rc < 0)
		return rc;
	fd = sock_stream(&a);
	if (fd < 0)
		return fd;
	rc = sock_set_reuse_addr(fd);
	/* Where the platform lacks it, one shared socket does as well. */
	if (o->reuse_port)
		(void)sock_set_reuse_port(fd);
	if (rc == 0)
		rc = sock_set_nodelay(fd);
	if (rc == 0)
		rc = sock_bind(fd, &a);
	return listen_on(fd, rc, o);
}

/* No second listen: a security policy may forbid it (SELinux). */
static int
open_inherited(const struct config_bind *b, const struct listener_options *o)
{
	struct sock_addr a;
	int fd = (int)b->number, rc;

	if (sock_local(fd, &a) < 0)
		return -E_NOT_FOUND;
	rc = fd_nonblock(fd);
	if (rc == 0)
		rc = fd_cloexec(fd);
	if (rc == 0 && !sock_is_unix(&a))
		(void)sock_set_nodelay(fd);
	if (rc == 0 && !sock_is_listening(fd))
		rc = sock_listen(fd, o->backlog);
	return rc < 0 ? rc : fd;
}

int
listener_open(struct str address, const struct listener_options *o)
{
	struct config_bind b;

	if (config_bind_parse(address, &b) < 0)
		return -E_BAD_VALUE;
	switch (b.kind) {
	case CONFIG_BIND_UNIX:
		return open_unix(&b, o);
	case CONFIG_BIND_FD:
		return open_inherited(&b, o);
	default:
		return open_tcp(&b, o);
	}
}

void
listener_close(int fd, bool unlink_file)
{
	struct sock_addr a;

	if (unlink_file && sock_local(fd, &a) == 0 && sock_is_unix(&a) &&
	    a.un.sun_path[0] != '\0')
		(void)unlink(a.un.sun_path);
	fd_close(fd);
}

void
listener_text(int fd, char dst[LISTENER_TEXT_MAX])
{
	char host[SOCK_HOST_MAX];
	struct sock_addr a;

	if (sock_local(fd, &a) < 0) {
		(void)snprintf(dst, LISTENER_TEXT_MAX, "fd://%d", fd);
		return;
	}
	sock_host(&a, host);
	if (sock_is_unix(&a))
		(void)snprintf(dst, LISTENER_TEXT_MAX, "unix:%s", host);
	else if (strchr(host, ':') != NULL)
		(void)snprintf(dst, LISTENER_TEXT_MAX, "http://[%s]:%u", host,
		    sock_port(&a));
	else
		(void)snprintf(dst, LISTENER_TEXT_MAX, "http://%s:%u", host,
		    sock_port(&a));
}

int
listener_from(struct listener *l, int fd)
{
	struct sock_addr a;
	int rc = sock_local(fd, &a);

	if (rc < 0)
		return rc;
	l->fd = fd;
	l->is_unix = sock_is_unix(&a);
	l->port = sock_port(&a);
	l->host = (struct str){ l->text, sock_host(&a, l->text) };
	return 0;
}
