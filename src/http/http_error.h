/*
 * http_error: why a request is refused: the status that it is answered with
 * and a short text of ours for the page and the log. Never the peer's bytes.
 */
#ifndef HTTP_HTTP_ERROR_H
#define HTTP_HTTP_ERROR_H

#include "base/error.h"

struct http_error {
	unsigned status;  /* 400..599 */
	const char *text; /* a literal, one line, no period */
};

/* For "return http_error_set(err, 400, "...")": always -E_PROTOCOL. */
static inline int
http_error_set(struct http_error *err, unsigned status, const char *text)
{
	err->status = status;
	err->text = text;
	return -E_PROTOCOL;
}

#endif
