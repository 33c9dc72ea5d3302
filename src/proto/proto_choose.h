/*
 * proto_choose: which protocol a new connection speaks.
 */
#ifndef PROTO_PROTO_CHOOSE_H
#define PROTO_PROTO_CHOOSE_H

#include "base/str.h"

struct proto_ops;

/* By its name in the settings ("h1") or in ALPN ("http/1.1"), or NULL. */
const struct proto_ops *proto_choose(struct str name);

#endif
