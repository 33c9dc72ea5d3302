/*
 * base64: RFC 4648, section 4.
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <sys/types.h>

#include "base/str.h"

/*
 * Decodes text, with its padding or without, to dst. Returns how many bytes,
 * -E_BAD_VALUE, or -E_TOO_LONG when they do not fit.
 */
ssize_t base64_decode(struct str text, char *dst, size_t dst_size);

#endif
