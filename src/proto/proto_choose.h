/*
 * proto_choose: which protocol a new connection speaks.
 */
#ifndef PROTO_PROTO_CHOOSE_H
#define PROTO_PROTO_CHOOSE_H

#include "base/str.h"

struct proto_ops;

/* By the protocol's name (of a setting, or from ALPN), or NULL. */
const struct proto_ops *proto_choose(struct str name);

#endif
