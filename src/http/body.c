/*
 * body: a ring for one producer and one consumer. put and got only grow; each
 * is written by one side, released by it and acquired by the other, so that
 * the bytes are there before the count says so.
 */
#include "http/body.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/error.h"

#include "base/banned.h"

#define SIZE_LIMIT ((size_t)1 << 40)

int
body_init(struct body *b, size_t size)
{
	size_t n = 1;

	if (size > SIZE_LIMIT)
		return -E_NOMEM;
	while (n < size)
		n *= 2;
	b->ring = malloc(n);
	if (b->ring == NULL)
		return -E_NOMEM;
	b->size = n;
	b->start = 0;
	atomic_init(&b->put, 0);
	atomic_init(&b->got, 0);
	atomic_init(&b->complete, false);
	return 0;
}

void
body_adopt(struct body *b, char *mem, size_t size, size_t offset, size_t len)
{
	CHECK((size & (size - 1)) == 0 && offset + len <= size);
	b->ring = mem;
	b->size = size;
	b->start = offset;
	atomic_init(&b->put, offset + len);
	atomic_init(&b->got, offset);
	atomic_init(&b->complete, false);
}

void
body_finish(struct body *b)
{
	free(b->ring);
	b->ring = NULL;
	b->size = 0;
}

size_t
body_room(const struct body *b)
{
	uint64_t put = atomic_load_explicit(&b->put, memory_order_relaxed);
	uint64_t got = atomic_load_explicit(&b->got, memory_order_acquire);

	return b->size - (size_t)(put - got);
}

size_t
body_put(struct body *b, struct str s)
{
	uint64_t put = atomic_load_explicit(&b->put, memory_order_relaxed);
	size_t room = body_room(b), at, first;

	s = str_head(s, room);
	if (s.len == 0)
		return 0;
	at = (size_t)put & (b->size - 1);
	first = s.len < b->size - at ? s.len : b->size - at;
	memcpy(b->ring + at, s.ptr, first);
	if (s.len > first)
		memcpy(b->ring, s.ptr + first, s.len - first);
	atomic_store_explicit(&b->put, put + s.len, memory_order_release);
	return s.len;
}

char *
body_place(const struct body *b, size_t *n)
{
	uint64_t put = atomic_load_explicit(&b->put, memory_order_relaxed);
	size_t at = (size_t)put & (b->size - 1), room = body_room(b);

	*n = room < b->size - at ? room : b->size - at;
	return b->ring + at;
}

void
body_placed(struct body *b, size_t n)
{
	uint64_t put = atomic_load_explicit(&b->put, memory_order_relaxed);

	CHECK(n <= body_room(b));
	atomic_store_explicit(&b->put, put + n, memory_order_release);
}

void
body_set_complete(struct body *b)
{
	atomic_store_explicit(&b->complete, true, memory_order_release);
}

struct str
body_peek(const struct body *b)
{
	uint64_t got = atomic_load_explicit(&b->got, memory_order_relaxed);
	uint64_t put = atomic_load_explicit(&b->put, memory_order_acquire);
	size_t at, held = (size_t)(put - got);

	if (held == 0)
		return (struct str){ b->ring, 0 };
	at = (size_t)got & (b->size - 1);
	return (struct str){ b->ring + at,
		held < b->size - at ? held : b->size - at };
}

void
body_take(struct body *b, size_t n)
{
	uint64_t got = atomic_load_explicit(&b->got, memory_order_relaxed);
	uint64_t put = atomic_load_explicit(&b->put, memory_order_relaxed);

	CHECK(n <= put - got);
	atomic_store_explicit(&b->got, got + n, memory_order_release);
}

uint64_t
body_taken(const struct body *b)
{
	return atomic_load_explicit(&b->got, memory_order_relaxed) - b->start;
}
