/*
 * proxy_protocol: the header of the PROXY protocol, versions 1 (text) and 2
 * (binary), in front of a connection's bytes (notes, 0013). Pure functions
 * over bytes.
 */
#ifndef NET_PROXY_PROTOCOL_H
#define NET_PROXY_PROTOCOL_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/str.h"
#include "sys/sock.h"

/* A longer header of version 2 is malformed; one of version 1 has 107. */
#define PROXY_PROTOCOL_MAX 4096

/* What is looked for. */
enum proxy_protocol_version {
	PROXY_PROTOCOL_V1 = 1,
	PROXY_PROTOCOL_V2 = 2
};

struct proxy_protocol {
	/* False: LOCAL, UNKNOWN or no TCP: the socket's own address counts. */
	bool given;
	struct sock_addr client;
	struct sock_addr server; /* what it connected to, at the front end */
};

/* "v1", "v2", "auto": a set of versions; anything else: 0. */
unsigned proxy_protocol_versions(struct str setting);

/*
 * in: the first bytes of a connection. Returns the header's length, with *p
 * filled; 0 for "need more"; -E_NOT_FOUND: there is no header of these
 * versions; -E_PROTOCOL: it is malformed.
 */
ssize_t proxy_protocol_parse(
    struct str in, unsigned versions, struct proxy_protocol *p);

#endif
