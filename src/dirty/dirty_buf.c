/*
 * Buffers that grow to the largest payload and shrink again. Run by the dirty
 * arbiter, which holds little else.
 */
#include <stdint.h>
#include <sys/mman.h>

#include "dirty/dirty_state.h"

#include "base/banned.h"

#define KEEP ((size_t)512 << 10) /* of an empty buffer */
#define SHRINK_MS 500            /* between two looks: fresh pages cost, too */
#define HUGE_FROM ((size_t)4 << 20)
#define PAGE ((uintptr_t)4096)

/* The allocator would keep them for a next time that may never come. */
static void
drop_pages(char *mem, size_t size)
{
	uintptr_t begin = ((uintptr_t)mem + PAGE - 1) & ~(PAGE - 1);
	uintptr_t stop = ((uintptr_t)mem + size) & ~(PAGE - 1);

	if (begin < stop)
		(void)madvise((void *)begin, stop - begin, MADV_DONTNEED);
}

void
dirty_buf_finish(struct buf *b)
{
	if (b->size >= HUGE_FROM)
		drop_pages(b->mem, b->size);
	buf_finish(b);
}

static void
shrink(struct buf *b)
{
	if (buf_len(b) == 0 && b->size > KEEP)
		dirty_buf_finish(b);
}

void
dirty_buf_tick(struct dirty_router *r, uint64_t now)
{
	struct dirty_worker *w;
	struct dirty_conn *c;
	unsigned at = 0;

	if (now < r->shrink_ms)
		return;
	r->shrink_ms = now + SHRINK_MS;
	while ((c = dirty_table_next(&r->callers, &at)) != NULL) {
		shrink(&c->in);
		shrink(&c->out);
	}
	at = 0;
	while ((w = dirty_table_next(&r->workers, &at)) != NULL) {
		shrink(&w->in);
		shrink(&w->out);
	}
}
