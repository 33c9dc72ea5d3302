/*
 * Items by ids. Run by the dirty arbiter.
 */
#include "dirty/dirty_table.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/banned.h"

#define FIRST_SIZE 64
#define USES_MASK 0xffffffu

static uint64_t
id_of(const struct dirty_table *t, unsigned at)
{
	return (uint64_t)t->kind << 56 |
	    (uint64_t)(t->cells[at].n_uses & USES_MASK) << 32 | at;
}

static int
grow(struct dirty_table *t)
{
	unsigned size = t->size == 0 ? FIRST_SIZE : 2 * t->size;
	struct dirty_cell *cells = realloc(t->cells, size * sizeof(*cells));

	if (cells == NULL)
		return -1;
	for (unsigned i = t->size; i < size; i++)
		cells[i] = (struct dirty_cell){ NULL, 0 };
	t->cells = cells;
	t->hint = t->size;
	t->size = size;
	return 0;
}

uint64_t
dirty_table_add(struct dirty_table *t, void *item)
{
	unsigned at;

	if (t->n == t->size && grow(t) < 0)
		return 0;
	for (at = t->hint; t->cells[at].item != NULL;)
		at = (at + 1) % t->size;
	t->cells[at].item = item;
	t->cells[at].n_uses++;
	t->n++;
	t->hint = (at + 1) % t->size;
	return id_of(t, at);
}

void *
dirty_table_get(const struct dirty_table *t, uint64_t id)
{
	unsigned at = (unsigned)id;

	if (at >= t->size || t->cells[at].item == NULL || id_of(t, at) != id)
		return NULL;
	return t->cells[at].item;
}

void
dirty_table_remove(struct dirty_table *t, uint64_t id)
{
	if (dirty_table_get(t, id) == NULL)
		return;
	t->cells[(unsigned)id].item = NULL;
	t->hint = (unsigned)id;
	t->n--;
}

void *
dirty_table_next(const struct dirty_table *t, unsigned *at)
{
	while (*at < t->size) {
		void *item = t->cells[(*at)++].item;

		if (item != NULL)
			return item;
	}
	return NULL;
}
