/*
 * http_host: uri-host [ ":" port ] of a Host field, an absolute target or
 * :authority (RFC 9110, section 4.2; RFC 3986, section 3.2).
 */
#ifndef HTTP_HTTP_HOST_H
#define HTTP_HTTP_HOST_H

#include <stdint.h>

#include "base/str.h"

struct http_host {
	struct str host; /* "example.org", "[::1]"; points into s */
	int port;        /* 0..65535, or -1: none given */
};

/*
 * 0, or -E_BAD_VALUE: no host, user information, a byte that may not be
 * there, brackets without an address in them, a port that is no number.
 * "host:" counts as no port.
 */
int http_host_parse(struct str s, struct http_host *out);

#endif
