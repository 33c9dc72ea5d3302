/*
 * conn_pool: the memory of a reactor's connections: slots that stay where
 * they are, each with a generation that changes when it is given back, so
 * that what named the old connection cannot mean the new one.
 */
#ifndef NET_CONN_POOL_H
#define NET_CONN_POOL_H

#include <stdint.h>

#define CONN_POOL_BLOCK 64

struct conn;

struct conn_pool {
	struct conn **blocks; /* of CONN_POOL_BLOCK connections each */
	unsigned n_blocks, max_blocks;
	unsigned max, n; /* connections: bound, and in use */
	uint32_t first_free;
};

/* Bound max. 0 or -E_NOMEM. */
int conn_pool_init(struct conn_pool *p, unsigned max);
void conn_pool_finish(struct conn_pool *p);

/* A cleared one with magic, slot and generation set, or NULL. */
struct conn *conn_pool_take(struct conn_pool *p);
void conn_pool_give(struct conn_pool *p, struct conn *c);

/* The one in that slot, or NULL when it is free or of another generation. */
struct conn *
conn_pool_get(struct conn_pool *p, uint32_t slot, uint32_t generation);
/* The one in that slot, or NULL; slot < conn_pool_n_slots. */
struct conn *conn_pool_at(struct conn_pool *p, uint32_t slot);

static inline uint32_t
conn_pool_n_slots(const struct conn_pool *p)
{
	return p->n_blocks * CONN_POOL_BLOCK;
}

#endif
