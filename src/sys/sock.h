/*
 * sock: stream sockets over TCP and unix, and their addresses. Sockets are
 * non-blocking and close-on-exec from their first moment.
 */
#ifndef SYS_SOCK_H
#define SYS_SOCK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "base/str.h"

struct sock_addr {
	socklen_t len;
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_un un;
	};
};

/* Longest text of a host or path, and a NUL. */
#define SOCK_HOST_MAX 110

/*
 * A numeric IPv4 or IPv6 address (in brackets or not, with %zone or not), or
 * empty for 0.0.0.0. 0 or -E_BAD_VALUE.
 */
int sock_numeric(struct sock_addr *a, struct str host, uint16_t port);
/*
 * The same, or a host name, which is looked up (IPv4 first). May block: for
 * start-up only. 0, -E_BAD_VALUE or -E_NOT_FOUND.
 */
int sock_resolve(struct sock_addr *a, struct str host, uint16_t port);
/* A path; one that begins with "@" is an abstract name. 0 or -E_TOO_LONG. */
int sock_unix(struct sock_addr *a, struct str path);

/*
 * The host without brackets (IPv4-mapped IPv6 as IPv4), the path, or
 * "@name"; empty for an unnamed unix socket. Length, always below
 * SOCK_HOST_MAX; NUL-terminated.
 */
size_t sock_host(const struct sock_addr *a, char dst[SOCK_HOST_MAX]);
/* Its port; 0 for unix. */
uint16_t sock_port(const struct sock_addr *a);
bool sock_is_unix(const struct sock_addr *a);

/* A socket of a's family, or -E_SYSTEM. */
int sock_stream(const struct sock_addr *a);
int sock_dgram(const struct sock_addr *a);
/* Two connected unix ends; 0 or -E_SYSTEM. */
int sock_pair(int ends[2]);

/* 0, -E_IN_USE, -E_DENIED, -E_NOT_FOUND (no such address here), -E_SYSTEM. */
int sock_bind(int fd, const struct sock_addr *a);
int sock_listen(int fd, int backlog);
/*
 * A unix stream socket that is bound to a; its file's mode lacks the bits of
 * mask. -E_SYSTEM, or as sock_bind. One thread: the mask is the process's.
 */
int sock_unix_bound(const struct sock_addr *a, mode_t mask);
/* Connects within timeout_ms: 0, -E_TIMEOUT, -E_GONE (refused), -E_SYSTEM. */
int sock_connect(int fd, const struct sock_addr *a, int timeout_ms);

/*
 * The next connection: its descriptor and *peer. -E_AGAIN: none waits;
 * -E_GONE: it left before, ask again; -E_FULL: no descriptor or memory, see
 * errno; -E_SYSTEM: this listener will not give any.
 */
int sock_accept(int listener, struct sock_addr *peer);

/* What fd is bound to; 0 or -E_SYSTEM. */
int sock_local(int fd, struct sock_addr *a);
/* How many connections wait to be accepted; -E_SYSTEM: not told (unix). */
int sock_backlog(int listener);
/* Is it a socket that listens? */
bool sock_is_listening(int fd);

/* 0 or -E_SYSTEM. */
int sock_set_reuse_addr(int fd);
int sock_set_reuse_port(int fd);
/* Nothing happens on a unix socket. Inherited by what a listener accepts. */
int sock_set_nodelay(int fd);

/* As fd_read, fd_write. more: further bytes follow at once. */
ssize_t sock_recv(int fd, void *mem, size_t n);
/* As sock_recv, but they stay where they are. */
ssize_t sock_peek(int fd, void *mem, size_t n);
ssize_t sock_send(int fd, struct str s, bool more);
/* A datagram: 0; -E_AGAIN; -E_GONE: nobody is there; -E_SYSTEM (errno). */
int sock_send_to(int fd, const struct sock_addr *a, struct str s);
ssize_t sock_sendv(int fd, const struct iovec *io, int n_io);
/*
 * At most n bytes of file from offset: how many were sent, 0 at the file's
 * end, -E_AGAIN, -E_GONE, -E_NOT_FOUND (this file cannot be sent so),
 * -E_SYSTEM.
 */
ssize_t sock_sendfile(int fd, int file, off_t offset, size_t n);

/* No more will be written; no more will be written nor read. */
void sock_shutdown_write(int fd);
/* Nothing more can come in; what had come is still there to be read. */
void sock_shutdown_read(int fd);
void sock_shutdown(int fd);
/*
 * The peer sees a reset, at once and whoever else holds the socket; over a
 * unix socket, which has none, an end.
 */
void sock_abort(int fd);

/*
 * The peer's uid, and its pid as seen here, 0 when it cannot be seen. 0 or
 * -E_SYSTEM. Unix sockets only.
 */
int sock_peer(int fd, uid_t *uid, pid_t *pid);

#endif
