/*
 * admin_request: the part of an HTTP/1 request that probes have. A pure
 * function over bytes.
 */
#ifndef ADMIN_ADMIN_REQUEST_H
#define ADMIN_ADMIN_REQUEST_H

#include <sys/types.h>

#include "base/str.h"

struct admin_request {
	struct str method;
	struct str path; /* without its query */
};

/*
 * in: all bytes so far. Returns the head's length and fills *r with slices
 * of in; 0 for "need more"; -E_PROTOCOL for what is no HTTP/1 request.
 */
ssize_t admin_request_parse(struct str in, struct admin_request *r);

#endif
