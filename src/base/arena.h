/*
 * arena: memory of one request: many small allocations, one free. Blocks of
 * ARENA_BLOCK bytes come from malloc, larger wishes get a block of their own;
 * never more than max bytes in all. A thread keeps some blocks that it has
 * finished with for its next arenas.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/str.h"

#define ARENA_BLOCK 4096

struct arena_block;

struct arena {
	struct arena_block *blocks; /* newest first */
	char *next, *end;           /* what is left of the newest */
	size_t used, max;           /* bytes from malloc; their bound */
};

/* No allocation yet. max in bytes. */
void arena_init(struct arena *a, size_t max);

/* 16-byte aligned, not cleared; NULL when max is reached or malloc fails. */
void *arena_alloc(struct arena *a, size_t n);

/* A copy of s, NUL-terminated beyond its length; ptr NULL on failure. */
struct str arena_str(struct arena *a, struct str s);

/* Frees all but the first block, forgets everything: for the next request. */
void arena_reset(struct arena *a);

/* Frees everything. The arena may be used again after arena_init. */
void arena_finish(struct arena *a);

#endif
