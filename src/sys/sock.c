/*
 * Sockets. Every role that listens or connects.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/num.h"
#include "sys/fd.h"
#include "sys/sock.h"

#include "base/banned.h"

static int
parse_v4(struct sock_addr *a, const char *host, uint16_t port)
{
	struct in_addr in;

	if (inet_pton(AF_INET, host, &in) != 1)
		return -E_BAD_VALUE;
	*a = (struct sock_addr){ .len = sizeof(a->v4) };
	a->v4.sin_family = AF_INET;
	a->v4.sin_port = htons(port);
	a->v4.sin_addr = in;
	return 0;
}

/* The number of "%eth0" or "%2"; 0 and none is 0; unknown: -E_BAD_VALUE. */
static int
parse_zone(struct str zone, uint32_t *index)
{
	char name[IF_NAMESIZE];
	uint64_t n;

	*index = 0;
	if (zone.len == 0)
		return 0;
	if (num_dec(zone, UINT32_MAX, &n) == 0) {
		*index = (uint32_t)n;
		return 0;
	}
	if (str_to_z(zone, name, sizeof(name)) < 0)
		return -E_BAD_VALUE;
	*index = if_nametoindex(name);
	return *index == 0 ? -E_BAD_VALUE : 0;
}

static int
parse_v6(struct sock_addr *a, struct str host, uint16_t port)
{
	struct str text = str_cut(&host, '%');
	char z[INET6_ADDRSTRLEN];
	struct in6_addr in;
	uint32_t zone;

	if (str_to_z(text, z, sizeof(z)) < 0 ||
	    inet_pton(AF_INET6, z, &in) != 1 || parse_zone(host, &zone) < 0)
		return -E_BAD_VALUE;
	*a = (struct sock_addr){ .len = sizeof(a->v6) };
	a->v6.sin6_family = AF_INET6;
	a->v6.sin6_port = htons(port);
	a->v6.sin6_addr = in;
	a->v6.sin6_scope_id = zone;
	return 0;
}

int
sock_numeric(struct sock_addr *a, struct str host, uint16_t port)
{
	char z[SOCK_HOST_MAX];

	if (host.len == 0)
		return parse_v4(a, "0.0.0.0", port);
	if (host.ptr[0] == '[') {
		if (host.ptr[host.len - 1] != ']')
			return -E_BAD_VALUE;
		host = (struct str){ host.ptr + 1, host.len - 2 };
		return parse_v6(a, host, port);
	}
	if (str_to_z(host, z, sizeof(z)) < 0)
		return -E_BAD_VALUE;
	if (parse_v4(a, z, port) == 0)
		return 0;
	return parse_v6(a, host, port);
}

int
sock_resolve(struct sock_addr *a, struct str host, uint16_t port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found, *it;
	char z[NI_MAXHOST];

	if (sock_numeric(a, host, port) == 0)
		return 0;
	if (str_to_z(host, z, sizeof(z)) < 0)
		return -E_BAD_VALUE;
	if (getaddrinfo(z, NULL, &hints, &found) != 0) {
		/* An image without /etc/hosts still has a localhost. */
		if (str_eq_nocase(host, STR("localhost")))
			return parse_v4(a, "127.0.0.1", port);
		return -E_NOT_FOUND;
	}
	for (it = found; it->ai_next != NULL; it = it->ai_next)
		if (it->ai_family == AF_INET)
			break;
	*a = (struct sock_addr){ .len = it->ai_addrlen };
	memcpy(&a->any, it->ai_addr, it->ai_addrlen);
	freeaddrinfo(found);
	if (a->any.sa_family == AF_INET6)
		a->v6.sin6_port = htons(port);
	else
		a->v4.sin_port = htons(port);
	return 0;
}

int
sock_unix(struct sock_addr *a, struct str path)
{
	*a = (struct sock_addr){ .len = 0 };
	if (path.len == 0 || path.len >= sizeof(a->un.sun_path))
		return -E_TOO_LONG;
	a->un.sun_family = AF_UNIX;
	memcpy(a->un.sun_path, path.ptr, path.len);
	a->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.len);
	if (path.ptr[0] == '@')
		a->un.sun_path[0] = '\0'; /* its length counts, not a NUL */
	else
		a->len++;
	return 0;
}

static size_t
unix_text(const struct sock_addr *a, char dst[SOCK_HOST_MAX])
{
	size_t n = a->len - offsetof(struct sockaddr_un, sun_path);

	if (a->len <= offsetof(struct sockaddr_un, sun_path))
		n = 0;
	else if (a->un.sun_path[0] != '\0')
		n = strnlen(a->un.sun_path, n);
	memcpy(dst, a->un.sun_path, n);
	dst[n] = '\0';
	if (n > 0 && dst[0] == '\0')
		dst[0] = '@';
	return n;
}

