/*
 * transport_tcp: plain bytes over TCP or a unix socket.
 */
#ifndef NET_TRANSPORT_TCP_H
#define NET_TRANSPORT_TCP_H

extern const struct transport_ops transport_tcp_ops;

#endif
