/*
 * body: the ring through which a request's body flows from the protocol
 * (one producer) to the application (one consumer). Bounded by request_buffer;
 * what the consumer takes is given back to the protocol as credit
 * (stream_ops.body_credit), so that a body of any size needs no more memory.
 */
#ifndef HTTP_BODY_H
#define HTTP_BODY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct body {
	char *ring;
	size_t size;                /* a power of two, 0 before body_init */
	_Atomic(uint64_t) put, got; /* bytes ever; put - got are held */
	size_t start;               /* what got was at first */
	_Atomic(bool) complete;     /* no byte comes after those held */
};

/* size bytes (rounded up to a power of two). 0 or -E_NOMEM. */
int body_init(struct body *b, size_t size);
/*
 * The same with memory of the caller's (of malloc, now b's; size a power of
 * two) that has len bytes from offset already.
 */
void
body_adopt(struct body *b, char *mem, size_t size, size_t offset, size_t len);
void body_finish(struct body *b);

/* Producer: takes as much of s as there is room for; returns that. */
size_t body_put(struct body *b, struct str s);
size_t body_room(const struct body *b);
/* Producer: the next *n bytes of the ring to fill, and that n were filled. */
char *body_place(const struct body *b, size_t *n);
void body_placed(struct body *b, size_t n);
/* Producer: the last byte has been put. */
void body_set_complete(struct body *b);

/* Consumer: the next bytes as one slice (empty: none now), left in place. */
struct str body_peek(const struct body *b);
/* Consumer: n bytes of the slice are done with. */
void body_take(struct body *b, size_t n);
/* Consumer: how many it has taken, ever. */
uint64_t body_taken(const struct body *b);

/* All of the body is here (taken or not). */
static inline bool
body_complete(const struct body *b)
{
	return atomic_load_explicit(&b->complete, memory_order_acquire);
}

#endif
