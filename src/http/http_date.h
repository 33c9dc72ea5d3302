/*
 * http_date: "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, section 5.6.7).
 */
#ifndef HTTP_HTTP_DATE_H
#define HTTP_HTTP_DATE_H

#include <stdint.h>

#include "base/str.h"

#define HTTP_DATE_LEN 29

/* Writes HTTP_DATE_LEN bytes, no NUL. seconds since the epoch. */
void http_date_put(char dst[HTTP_DATE_LEN], uint64_t seconds);

/*
 * The date of now (clock_wall_ms), made anew at most once a second. The
 * slice is good until the calling thread's next call.
 */
struct str http_date_now(void);

#endif
