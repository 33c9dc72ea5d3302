/*
 * scan: the one place that knows of vector instructions. SSE2 is part of
 * x86-64, so that nothing has to be asked at run time; wider ones were
 * measured to bring nothing on heads of usual length.
 */
#include "base/scan.h"

#include "base/banned.h"

static bool
is_text(unsigned char c)
{
	return (c >= 0x20 && c != 0x7f) || c == '\t';
}

size_t
scan_text_portable(struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (!is_text((unsigned char)s.ptr[i]))
			break;
	return i;
}

size_t
scan_visible_portable(struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.ptr[i] < 0x21 || s.ptr[i] > 0x7e)
			break;
	return i;
}

size_t
scan_ascii_portable(struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] > 0x7f)
			break;
	return i;
}

size_t
scan_quotable_portable(struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.ptr[i] < 0x20 || s.ptr[i] > 0x7e || s.ptr[i] == '"' ||
		    s.ptr[i] == '\\')
			break;
	return i;
}

size_t
scan_byte_portable(struct str s, char c)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.ptr[i] == c)
			break;
	return i;
}

#ifdef __SSE2__

/* A bit for each of the 16 bytes at p that ends a run. */
typedef unsigned stop_mask(const char *p);

static inline __m128i
load(const char *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static inline unsigned
text_stops(const char *p)
{
	__m128i v = load(p);
	/* Unsigned "below 0x20": the larger of v and 0x1f is 0x1f. */
	__m128i c0 = _mm_cmpeq_epi8(
	    _mm_max_epu8(v, _mm_set1_epi8(0x1f)), _mm_set1_epi8(0x1f));
	__m128i tab = _mm_cmpeq_epi8(v, _mm_set1_epi8('\t'));
	__m128i del = _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f));

	return (unsigned)_mm_movemask_epi8(
	    _mm_or_si128(_mm_andnot_si128(tab, c0), del));
}

static inline unsigned
visible_stops(const char *p)
{
	__m128i v = load(p);
	/* Signed compares: 0x80..0xff are negative, so below 0x21 too. */
	__m128i low = _mm_cmplt_epi8(v, _mm_set1_epi8(0x21));
	__m128i del = _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f));

	return (unsigned)_mm_movemask_epi8(_mm_or_si128(low, del));
}

static inline unsigned
ascii_stops(const char *p)
{
	return (unsigned)_mm_movemask_epi8(load(p));
}

static inline unsigned
quotable_stops(const char *p)
{
	__m128i v = load(p);
	__m128i low = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20)); /* signed */
	__m128i del = _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f));
	__m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
	__m128i slash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));

	return (unsigned)_mm_movemask_epi8(
	    _mm_or_si128(_mm_or_si128(low, del), _mm_or_si128(quote, slash)));
}

/*
 * Whole steps first; then the last sixteen bytes, most of which were seen
 * before and are good. Shorter runs are left to the portable twin.
 */
static inline size_t
run(struct str s, stop_mask *stops)
{
	unsigned mask;
	size_t i;

	for (i = 0; s.len - i >= 16; i += 16) {
		mask = stops(s.ptr + i);
		if (mask != 0)
			return i + (size_t)__builtin_ctz(mask);
	}
	if (i == s.len)
		return i;
	mask = stops(s.ptr + s.len - 16);
	return mask == 0 ? s.len : s.len - 16 + (size_t)__builtin_ctz(mask);
}

size_t
scan_text(struct str s)
{
	return s.len < 16 ? scan_text_portable(s) : run(s, text_stops);
}

size_t
scan_visible(struct str s)
{
	return s.len < 16 ? scan_visible_portable(s) : run(s, visible_stops);
}

size_t
scan_ascii(struct str s)
{
	return s.len < 16 ? scan_ascii_portable(s) : run(s, ascii_stops);
}

size_t
scan_quotable(struct str s)
{
	return s.len < 16 ? scan_quotable_portable(s) : run(s, quotable_stops);
}

#else

size_t
scan_text(struct str s)
{
	return scan_text_portable(s);
}

size_t
scan_visible(struct str s)
{
	return scan_visible_portable(s);
}

size_t
scan_ascii(struct str s)
{
	return scan_ascii_portable(s);
}

size_t
scan_quotable(struct str s)
{
	return scan_quotable_portable(s);
}

#endif
