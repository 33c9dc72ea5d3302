/*
 * Slots of connections, in blocks, the free ones in a list by index.
 */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/error.h"
#include "net/conn.h"
#include "net/conn_pool.h"

#include "base/banned.h"

#define MAGIC_USED 0x636f6e6e
#define MAGIC_FREE 0x66726565
#define NO_SLOT UINT32_MAX

int
conn_pool_init(struct conn_pool *p, unsigned max)
{
	unsigned n = (max + CONN_POOL_BLOCK - 1) / CONN_POOL_BLOCK;

	*p = (struct conn_pool){ .max = max, .max_blocks = n };
	p->first_free = NO_SLOT;
	p->blocks = calloc(n == 0 ? 1 : n, sizeof(struct conn *));
	return p->blocks == NULL ? -E_NOMEM : 0;
}

void
conn_pool_finish(struct conn_pool *p)
{
	for (unsigned i = 0; i < p->n_blocks; i++)
		free(p->blocks[i]);
	free(p->blocks);
	*p = (struct conn_pool){ .blocks = NULL };
}

static struct conn *
in_slot(struct conn_pool *p, uint32_t slot)
{
	return &p->blocks[slot / CONN_POOL_BLOCK][slot % CONN_POOL_BLOCK];
}

/* A free one keeps the next free slot where a used one has its reason. */
static void
make_free(
    struct conn_pool *p, struct conn *c, uint32_t slot, uint32_t generation)
{
	memset(c, 0, sizeof(*c));
	c->magic = MAGIC_FREE;
	c->slot = slot;
	c->generation = generation;
	c->lingered = p->first_free;
	p->first_free = slot;
}

static int
add_block(struct conn_pool *p)
{
	struct conn *block;

	if (p->n_blocks == p->max_blocks)
		return -E_FULL;
	block = malloc(CONN_POOL_BLOCK * sizeof(*block));
	if (block == NULL)
		return -E_NOMEM;
	p->blocks[p->n_blocks++] = block;
	for (unsigned i = CONN_POOL_BLOCK; i-- > 0;)
		make_free(
		    p, &block[i], (p->n_blocks - 1) * CONN_POOL_BLOCK + i, 1);
	return 0;
}

struct conn *
conn_pool_take(struct conn_pool *p)
{
	struct conn *c;

	if (p->n == p->max)
		return NULL;
	if (p->first_free == NO_SLOT && add_block(p) < 0)
		return NULL;
	c = in_slot(p, p->first_free);
	CHECK(c->magic == MAGIC_FREE);
	p->first_free = c->lingered;
	p->n++;
	c->magic = MAGIC_USED;
	c->lingered = 0;
	return c;
}

void
conn_pool_give(struct conn_pool *p, struct conn *c)
{
	CHECK(c->magic == MAGIC_USED && p->n > 0);
	p->n--;
	make_free(p, c, c->slot, c->generation + 1);
}

struct conn *
conn_pool_at(struct conn_pool *p, uint32_t slot)
{
	struct conn *c = in_slot(p, slot);

	return c->magic == MAGIC_USED ? c : NULL;
}

struct conn *
conn_pool_get(struct conn_pool *p, uint32_t slot, uint32_t generation)
{
	struct conn *c;

	if (slot >= conn_pool_n_slots(p))
		return NULL;
	c = conn_pool_at(p, slot);
	return c != NULL && c->generation == generation ? c : NULL;
}
