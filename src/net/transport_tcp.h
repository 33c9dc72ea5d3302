/*
 * transport_tcp: plain bytes over TCP or a unix socket.
 */
#ifndef NET_TRANSPORT_TCP_H
#define NET_TRANSPORT_TCP_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/str.h"

struct conn;

extern const struct transport_ops transport_tcp_ops;

/* Its parts, for transports that differ in how they begin. */
ssize_t transport_tcp_write(struct conn *c, struct str s, bool more);
ssize_t transport_tcp_writev(struct conn *c, const struct iovec *io, int n_io);
size_t transport_tcp_pending(const struct conn *c);
void transport_tcp_shutdown_write(struct conn *c);

#endif
