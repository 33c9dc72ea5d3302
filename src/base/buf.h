/*
 * buf: bytes that come in at one end and leave at the other, with a stated
 * maximum. Grows by doubling up to max; data is moved to the front rather
 * than the buffer grown when that makes room.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

#include "base/str.h"

struct buf {
	char *mem;
	size_t start, end; /* what is held: mem[start..end) */
	size_t size, max;
};

/* No allocation yet. */
void buf_init(struct buf *b, size_t max);
/* Frees the memory; the buf is as after buf_init. */
void buf_finish(struct buf *b);

static inline struct str
buf_str(const struct buf *b)
{
	if (b->mem == NULL)
		return (struct str){ NULL, 0 };
	return (struct str){ b->mem + b->start, b->end - b->start };
}

static inline size_t
buf_len(const struct buf *b)
{
	return b->end - b->start;
}

/*
 * Makes room for at least n more bytes behind what is held.
 * Returns where to write them, or NULL (max reached, or no memory).
 * buf_room then tells how many fit; buf_added takes note of what was written.
 */
char *buf_reserve(struct buf *b, size_t n);

static inline size_t
buf_room(const struct buf *b)
{
	return b->size - b->end;
}

void buf_added(struct buf *b, size_t n);

/* Drops n bytes from the front. An empty buffer starts at 0 again. */
void buf_used(struct buf *b, size_t n);

/* Append, whole or not at all. 0, -E_FULL or -E_NOMEM. */
int buf_put(struct buf *b, struct str s);
int buf_printf(struct buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int buf_vprintf(struct buf *b, const char *format, va_list ap)
    __attribute__((format(printf, 2, 0)));

#endif
