/*
 * scan: how far a run of bytes of one kind goes, sixteen bytes at a step where
 * the processor can. Each has a portable twin that gives the same answer
 * (the unit test compares them); nothing else needs to know which is used.
 */
#ifndef BASE_SCAN_H
#define BASE_SCAN_H

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/str.h"

/*
 * How many bytes of s, from its front, are text: HTAB, 0x20..0x7e and
 * 0x80..0xff. s.len: all of them.
 */
size_t scan_text(struct str s);
size_t scan_text_portable(struct str s);

/* The same for visible ASCII: 0x21..0x7e. */
size_t scan_visible(struct str s);
size_t scan_visible_portable(struct str s);

/* The same for ASCII: 0x00..0x7f. */
size_t scan_ascii(struct str s);
size_t scan_ascii_portable(struct str s);

/* The same for what may stand between quotes: 0x20..0x7e but " and \. */
size_t scan_quotable(struct str s);
size_t scan_quotable_portable(struct str s);

/*
 * Index of the first c in s, or s.len. As str_find, for short ways: a line's
 * end, a name's colon.
 */
static inline size_t scan_byte(struct str s, char c);
size_t scan_byte_portable(struct str s, char c);

#define SCAN_NEAR 32
/* The same in the SCAN_NEAR bytes at p, all of which must be there. */
static inline size_t scan_byte_near(const char *p, char c);

#ifdef __SSE2__

static inline unsigned
scan_mask(const char *p, __m128i wanted)
{
	return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(
	    wanted, _mm_loadu_si128((const __m128i *)(const void *)p)));
}

static inline size_t
scan_byte_near(const char *p, char c)
{
	const __m128i wanted = _mm_set1_epi8(c);
	unsigned mask = scan_mask(p, wanted) | scan_mask(p + 16, wanted) << 16;

	return mask == 0 ? SCAN_NEAR : (size_t)__builtin_ctz(mask);
}

static inline size_t
scan_byte(struct str s, char c)
{
	const __m128i wanted = _mm_set1_epi8(c);
	unsigned mask;
	size_t i;

	for (i = 0; s.len - i >= 16; i += 16) {
		mask = scan_mask(s.ptr + i, wanted);
		if (mask != 0)
			return i + (size_t)__builtin_ctz(mask);
	}
	return i + scan_byte_portable(str_tail(s, i), c);
}

#else

static inline size_t
scan_byte(struct str s, char c)
{
	return scan_byte_portable(s, c);
}

static inline size_t
scan_byte_near(const char *p, char c)
{
	return scan_byte_portable((struct str){ p, SCAN_NEAR }, c);
}

#endif

#endif
