/*
 * dirty_stash: the tables that callers and dirty workers share, held by the
 * dirty arbiter. Keys and values stay the typed values (dirty_tlv.h) that
 * they came as. No table outlives the dirty arbiter.
 */
#ifndef DIRTY_DIRTY_STASH_H
#define DIRTY_DIRTY_STASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

struct dirty_stash;

/* For so many bytes of keys and values; NULL: no memory. */
struct dirty_stash *dirty_stash_create(size_t max);
void dirty_stash_destroy(struct dirty_stash *s);

enum dirty_stash_op {
	DIRTY_STASH_PUT = 1,
	DIRTY_STASH_GET,
	DIRTY_STASH_DELETE,
	DIRTY_STASH_KEYS,
	DIRTY_STASH_CLEAR,
	DIRTY_STASH_INFO,
	DIRTY_STASH_ENSURE,
	DIRTY_STASH_DELETE_TABLE,
	DIRTY_STASH_TABLES,
	DIRTY_STASH_EXISTS,
	DIRTY_STASH_KEEP = 100, /* ours: as PUT, unless the key is there */
};

struct dirty_stash_request {
	int64_t op;
	struct str table;
	struct str key, value; /* whole values; empty: not given */
	struct str pattern;    /* of keys, as in a shell; empty: all */
};

/* From a STASH frame's payload. 0 or -E_PROTOCOL. */
int dirty_stash_read(struct str payload, struct dirty_stash_request *rq);

/*
 * Does it and appends the result, one value, to out. 0; -E_NOT_FOUND: no such
 * key, or for INFO no such table; -E_FULL: beyond max, or out is full;
 * -E_NOMEM; -E_PROTOCOL: no such operation.
 */
int dirty_stash_do(struct dirty_stash *s, const struct dirty_stash_request *rq,
    struct buf *out);

/*
 * Calls on for each table, with an empty key, and then for its entries, in
 * their order, until it returns something else than 0: that.
 */
int dirty_stash_each(const struct dirty_stash *s,
    int (*on)(void *cookie, struct str table, struct str key, struct str value),
    void *cookie);

#endif