static size_t
v6_text(const struct sock_addr *a, char dst[SOCK_HOST_MAX])
{
	const struct in6_addr *in = &a->v6.sin6_addr;
	bool mapped = IN6_IS_ADDR_V4MAPPED(in);
	const char *text;

	if (mapped)
		text = inet_ntop(AF_INET, &in->s6_addr[12], dst, SOCK_HOST_MAX);
	else
		text = inet_ntop(AF_INET6, in, dst, SOCK_HOST_MAX);
	return text == NULL ? 0 : strlen(dst);
}

/* By hand: it is done for every connection. */
static size_t
v4_text(const struct sock_addr *a, char dst[SOCK_HOST_MAX])
{
	unsigned char byte[4];
	size_t n = 0;

	memcpy(byte, &a->v4.sin_addr, sizeof(byte));
	for (unsigned i = 0; i < 4; i++) {
		if (i > 0)
			dst[n++] = '.';
		n += num_put_dec(dst + n, byte[i]);
	}
	dst[n] = '\0';
	return n;
}

size_t
sock_host(const struct sock_addr *a, char dst[SOCK_HOST_MAX])
{
	dst[0] = '\0';
	if (a->len == 0)
		return 0;
	switch (a->any.sa_family) {
	case AF_INET:
		return v4_text(a, dst);
	case AF_INET6:
		return v6_text(a, dst);
	case AF_UNIX:
		return unix_text(a, dst);
	default:
		return 0;
	}
}

uint16_t
sock_port(const struct sock_addr *a)
{
	if (a->any.sa_family == AF_INET)
		return ntohs(a->v4.sin_port);
	return a->any.sa_family == AF_INET6 ? ntohs(a->v6.sin6_port) : 0;
}

bool
sock_is_unix(const struct sock_addr *a)
{
	return a->any.sa_family == AF_UNIX;
}

static int
open_socket(const struct sock_addr *a, int type)
{
	int fd =
	    socket(a->any.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? -E_SYSTEM : fd;
}

int
sock_stream(const struct sock_addr *a)
{
	return open_socket(a, SOCK_STREAM);
}

int
sock_dgram(const struct sock_addr *a)
{
	return open_socket(a, SOCK_DGRAM);
}

int
sock_pair(int ends[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		ends) < 0)
		return -E_SYSTEM;
	return 0;
}

static int
bind_error(void)
{
	switch (errno) {
	case EADDRINUSE:
		return -E_IN_USE;
	case EACCES:
	case EPERM:
	case EROFS:
		return -E_DENIED;
	case EADDRNOTAVAIL:
	case ENOENT:
	case ENOTDIR:
		return -E_NOT_FOUND;
	default:
		return -E_SYSTEM;
	}
}

int
sock_bind(int fd, const struct sock_addr *a)
{
	return bind(fd, &a->any, a->len) < 0 ? bind_error() : 0;
}

int
sock_unix_bound(const struct sock_addr *a, mode_t mask)
{
	int fd = sock_stream(a), rc;

	if (fd < 0)
		return fd;
	mask = umask(mask);
	rc = sock_bind(fd, a);
	(void)umask(mask);
	if (rc == 0)
		return fd;
	fd_close(fd);
	return rc;
}

int
sock_listen(int fd, int backlog)
{
	return listen(fd, backlog) < 0 ? bind_error() : 0;
}

/* What became of a connect that went on in the background. */
static int
connect_result(int fd)
{
	socklen_t len = sizeof(int);
	int error = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		return -E_SYSTEM;
	errno = error;
	return error == 0 ? 0 : -E_GONE;
}

int
sock_connect(int fd, const struct sock_addr *a, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int n;

	if (connect(fd, &a->any, a->len) == 0)
		return 0;
	if (errno == ECONNREFUSED || errno == ENOENT)
		return -E_GONE;
	/* A unix listener whose queue is full says EAGAIN and forgets us. */
	if (errno == EAGAIN)
		return -E_TIMEOUT;
	if (errno != EINPROGRESS && errno != EINTR)
		return -E_SYSTEM;
	n = poll(&p, 1, timeout_ms);
	if (n < 0 && errno != EINTR)
		return -E_SYSTEM;
	return n <= 0 ? -E_TIMEOUT : connect_result(fd);
}

static int
accept_error(void)
{
	switch (errno) {
	case EAGAIN:
		return -E_AGAIN;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		return -E_FULL;
	case EBADF:
	case EFAULT:
	case EINVAL:
	case ENOTSOCK:
	case EOPNOTSUPP:
		return -E_SYSTEM;
	default:
		/* accept(2): Linux passes on what befell the connection. */
		return -E_GONE;
	}
}

