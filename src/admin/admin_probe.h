/*
 * admin_probe: what the scoreboard says about the server's health.
 */
#ifndef ADMIN_ADMIN_PROBE_H
#define ADMIN_ADMIN_PROBE_H

#include <stdint.h>

#include "admin/admin_request.h"

struct board;

struct admin_answer {
	unsigned status;    /* of HTTP */
	const char *reason; /* its phrase */
	const char *text;   /* the body's one line, without its end */
};

/* The answer to r at the time now_ms (of clock_ms). */
struct admin_answer admin_probe(
    const struct admin_request *r, const struct board *b, uint64_t now_ms);

#endif
