/*
 * Tables of keys and values. Run by the dirty arbiter. A table keeps its
 * entries in the order in which they were put, and a hash to find them.
 */
#include "dirty/dirty_stash.h"

#include <fnmatch.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/list.h"
#include "dirty/dirty_tlv.h"

#include "base/banned.h"

#define FIRST_BUCKETS 16
#define NAME_MAX_LEN 1024 /* of keys that patterns look at */

struct entry {
	struct list node;   /* in the table's order */
	struct entry *next; /* in its bucket */
	uint64_t hash;
	struct str key, value; /* memory of their own */
};

struct table {
	struct list node;
	struct str name; /* memory of its own */
	struct list entries;
	struct entry **buckets;
	size_t n_buckets, n;
};

struct dirty_stash {
	struct list tables;
	size_t used, max;
};

/* --- memory --- */

static size_t
cost(struct str key, struct str value)
{
	return sizeof(struct entry) + key.len + value.len;
}

/* A copy; ptr NULL: no memory. */
static struct str
copy(struct str s)
{
	char *mem = malloc(s.len + 1);

	if (mem != NULL && s.len > 0)
		memcpy(mem, s.ptr, s.len);
	return (struct str){ mem, s.len };
}

static void
release(struct str s)
{
	union {
		const char *from;
		char *to;
	} p = { .from = s.ptr };

	free(p.to);
}

/* FNV-1a */
static uint64_t
hash_of(struct str key)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < key.len; i++)
		h = (h ^ (unsigned char)key.ptr[i]) * 0x100000001b3u;
	return h;
}

/* --- tables --- */

static struct table *
find_table(const struct dirty_stash *s, struct str name)
{
	struct list *n;

	for (n = s->tables.next; n != &s->tables; n = n->next) {
		struct table *t = LIST_OF(n, struct table, node);

		if (str_eq(t->name, name))
			return t;
	}
	return NULL;
}

static int
add_table(struct dirty_stash *s, struct str name, struct table **out)
{
	struct table *t;

	*out = find_table(s, name);
	if (*out != NULL)
		return 0;
	if (sizeof(*t) + name.len > s->max - s->used)
		return -E_FULL;
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return -E_NOMEM;
	t->name = copy(name);
	t->buckets = calloc(FIRST_BUCKETS, sizeof(struct entry *));
	if (t->name.ptr == NULL || t->buckets == NULL) {
		release(t->name);
		free(t->buckets);
		free(t);
		return -E_NOMEM;
	}
	t->n_buckets = FIRST_BUCKETS;
	list_init(&t->entries);
	list_append(&s->tables, &t->node);
	s->used += sizeof(*t) + name.len;
	*out = t;
	return 0;
}

static struct entry **
place_of(const struct table *t, struct str key, uint64_t hash)
{
	struct entry **at = &t->buckets[hash % t->n_buckets];

	while (*at != NULL && ((*at)->hash != hash || !str_eq((*at)->key, key)))
		at = &(*at)->next;
	return at;
}

static struct entry *
find(const struct table *t, struct str key)
{
	return t == NULL ? NULL : *place_of(t, key, hash_of(key));
}

static void
remove_entry(struct dirty_stash *s, struct table *t, struct entry *e)
{
	*place_of(t, e->key, e->hash) = e->next;
	list_remove(&e->node);
	t->n--;
	s->used -= cost(e->key, e->value);
	release(e->key);
	release(e->value);
	free(e);
}

static void
clear(struct dirty_stash *s, struct table *t)
{
	struct list *n, *next;

	for (n = t->entries.next; n != &t->entries; n = next) {
		next = n->next;
		remove_entry(s, t, LIST_OF(n, struct entry, node));
	}
}

static void
remove_table(struct dirty_stash *s, struct table *t)
{
	clear(s, t);
	list_remove(&t->node);
	s->used -= sizeof(*t) + t->name.len;
	release(t->name);
	free(t->buckets);
	free(t);
}

/* Twice as many buckets; without memory it goes on with what it has. */
static void
widen(struct table *t)
{
	size_t n_buckets = 2 * t->n_buckets;
	struct entry **buckets = calloc(n_buckets, sizeof(struct entry *));
	struct list *n;

	if (buckets == NULL)
		return;
	free(t->buckets);
	t->buckets = buckets;
	t->n_buckets = n_buckets;
	for (n = t->entries.next; n != &t->entries; n = n->next) {
		struct entry *e = LIST_OF(n, struct entry, node);

		e->next = buckets[e->hash % n_buckets];
		buckets[e->hash % n_buckets] = e;
	}
}

