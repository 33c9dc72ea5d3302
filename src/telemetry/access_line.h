/*
 * access_line: a line being written, from left to right, into memory of the
 * caller's, with an end that nothing passes. For the access_* files alone.
 */
#ifndef TELEMETRY_ACCESS_LINE_H
#define TELEMETRY_ACCESS_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define ACCESS_LINE_SHORT 16 /* bytes that are copied in one go */
#define ACCESS_CLF_LEN 28    /* "[31/Jan/2026:23:59:59 +0100]", local time */
#define ACCESS_ISO_LEN 19    /* "2026-01-31T23:59:59", UTC */

struct access_line {
	char *p, *end;
	bool json;
	bool cut; /* something did not fit; nothing more is taken */
};

/* What closes a value goes behind the end, which is kept free for it. */
static inline size_t
access_line_room(const struct access_line *l)
{
	return l->p < l->end ? (size_t)(l->end - l->p) : 0;
}

/* Whole or not at all. */
static inline void
access_line_raw(struct access_line *l, struct str s)
{
	if (l->cut || s.len > access_line_room(l)) {
		l->cut = true;
		return;
	}
	if (s.len > 0)
		memcpy(l->p, s.ptr, s.len);
	l->p += s.len;
}

/*
 * The same for text that has ACCESS_LINE_SHORT readable bytes and more: what
 * is behind a short one goes along and is written over.
 */
static inline void
access_line_before(struct access_line *l, struct str s)
{
	if (s.len > ACCESS_LINE_SHORT ||
	    access_line_room(l) < ACCESS_LINE_SHORT) {
		access_line_raw(l, s);
		return;
	}
	memcpy(l->p, s.ptr, ACCESS_LINE_SHORT);
	l->p += s.len;
}

void access_line_number(struct access_line *l, uint64_t v);

/* What a peer said: escaped, and as much as there is room for. */
void access_line_text(struct access_line *l, struct str s);

/* A second in both forms, made once in each thread. */
struct access_moment {
	uint64_t second;
	char clf[ACCESS_CLF_LEN], iso[ACCESS_ISO_LEN];
	bool made;
};
const struct access_moment *access_line_moment(uint64_t second);

#endif
