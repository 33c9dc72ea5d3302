/*
 * arena: blocks in a list, the newest standard block in front and being
 * filled. A wish that does not fit a standard block gets one of its own,
 * linked behind the front, so that what is left there stays in use.
 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/poison.h"

#include "base/banned.h"

#define ALIGN 16

struct arena_block {
	struct arena_block *older;
	size_t size; /* of mem */
	alignas(ALIGN) char mem[];
};

#define STANDARD (ARENA_BLOCK - sizeof(struct arena_block))

/*
 * Blocks of arenas that this thread has finished, for its next ones: as many
 * as one batch of events may bring requests.
 */
#define SPARE_MAX 64
static _Thread_local struct {
	struct arena_block *first;
	unsigned n;
} spare;

static struct arena_block *
block_take(size_t whole)
{
	struct arena_block *b = spare.first;

	if (whole != ARENA_BLOCK || b == NULL)
		return malloc(whole);
	spare.first = b->older;
	spare.n--;
	poison_clear(b->mem, STANDARD);
	return b;
}

static void
block_give(struct arena_block *b)
{
	if (b->size != STANDARD || spare.n == SPARE_MAX) {
		free(b);
		return;
	}
	b->older = spare.first;
	spare.first = b;
	spare.n++;
	poison_set(b->mem, STANDARD);
}

void
arena_init(struct arena *a, size_t max)
{
	*a = (struct arena){ .max = max };
}

/* A block of size bytes within the bound, not yet linked; or NULL. */
static struct arena_block *
block_create(struct arena *a, size_t size)
{
	size_t whole = sizeof(struct arena_block) + size;
	struct arena_block *b;

	if (whole < size || whole > a->max - a->used)
		return NULL;
	b = block_take(whole);
	if (b == NULL)
		return NULL;
	b->size = size;
	a->used += whole;
	return b;
}

static void *
alloc_own_block(struct arena *a, size_t n)
{
	struct arena_block *b = block_create(a, n);

	if (b == NULL)
		return NULL;
	if (a->blocks == NULL) {
		b->older = NULL;
		a->blocks = b;
	} else {
		b->older = a->blocks->older;
		a->blocks->older = b;
	}
	return b->mem;
}

static void
fill_from(struct arena *a, struct arena_block *b)
{
	a->next = b->mem;
	a->end = b->mem + b->size;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	struct arena_block *b;
	char *p;

	if (n > SIZE_MAX - ALIGN)
		return NULL;
	n = n == 0 ? ALIGN : (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (n > (size_t)(a->end - a->next)) {
		if (n > STANDARD / 4)
			return alloc_own_block(a, n);
		b = block_create(a, STANDARD);
		if (b == NULL)
			return NULL;
		b->older = a->blocks;
		a->blocks = b;
		fill_from(a, b);
	}
	p = a->next;
	a->next += n;
	return p;
}

struct str
arena_str(struct arena *a, struct str s)
{
	char *p = s.len == SIZE_MAX ? NULL : arena_alloc(a, s.len + 1);

	if (p == NULL)
		return (struct str){ NULL, 0 };
	if (s.len > 0)
		memcpy(p, s.ptr, s.len);
	p[s.len] = '\0';
	return (struct str){ p, s.len };
}

/* Frees all blocks but one of standard size, which is returned, or NULL. */
static struct arena_block *
free_but_one(struct arena *a)
{
	struct arena_block *b, *older, *keep = NULL;

	for (b = a->blocks; b != NULL; b = older) {
		older = b->older;
		if (keep == NULL && b->size == STANDARD)
			keep = b;
		else
			block_give(b);
	}
	return keep;
}

void
arena_reset(struct arena *a)
{
	struct arena_block *keep = free_but_one(a);

	arena_init(a, a->max);
	if (keep == NULL)
		return;
	keep->older = NULL;
	a->blocks = keep;
	a->used = sizeof *keep + keep->size;
	fill_from(a, keep);
}

void
arena_finish(struct arena *a)
{
	struct arena_block *last = free_but_one(a);

	if (last != NULL)
		block_give(last);
	arena_init(a, a->max);
}