static int
add_entry(
    struct dirty_stash *s, struct table *t, struct str key, struct str value)
{
	struct entry *e;

	if (cost(key, value) > s->max - s->used)
		return -E_FULL;
	e = calloc(1, sizeof(*e));
	if (e == NULL)
		return -E_NOMEM;
	e->key = copy(key);
	e->value = copy(value);
	if (e->key.ptr == NULL || e->value.ptr == NULL) {
		release(e->key);
		release(e->value);
		free(e);
		return -E_NOMEM;
	}
	e->hash = hash_of(key);
	*place_of(t, key, e->hash) = e;
	list_append(&t->entries, &e->node);
	t->n++;
	s->used += cost(key, value);
	if (t->n > t->n_buckets)
		widen(t);
	return 0;
}

/* The value of a key that is there: in its place. */
static int
replace(struct dirty_stash *s, struct entry *e, struct str value)
{
	struct str fresh;

	if (value.len > e->value.len &&
	    value.len - e->value.len > s->max - s->used)
		return -E_FULL;
	fresh = copy(value);
	if (fresh.ptr == NULL)
		return -E_NOMEM;
	s->used = s->used - e->value.len + value.len;
	release(e->value);
	e->value = fresh;
	return 0;
}

/* --- operations --- */

static int
put(struct dirty_stash *s, const struct dirty_stash_request *rq,
    struct buf *out)
{
	struct table *t;
	struct entry *e;
	int rc = add_table(s, rq->table, &t);

	if (rc < 0)
		return rc;
	e = find(t, rq->key);
	rc = e != NULL ? replace(s, e, rq->value)
		       : add_entry(s, t, rq->key, rq->value);
	return rc < 0 ? rc : dirty_tlv_put_bool(out, true);
}

/* What a pattern is compared with; false: the key has no such form. */
static bool
key_text(struct str key, char *dst, size_t dst_size)
{
	struct str text;
	int64_t number;

	if (dirty_tlv_int(&key, &number))
		return snprintf(dst, dst_size, "%lld", (long long)number) > 0;
	return dirty_tlv_string(&key, &text) &&
	    str_to_z(text, dst, dst_size) == 0;
}

static bool
matches(const struct entry *e, const char *pattern)
{
	char text[NAME_MAX_LEN];

	if (pattern[0] == '\0')
		return true;
	return key_text(e->key, text, sizeof(text)) &&
	    fnmatch(pattern, text, FNM_NOESCAPE) == 0;
}

static int
keys(const struct table *t, struct str pattern, struct buf *out)
{
	char pattern_z[NAME_MAX_LEN];
	struct list *n;
	size_t count = 0;
	int rc;

	if (str_to_z(pattern, pattern_z, sizeof(pattern_z)) < 0)
		return -E_PROTOCOL;
	if (t == NULL)
		return dirty_tlv_put_head(out, DIRTY_TLV_LIST, 0);
	for (n = t->entries.next; n != &t->entries; n = n->next)
		if (matches(LIST_OF(n, struct entry, node), pattern_z))
			count++;
	rc = dirty_tlv_put_head(out, DIRTY_TLV_LIST, count);
	for (n = t->entries.next; rc == 0 && n != &t->entries; n = n->next)
		if (matches(LIST_OF(n, struct entry, node), pattern_z))
			rc = buf_put(out, LIST_OF(n, struct entry, node)->key);
	return rc;
}

static int
info(const struct table *t, struct buf *out)
{
	int rc = dirty_tlv_put_head(out, DIRTY_TLV_DICT, 2);

	if (rc == 0)
		rc = dirty_tlv_put_string(out, STR("size"));
	if (rc == 0)
		rc = dirty_tlv_put_int(out, (int64_t)t->n);
	if (rc == 0)
		rc = dirty_tlv_put_string(out, STR("table"));
	return rc < 0 ? rc : dirty_tlv_put_string(out, t->name);
}

static int
tables(const struct dirty_stash *s, struct buf *out)
{
	struct list *n;
	size_t count = 0;
	int rc;

	for (n = s->tables.next; n != &s->tables; n = n->next)
		count++;
	rc = dirty_tlv_put_head(out, DIRTY_TLV_LIST, count);
	for (n = s->tables.next; rc == 0 && n != &s->tables; n = n->next)
		rc = dirty_tlv_put_string(
		    out, LIST_OF(n, struct table, node)->name);
	return rc;
}

