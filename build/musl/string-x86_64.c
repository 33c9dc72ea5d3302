/*
 * memcmp, memchr, memrchr and strlen by sixteen bytes at a time, in place of
 * musl's, which go byte by byte or word by word: Python compares, searches
 * and measures all day. Architectures without such a file keep musl's.
 *
 * Part of libc: runs before relocation and before there is a thread pointer,
 * so it calls nothing. Aligned loads never leave the page of a byte that may
 * be read, so they may look beyond the end of what they were given.
 */
#include <emmintrin.h>
#include <stddef.h>
#include <stdint.h>

enum { WIDTH = 16 };

void *__memrchr(const void *start, int value, size_t n);
void *memrchr(const void *start, int value, size_t n);

/* The aligned block that p lies in. */
static const unsigned char *
block_of(const void *p)
{
	return (const unsigned char *)((uintptr_t)p & -(uintptr_t)WIDTH);
}

/* A bit for each of the sixteen bytes at block that equals c. */
static unsigned
equal_bits(const unsigned char *block, __m128i c)
{
	__m128i bytes = _mm_load_si128((const __m128i *)(const void *)block);

	return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, c));
}

/* A bit for each of sixteen bytes that differs. */
static unsigned
different_bits(const unsigned char *a, const unsigned char *b)
{
	__m128i x = _mm_loadu_si128((const __m128i *)(const void *)a);
	__m128i y = _mm_loadu_si128((const __m128i *)(const void *)b);

	return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(x, y)) ^ 0xffffu;
}

static int
first_difference(const unsigned char *a, const unsigned char *b, unsigned bits)
{
	unsigned i = (unsigned)__builtin_ctz(bits);

	return a[i] - b[i];
}

/* Less than WIDTH bytes. The two loads overlap where n is no power of two. */
static int
compare_few(const unsigned char *a, const unsigned char *b, size_t n)
{
	uint64_t x, y;

	if (n >= 8) {
		for (size_t at = 0;; at = n - 8) {
			__builtin_memcpy(&x, a + at, 8);
			__builtin_memcpy(&y, b + at, 8);
			if (x != y)
				return __builtin_bswap64(x) <
				    __builtin_bswap64(y) ? -1 : 1;
			if (at == n - 8)
				return 0;
		}
	}
	for (size_t i = 0; i < n; i++)
		if (a[i] != b[i])
			return a[i] - b[i];
	return 0;
}

int
memcmp(const void *left, const void *right, size_t n)
{
	const unsigned char *a = left, *b = right;
	unsigned bits;

	if (n < WIDTH)
		return compare_few(a, b, n);
	for (; n > WIDTH; a += WIDTH, b += WIDTH, n -= WIDTH) {
		bits = different_bits(a, b);
		if (bits != 0)
			return first_difference(a, b, bits);
	}
	/* The last sixteen, some of them perhaps a second time. */
	a -= WIDTH - n;
	b -= WIDTH - n;
	bits = different_bits(a, b);
	return bits != 0 ? first_difference(a, b, bits) : 0;
}

void *
memchr(const void *start, int value, size_t n)
{
	const unsigned char *p = start, *block = block_of(p), *end;
	__m128i c = _mm_set1_epi8((char)value);
	unsigned bits;

	if (n == 0)
		return NULL;
	end = n > UINTPTR_MAX - (uintptr_t)p ?
	    (const unsigned char *)UINTPTR_MAX : p + n;
	bits = equal_bits(block, c) & (~0u << (p - block));
	while (bits == 0) {
		block += WIDTH;
		if (block >= end)
			return NULL;
		bits = equal_bits(block, c);
	}
	block += __builtin_ctz(bits);
	return block < end ? (void *)(uintptr_t)block : NULL;
}

/* strrchr of musl calls it by this name. */
void *
__memrchr(const void *start, int value, size_t n)
{
	const unsigned char *p = start, *end = p + n, *block;
	__m128i c = _mm_set1_epi8((char)value);
	unsigned bits;

	if (n == 0)
		return NULL;
	block = block_of(end - 1);
	bits = equal_bits(block, c) & (0xffffu >> (WIDTH - (end - block)));
	while (bits == 0) {
		if (block <= p)
			return NULL;
		block -= WIDTH;
		bits = equal_bits(block, c);
	}
	block += 31 - __builtin_clz(bits);
	return block >= p ? (void *)(uintptr_t)block : NULL;
}

void *
memrchr(const void *start, int value, size_t n)
{
	return __memrchr(start, value, n);
}

size_t
strlen(const char *text)
{
	const unsigned char *block = block_of(text);
	__m128i zero = _mm_setzero_si128();
	unsigned bits;

	bits = equal_bits(block, zero) &
	    (~0u << ((const unsigned char *)text - block));
	while (bits == 0) {
		block += WIDTH;
		bits = equal_bits(block, zero);
	}
	return (size_t)(block + __builtin_ctz(bits) -
	    (const unsigned char *)text);
}
