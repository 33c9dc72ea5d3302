/*
 * conn_linger: the protocol of a connection that ends: what waits is sent,
 * then what still comes is thrown away, within CONN_LINGER_MS and
 * CONN_LINGER_MAX, so that the peer can read the answer (RFC 9112, 9.6).
 */
#ifndef NET_CONN_LINGER_H
#define NET_CONN_LINGER_H

#include "net/conn.h"

extern const struct proto_ops conn_linger_ops;

/* Takes c over from its protocol. */
void conn_linger_start(struct conn *c);

#endif