int
dirty_stash_do(struct dirty_stash *s, const struct dirty_stash_request *rq,
    struct buf *out)
{
	struct table *t = find_table(s, rq->table);
	struct entry *e = find(t, rq->key);
	bool was = false;
	int rc;

	switch (rq->op) {
	case DIRTY_STASH_KEEP:
		if (e != NULL)
			return dirty_tlv_put_bool(out, false);
		return put(s, rq, out);
	case DIRTY_STASH_PUT:
		return put(s, rq, out);
	case DIRTY_STASH_GET:
		return e == NULL ? -E_NOT_FOUND : buf_put(out, e->value);
	case DIRTY_STASH_DELETE:
		if (e != NULL)
			remove_entry(s, t, e);
		return dirty_tlv_put_bool(out, e != NULL);
	case DIRTY_STASH_KEYS:
		return keys(t, rq->pattern, out);
	case DIRTY_STASH_CLEAR:
		if (t != NULL)
			clear(s, t);
		return dirty_tlv_put_bool(out, true);
	case DIRTY_STASH_INFO:
		return t == NULL ? -E_NOT_FOUND : info(t, out);
	case DIRTY_STASH_ENSURE:
		rc = add_table(s, rq->table, &t);
		return rc < 0 ? rc : dirty_tlv_put_bool(out, true);
	case DIRTY_STASH_DELETE_TABLE:
		was = t != NULL;
		if (was)
			remove_table(s, t);
		return dirty_tlv_put_bool(out, was);
	case DIRTY_STASH_TABLES:
		return tables(s, out);
	case DIRTY_STASH_EXISTS:
		return dirty_tlv_put_bool(
		    out, rq->key.len == 1 ? t != NULL : e != NULL);
	default:
		return -E_PROTOCOL;
	}
}

static int
each_entry(const struct table *t,
    int (*on)(void *cookie, struct str table, struct str key, struct str value),
    void *cookie)
{
	struct list *n;
	int rc =
	    on(cookie, t->name, (struct str){ "", 0 }, (struct str){ "", 0 });

	for (n = t->entries.next; rc == 0 && n != &t->entries; n = n->next) {
		const struct entry *e = LIST_OF(n, struct entry, node);

		rc = on(cookie, t->name, e->key, e->value);
	}
	return rc;
}

int
dirty_stash_each(const struct dirty_stash *s,
    int (*on)(void *cookie, struct str table, struct str key, struct str value),
    void *cookie)
{
	struct list *n;
	int rc = 0;

	for (n = s->tables.next; rc == 0 && n != &s->tables; n = n->next)
		rc = each_entry(LIST_OF(n, struct table, node), on, cookie);
	return rc;
}

/* --- requests --- */

/* One member; false: cut short, or not of its type. */
static bool
take_member(struct str *s, struct str name, struct dirty_stash_request *rq)
{
	if (str_eq(name, STR("op")))
		return dirty_tlv_int(s, &rq->op);
	if (str_eq(name, STR("table")))
		return dirty_tlv_string(s, &rq->table);
	if (str_eq(name, STR("key")))
		return dirty_tlv_value(s, &rq->key);
	if (str_eq(name, STR("value")))
		return dirty_tlv_value(s, &rq->value);
	if (str_eq(name, STR("pattern")) && s->len > 0 &&
	    s->ptr[0] == DIRTY_TLV_STRING)
		return dirty_tlv_string(s, &rq->pattern);
	return dirty_tlv_skip(s);
}

int
dirty_stash_read(struct str payload, struct dirty_stash_request *rq)
{
	enum dirty_tlv type;
	struct str name;
	uint32_t n;

	/* Python's None is what is left out. */
	*rq = (struct dirty_stash_request){ .key = { "", 1 },
		.value = { "", 1 } };
	if (!dirty_tlv_head(&payload, &type, &n) || type != DIRTY_TLV_DICT)
		return -E_PROTOCOL;
	for (; n > 0; n--)
		if (!dirty_tlv_string(&payload, &name) ||
		    !take_member(&payload, name, rq))
			return -E_PROTOCOL;
	return payload.len == 0 ? 0 : -E_PROTOCOL;
}

struct dirty_stash *
dirty_stash_create(size_t max)
{
	struct dirty_stash *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	list_init(&s->tables);
	s->max = max;
	return s;
}

void
dirty_stash_destroy(struct dirty_stash *s)
{
	struct list *n, *next;

	if (s == NULL)
		return;
	for (n = s->tables.next; n != &s->tables; n = next) {
		next = n->next;
		remove_table(s, LIST_OF(n, struct table, node));
	}
	free(s);
}
