/*
 * access_line: bytes of peers, numbers and times as a log line has them. Run
 * by workers, in every thread that ends a request.
 */
#include "telemetry/access_line.h"

#include "base/civil.h"
#include "base/escape.h"
#include "base/num.h"
#include "base/scan.h"
#include "base/zone.h"

#include "base/banned.h"

#define NUMBER_MAX 20 /* digits */

void
access_line_number(struct access_line *l, uint64_t v)
{
	if (l->cut || access_line_room(l) < NUMBER_MAX)
		l->cut = true;
	else
		l->p += num_put_dec(l->p, v);
}

/* The first of s, which cannot stand as it is. */
static void
put_escape(struct access_line *l, struct str *s)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char c = (unsigned char)s->ptr[0];
	char text[ESCAPE_MAX] = { '\\', (char)c };
	size_t n = 2;

	if (l->json) {
		n = escape_next(s, ESCAPE_JSON, text);
		access_line_raw(l, (struct str){ text, n });
		return;
	}
	if (c != '"' && c != '\\') {
		text[1] = 'x';
		text[2] = digits[c >> 4];
		text[3] = digits[c & 15];
		n = 4;
	}
	access_line_raw(l, (struct str){ text, n });
	*s = str_tail(*s, 1);
}

#define ONES 0x0101010101010101u /* a byte in each place */
#define HIGH (ONES * 0x80)

/* The places of the byte c in w; places above one of them may be wrong. */
static inline uint64_t
places_of(uint64_t w, unsigned char c)
{
	w ^= ONES * c;
	return (w - ONES) & ~w & HIGH;
}

/* Nothing but what scan_quotable passes; false may be wrong. */
static inline bool
is_quotable(uint64_t w)
{
	return ((w & HIGH) | ((w - ONES * 0x20) & ~w & HIGH) |
		   places_of(w, '"') | places_of(w, '\\') |
		   places_of(w, 0x7f)) == 0;
}

static inline uint64_t
load8(const char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

static inline uint32_t
load4(const char *p)
{
	uint32_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/*
 * Most texts are short and have nothing to escape: two loads from both ends,
 * which may overlap, tell and copy. False: the long way. l has the room.
 */
static bool
put_short(struct access_line *l, struct str s)
{
	uint64_t first, last;

	if (s.len >= 8) {
		first = load8(s.ptr);
		last = load8(s.ptr + s.len - 8);
		if (!is_quotable(first) || !is_quotable(last))
			return false;
		memcpy(l->p, &first, 8);
		memcpy(l->p + s.len - 8, &last, 8);
	} else if (s.len >= 4) {
		first = load4(s.ptr);
		last = load4(s.ptr + s.len - 4);
		if (!is_quotable(first | last << 32))
			return false;
		memcpy(l->p, &first, 4);
		memcpy(l->p + s.len - 4, &last, 4);
	} else {
		return false;
	}
	l->p += s.len;
	return true;
}

void
access_line_text(struct access_line *l, struct str s)
{
	size_t n;

	if (s.len <= ACCESS_LINE_SHORT && s.len <= access_line_room(l) &&
	    put_short(l, s))
		return;
	while (s.len > 0 && !l->cut) {
		n = scan_quotable(s);
		if (n > access_line_room(l)) {
			access_line_raw(l, str_head(s, access_line_room(l)));
			l->cut = true;
			return;
		}
		access_line_raw(l, str_head(s, n));
		s = str_tail(s, n);
		if (s.len > 0)
			put_escape(l, &s);
	}
}

static void
put2(char *dst, unsigned v)
{
	dst[0] = (char)('0' + v / 10);
	dst[1] = (char)('0' + v % 10);
}

const struct access_moment *
access_line_moment(uint64_t second)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	static _Thread_local struct access_moment m;
	int offset_s;
	struct civil c;

	if (m.made && m.second == second)
		return &m;
	offset_s = zone_offset(second);
	c = civil_from(zone_local(second, offset_s));
	memcpy(m.clf, "[00/Mon/0000:00:00:00 +0000]", ACCESS_CLF_LEN);
	put2(m.clf + 1, c.day);
	memcpy(m.clf + 4, months + (c.month - 1) * 3, 3);
	put2(m.clf + 8, (unsigned)c.year / 100);
	put2(m.clf + 10, (unsigned)c.year % 100);
	put2(m.clf + 13, c.hour);
	put2(m.clf + 16, c.minute);
	put2(m.clf + 19, c.second);
	zone_put(m.clf + 22, offset_s);
	c = civil_from(second);
	memcpy(m.iso, "0000-00-00T00:00:00", ACCESS_ISO_LEN);
	put2(m.iso, (unsigned)c.year / 100);
	put2(m.iso + 2, (unsigned)c.year % 100);
	put2(m.iso + 5, c.month);
	put2(m.iso + 8, c.day);
	put2(m.iso + 11, c.hour);
	put2(m.iso + 14, c.minute);
	put2(m.iso + 17, c.second);
	m.second = second;
	m.made = true;
	return &m;
}
