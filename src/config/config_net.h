/*
 * config_net: networks that are trusted: addresses, CIDR, or everybody. IPv4
 * is kept as IPv4-mapped IPv6, so that a peer is found whichever way its
 * socket names it.
 */
#ifndef CONFIG_CONFIG_NET_H
#define CONFIG_CONFIG_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct config_net {
	uint8_t address[16];
	unsigned bits; /* 0..128: so many must be the same */
};

struct config_nets {
	unsigned n;
	const struct config_net *items;
};

/*
 * "10.0.0.0/8", "::1", "*" (everybody). A host with bits behind the network's
 * ("10.0.0.1/8") is refused, as by Gunicorn. 0 or -E_BAD_VALUE.
 */
int config_net_parse(struct str text, struct config_net *net);

/* Is peer, a numeric address without port, in one of them? */
bool config_net_has(const struct config_nets *nets, struct str peer);

#endif
