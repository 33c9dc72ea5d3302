/*
 * escape: one table-free decoder of UTF-8 (RFC 3629) and two spellings.
 */
#include "base/escape.h"

#include "base/buf.h"

#include "base/banned.h"

/* Byte i of s is within lo..hi. */
static bool
byte_in(struct str s, size_t i, unsigned lo, unsigned hi)
{
	unsigned c;

	if (i >= s.len)
		return false;
	c = (unsigned char)s.ptr[i];
	return c >= lo && c <= hi;
}

/* RFC 3629, section 4: the second byte alone tells the bad ones apart. */
static bool
second_is_good(struct str s, unsigned first)
{
	switch (first) {
	case 0xe0:
		return byte_in(s, 1, 0xa0, 0xbf);
	case 0xed:
		return byte_in(s, 1, 0x80, 0x9f);
	case 0xf0:
		return byte_in(s, 1, 0x90, 0xbf);
	case 0xf4:
		return byte_in(s, 1, 0x80, 0x8f);
	default:
		return byte_in(s, 1, 0x80, 0xbf);
	}
}

size_t
escape_utf8_len(struct str s)
{
	unsigned first;
	size_t n, i;

	if (s.len == 0)
		return 0;
	first = (unsigned char)s.ptr[0];
	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	n = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (!second_is_good(s, first))
		return 0;
	for (i = 2; i < n; i++)
		if (!byte_in(s, i, 0x80, 0xbf))
			return 0;
	return n;
}

static char
hex_digit(unsigned v)
{
	return "0123456789abcdef"[v & 15];
}

static bool
is_control(struct str s, size_t len)
{
	unsigned c = (unsigned char)s.ptr[0];

	/* C1 controls are C2 80..9F in UTF-8; some terminals obey them. */
	return len == 1
	    ? c < 0x20 || c == 0x7f
	    : len == 2 && c == 0xc2 && (unsigned char)s.ptr[1] < 0xa0;
}

static size_t
put(char dst[ESCAPE_MAX], const char *from, size_t n)
{
	memcpy(dst, from, n);
	return n;
}

static size_t
next_text(struct str *s, size_t len, char dst[ESCAPE_MAX])
{
	unsigned c = (unsigned char)s->ptr[0];
	size_t n;

	if (len > 0 && (c == '\t' || !is_control(*s, len))) {
		n = put(dst, s->ptr, len);
		*s = str_tail(*s, len);
		return n;
	}
	/* A C1 control is spelt byte by byte: its second half comes next. */
	dst[0] = '\\';
	dst[1] = 'x';
	dst[2] = hex_digit(c >> 4);
	dst[3] = hex_digit(c);
	*s = str_tail(*s, 1);
	return 4;
}

static size_t
put_json_control(unsigned c, char dst[ESCAPE_MAX])
{
	switch (c) {
	case '\n':
		return put(dst, "\\n", 2);
	case '\r':
		return put(dst, "\\r", 2);
	case '\t':
		return put(dst, "\\t", 2);
	}
	put(dst, "\\u00", 4);
	dst[4] = hex_digit(c >> 4);
	dst[5] = hex_digit(c);
	return 6;
}

static size_t
next_json(struct str *s, size_t len, char dst[ESCAPE_MAX])
{
	const char *p = s->ptr;

	*s = str_tail(*s, len == 0 ? 1 : len);
	if (len == 0)
		return put(dst, "\xef\xbf\xbd", 3);
	if (is_control((struct str){ p, len }, len))
		return put_json_control((unsigned char)p[len - 1], dst);
	if (*p == '"' || *p == '\\') {
		dst[0] = '\\';
		dst[1] = *p;
		return 2;
	}
	return put(dst, p, len);
}

size_t
escape_next(struct str *s, enum escape how, char dst[ESCAPE_MAX])
{
	size_t len = escape_utf8_len(*s);

	return how == ESCAPE_JSON ? next_json(s, len, dst)
				  : next_text(s, len, dst);
}

int
escape_put(struct buf *out, struct str s, enum escape how)
{
	char piece[ESCAPE_MAX];
	int rc = 0;

	while (rc == 0 && s.len > 0) {
		size_t n = escape_next(&s, how, piece);

		rc = buf_put(out, (struct str){ piece, n });
	}
	return rc;
}
