/*
 * h1: HTTP/1.1 and 1.0 on a connection (RFC 9112).
 */
#ifndef PROTO_H1_H
#define PROTO_H1_H

#include "net/conn.h"

extern const struct proto_ops h1_ops;

#endif
