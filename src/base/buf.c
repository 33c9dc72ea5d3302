/*
 * buf: one piece of memory, with what is held somewhere inside it.
 */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/error.h"
#include "base/poison.h"

#include "base/banned.h"

#define FIRST_SIZE 512

/*
 * Memory of buffers that this thread has finished, for its next ones. It is
 * of the size that was needed lately, so that it seldom has to grow.
 */
#define SPARES 4
#define SPARE_MAX ((size_t)32 << 10)
static _Thread_local struct {
	char *mem[SPARES];
	size_t size[SPARES];
	unsigned n;
} spare;

static void
give_mem(char *mem, size_t size)
{
	if (mem == NULL || size > SPARE_MAX || spare.n == SPARES) {
		free(mem);
		return;
	}
	spare.mem[spare.n] = mem;
	spare.size[spare.n++] = size;
	poison_set(mem, size);
}

/* At least *size bytes and at most max: *size tells how many. */
static char *
take_mem(size_t *size, size_t max)
{
	if (spare.n == 0 || spare.size[spare.n - 1] < *size ||
	    spare.size[spare.n - 1] > max)
		return malloc(*size == 0 ? 1 : *size);
	spare.n--;
	*size = spare.size[spare.n];
	poison_clear(spare.mem[spare.n], *size);
	return spare.mem[spare.n];
}

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void
buf_finish(struct buf *b)
{
	give_mem(b->mem, b->size);
	buf_init(b, b->max);
}

static void
move_to_front(struct buf *b)
{
	memmove(b->mem, b->mem + b->start, buf_len(b));
	b->end -= b->start;
	b->start = 0;
}

/* The next size, by doubling, that is at least need; need <= max. */
static size_t
grown_size(const struct buf *b, size_t need)
{
	size_t size = b->size < FIRST_SIZE ? FIRST_SIZE : b->size;

	while (size < need && size <= b->max / 2)
		size *= 2;
	return size < need || size > b->max ? b->max : size;
}

static int
grow(struct buf *b, size_t need)
{
	size_t size = grown_size(b, need), len = buf_len(b);
	char *mem = take_mem(&size, b->max);

	if (mem == NULL)
		return -E_NOMEM;
	if (b->mem != NULL)
		memcpy(mem, b->mem + b->start, len);
	give_mem(b->mem, b->size);
	b->mem = mem;
	b->start = 0;
	b->end = len;
	b->size = size;
	return 0;
}

/* Room for n more bytes: 0, -E_FULL or -E_NOMEM. */
static int
make_room(struct buf *b, size_t n)
{
	size_t len = buf_len(b);

	if (b->mem != NULL && n <= b->size - b->end)
		return 0;
	if (n > b->max - len)
		return -E_FULL;
	if (b->mem != NULL && n <= b->size - len) {
		move_to_front(b);
		return 0;
	}
	return grow(b, len + n);
}

char *
buf_reserve(struct buf *b, size_t n)
{
	return make_room(b, n) < 0 ? NULL : b->mem + b->end;
}

void
buf_added(struct buf *b, size_t n)
{
	CHECK(n <= b->size - b->end);
	b->end += n;
}

void
buf_used(struct buf *b, size_t n)
{
	CHECK(n <= buf_len(b));
	b->start += n;
	if (b->start == b->end)
		b->start = b->end = 0;
}

int
buf_put(struct buf *b, struct str s)
{
	int rc = make_room(b, s.len);

	if (rc < 0)
		return rc;
	if (s.len > 0)
		memcpy(b->mem + b->end, s.ptr, s.len);
	b->end += s.len;
	return 0;
}

int
buf_vprintf(struct buf *b, const char *format, va_list ap)
{
	va_list again;
	int n, rc;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (n < 0)
		return -E_BAD_VALUE;
	/* One more for vsnprintf's NUL, which is not kept. */
	rc = make_room(b, (size_t)n + 1);
	if (rc < 0)
		return rc;
	vsnprintf(b->mem + b->end, (size_t)n + 1, format, ap);
	b->end += (size_t)n;
	return 0;
}

int
buf_printf(struct buf *b, const char *format, ...)
{
	va_list ap;
	int rc;

	va_start(ap, format);
	rc = buf_vprintf(b, format, ap);
	va_end(ap);
	return rc;
}
