/*
 * The header is looked at where it lies and taken out alone: nothing behind
 * it has been read when the plain transport takes over.
 */
#include "net/transport_proxy.h"

#include "base/error.h"
#include "base/log.h"
#include "config/config_net.h"
#include "net/proxy_protocol.h"
#include "net/reactor_state.h"
#include "net/transport_tcp.h"

#include "base/banned.h"

static void
go_on_plainly(struct conn *c)
{
	c->transport = &transport_tcp_ops;
}

/* Ends the connection; for "return refuse(...)". */
static ssize_t
refuse(struct conn *c, enum close_reason why)
{
	log_event(
	    EV_PROXY_REFUSED, STR_ARG(conn_peer(c)), conn_close_text(why));
	conn_close(c, why);
	return -E_GONE;
}

/* Who comes by a unix socket is this machine. */
static bool
may_say_so(const struct conn *c)
{
	struct str peer = conn_peer(c);

	return peer.len == 0 ||
	    config_net_has(c->reactor->options.proxy_allow, peer);
}

/* 0 or -E_NOMEM. */
static int
set_ends(struct conn *c, const struct proxy_protocol *p)
{
	char host[SOCK_HOST_MAX];
	struct str s = { host, sock_host(&p->client, host) };

	conn_set_peer(c, s, sock_port(&p->client));
	s.len = sock_host(&p->server, host);
	return conn_set_front(c, s, sock_port(&p->server));
}

/* The header has n bytes: takes them, and what they say. */
static ssize_t
take(struct conn *c, void *mem, size_t n, const struct proxy_protocol *p)
{
	if (!may_say_so(c))
		return refuse(c, CLOSE_PROXY_DENIED);
	if (sock_recv(c->fd, mem, n) != (ssize_t)n)
		return -E_GONE;
	go_on_plainly(c);
	return p->given ? set_ends(c, p) : 0;
}

static ssize_t
proxy_read(struct conn *c, void *mem, size_t n)
{
	size_t most = n < PROXY_PROTOCOL_MAX ? n : PROXY_PROTOCOL_MAX;
	struct proxy_protocol p;
	ssize_t got, len;

	got = sock_peek(c->fd, mem, most);
	if (got < 0)
		return got;
	len = proxy_protocol_parse((struct str){ mem, (size_t)got },
	    c->reactor->options.proxy_versions, &p);
	if (len == -E_PROTOCOL)
		return refuse(c, CLOSE_PROXY_MALFORMED);
	if (len == 0)
		return c->half || (size_t)got == most ? -E_EOF : -E_AGAIN;
	if (len > 0)
		len = take(c, mem, (size_t)len, &p);
	else
		go_on_plainly(c); /* it comes directly */
	return len < 0 && len != -E_NOT_FOUND ? len
					      : c->transport->read(c, mem, n);
}

const struct transport_ops transport_proxy_ops = {
	.name = "proxy",
	.read = proxy_read,
	.write = transport_tcp_write,
	.writev = transport_tcp_writev,
	.pending = transport_tcp_pending,
	.shutdown_write = transport_tcp_shutdown_write,
	.close_says_end = true,
};
