/*
 * The transport without anything in between.
 */
#include "net/transport_tcp.h"

#include "net/conn.h"
#include "sys/sock.h"

#include "base/banned.h"

static ssize_t
tcp_read(struct conn *c, void *mem, size_t n)
{
	return sock_recv(c->fd, mem, n);
}

ssize_t
transport_tcp_write(struct conn *c, struct str s, bool more)
{
	return sock_send(c->fd, s, more);
}

ssize_t
transport_tcp_writev(struct conn *c, const struct iovec *io, int n_io)
{
	return sock_sendv(c->fd, io, n_io);
}

static ssize_t
tcp_sendfile(struct conn *c, int file, off_t offset, size_t n)
{
	return sock_sendfile(c->fd, file, offset, n);
}

size_t
transport_tcp_pending(const struct conn *c)
{
	(void)c;
	return 0;
}

void
transport_tcp_shutdown_write(struct conn *c)
{
	sock_shutdown_write(c->fd);
}

const struct transport_ops transport_tcp_ops = {
	.name = "tcp",
	.read = tcp_read,
	.write = transport_tcp_write,
	.writev = transport_tcp_writev,
	.sendfile = tcp_sendfile,
	.pending = transport_tcp_pending,
	.shutdown_write = transport_tcp_shutdown_write,
	.close_says_end = true,
};
