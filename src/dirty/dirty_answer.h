/*
 * dirty_answer: what the dirty arbiter itself says to a caller: errors, in the
 * caller's format.
 */
#ifndef DIRTY_DIRTY_ANSWER_H
#define DIRTY_DIRTY_ANSWER_H

#include "base/buf.h"
#include "dirty/dirty_frame.h"

/* Longest id of a JSON caller that is given back. */
#define DIRTY_ID_MAX 128

/* Whom an answer is for. */
struct dirty_caller {
	enum dirty_format format;
	uint64_t id;             /* binary, linked */
	char text[DIRTY_ID_MAX]; /* JSON: the value as it came */
	unsigned text_len;
};

/* From what its request says; an id that is too long becomes null. */
void dirty_caller_set(struct dirty_caller *c, const struct dirty_frame *f,
    const struct dirty_route *r);

/* One of an error's details: a text, or a number when text.ptr is NULL. */
struct dirty_detail {
	const char *name; /* NULL: the end of them */
	struct str text;
	double number;
};

/*
 * Appends a whole error frame. error: Gunicorn's class name; details may be
 * NULL. 0, -E_FULL or -E_NOMEM.
 */
int dirty_answer_error(struct buf *out, const struct dirty_caller *c,
    const char *error, const char *message, const struct dirty_detail *details);

#endif
