/*
 * escape: bytes that come from outside, made safe for a line of text or for
 * a JSON string, a character at a time, so that the caller can stop at any
 * bound without cutting a character or an escape in two.
 */
#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H

#include <stddef.h>

#include "base/str.h"

struct buf;

#define ESCAPE_MAX 6 /* the longest that one character becomes */

enum escape {
	/*
	 * Controls (C0 but HTAB, DEL, C1) and bytes that are not UTF-8 become
	 * \xNN; all else stays, backslashes too.
	 */
	ESCAPE_TEXT,
	/*
	 * A JSON string's inside, pure UTF-8: a byte that is not UTF-8
	 * becomes U+FFFD.
	 */
	ESCAPE_JSON,
};

/*
 * Takes one character (one byte where it is not UTF-8) from the front of *s,
 * which must not be empty, and writes it to dst. Returns the bytes written,
 * 1..ESCAPE_MAX.
 */
size_t escape_next(struct str *s, enum escape how, char dst[ESCAPE_MAX]);

/* Appends all of s. 0, -E_FULL or -E_NOMEM: a part of it may be there. */
int escape_put(struct buf *out, struct str s, enum escape how);

/*
 * Length of the UTF-8 character that s begins with (1..4), or 0 when there is
 * none: empty, cut off, overlong, a surrogate, beyond U+10FFFF.
 */
size_t escape_utf8_len(struct str s);

#endif
