/*
 * http_status: the registered status codes and their reason phrases.
 */
#ifndef HTTP_HTTP_STATUS_H
#define HTTP_HTTP_STATUS_H

#include "base/str.h"

/* The reason phrase; "Unknown" for a status that is not registered. */
struct str http_status_reason(unsigned status);

/* No answer with this status ever has a body: 1xx, 204, 304. */
static inline bool
http_status_no_body(unsigned status)
{
	return status < 200 || status == 204 || status == 304;
}

#endif