int
sock_accept(int listener, struct sock_addr *peer)
{
	int fd;

	peer->len = sizeof(*peer) - offsetof(struct sock_addr, any);
	fd = accept4(
	    listener, &peer->any, &peer->len, SOCK_CLOEXEC | SOCK_NONBLOCK);
	return fd < 0 ? accept_error() : fd;
}

int
sock_local(int fd, struct sock_addr *a)
{
	a->len = sizeof(*a) - offsetof(struct sock_addr, any);
	return getsockname(fd, &a->any, &a->len) < 0 ? -E_SYSTEM : 0;
}

int
sock_backlog(int listener)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	if (getsockopt(listener, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return -E_SYSTEM;
	return (int)info.tcpi_unacked; /* of a listener: those that wait */
}

bool
sock_is_listening(int fd)
{
	socklen_t len = sizeof(int);
	int yes = 0;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &yes, &len) == 0 &&
	    yes != 0;
}

static int
set_option(int fd, int level, int option)
{
	const int one = 1;

	if (setsockopt(fd, level, option, &one, sizeof(one)) < 0)
		return -E_SYSTEM;
	return 0;
}

int
sock_set_reuse_addr(int fd)
{
	return set_option(fd, SOL_SOCKET, SO_REUSEADDR);
}

int
sock_set_reuse_port(int fd)
{
	return set_option(fd, SOL_SOCKET, SO_REUSEPORT);
}

int
sock_set_nodelay(int fd)
{
	if (set_option(fd, IPPROTO_TCP, TCP_NODELAY) == 0)
		return 0;
	return errno == EOPNOTSUPP || errno == ENOPROTOOPT ? 0 : -E_SYSTEM;
}

static ssize_t
receive(int fd, void *mem, size_t n, int flags)
{
	ssize_t got;

	do
		got = recv(fd, mem, n, flags);
	while (got < 0 && errno == EINTR);
	if (got == 0)
		return -E_EOF;
	return got < 0 ? fd_error() : got;
}

int
sock_send_to(int fd, const struct sock_addr *a, struct str s)
{
	ssize_t put;

	do
		put = sendto(fd, s.ptr, s.len, MSG_NOSIGNAL | MSG_DONTWAIT,
		    &a->any, a->len);
	while (put < 0 && errno == EINTR);
	if (put >= 0)
		return 0;
	if (errno == ENOBUFS)
		return -E_AGAIN;
	if (errno == ECONNREFUSED || errno == ENOENT)
		return -E_GONE;
	return (int)fd_error();
}

ssize_t
sock_recv(int fd, void *mem, size_t n)
{
	return receive(fd, mem, n, 0);
}

ssize_t
sock_peek(int fd, void *mem, size_t n)
{
	return receive(fd, mem, n, MSG_PEEK);
}

ssize_t
sock_send(int fd, struct str s, bool more)
{
	int flags = MSG_NOSIGNAL | (more ? MSG_MORE : 0);
	ssize_t put;

	do
		put = send(fd, s.ptr, s.len, flags);
	while (put < 0 && errno == EINTR);
	return put < 0 ? fd_error() : put;
}

ssize_t
sock_sendv(int fd, const struct iovec *io, int n_io)
{
	struct msghdr m = { .msg_iovlen = (size_t)n_io };
	ssize_t put;

	/* sendmsg only reads it; msghdr has no const. */
	memcpy(&m.msg_iov, &io, sizeof(io));
	do
		put = sendmsg(fd, &m, MSG_NOSIGNAL);
	while (put < 0 && errno == EINTR);
	return put < 0 ? fd_error() : put;
}

ssize_t
sock_sendfile(int fd, int file, off_t offset, size_t n)
{
	ssize_t put;

	do
		put = sendfile(fd, file, &offset, n);
	while (put < 0 && errno == EINTR);
	if (put >= 0)
		return put;
	if (errno == EINVAL || errno == ENOSYS || errno == ESPIPE ||
	    errno == EOVERFLOW)
		return -E_NOT_FOUND;
	return fd_error();
}

void
sock_shutdown_read(int fd)
{
	(void)shutdown(fd, SHUT_RD);
}

void
sock_shutdown_write(int fd)
{
	/* Not connected any more: then it is as wished. */
	(void)shutdown(fd, SHUT_WR);
}

void
sock_shutdown(int fd)
{
	(void)shutdown(fd, SHUT_RDWR);
}

void
sock_abort(int fd)
{
	const struct sockaddr nobody = { .sa_family = AF_UNSPEC };

	/* A shutdown before the reset would be a good end for who is quick. */
	if (connect(fd, &nobody, sizeof(nobody)) < 0)
		sock_shutdown(fd);
}

int
sock_peer(int fd, uid_t *uid, pid_t *pid)
{
	struct ucred who;
	socklen_t len = sizeof(who);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) < 0)
		return -E_SYSTEM;
	*uid = who.uid;
	*pid = who.pid;
	return 0;
}
