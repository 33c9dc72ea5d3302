/*
 * dirty_table: what the dirty arbiter keeps, by ids that are never given to
 * two things: callers, calls and workers are named so in epoll's cookies and
 * on the links, since an event may outlive what it was for.
 */
#ifndef DIRTY_DIRTY_TABLE_H
#define DIRTY_DIRTY_TABLE_H

#include <stdint.h>

struct dirty_cell {
	void *item; /* NULL: free */
	uint32_t n_uses;
};

struct dirty_table {
	unsigned kind; /* in each id's top byte */
	struct dirty_cell *cells;
	unsigned size, n, hint;
};

/* The kind of what id names. */
static inline unsigned
dirty_table_kind(uint64_t id)
{
	return (unsigned)(id >> 56);
}

/* The new item's id, or 0: no memory. */
uint64_t dirty_table_add(struct dirty_table *t, void *item);
/* The item of that id, or NULL. */
void *dirty_table_get(const struct dirty_table *t, uint64_t id);
void dirty_table_remove(struct dirty_table *t, uint64_t id);
/* The first item from cell *at on, which is moved behind it; NULL: no more. */
void *dirty_table_next(const struct dirty_table *t, unsigned *at);

#endif
