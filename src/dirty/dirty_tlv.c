/*
 * Typed values. Run by the dirty arbiter; pure.
 */
#include "dirty/dirty_tlv.h"

#include "base/banned.h"

static uint64_t
number_at(const char *p, unsigned n)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < n; i++)
		v = v << 8 | (unsigned char)p[i];
	return v;
}

static bool
skip_bytes(struct str *s, size_t n)
{
	if (s->len < n)
		return false;
	*s = str_tail(*s, n);
	return true;
}

bool
dirty_tlv_head(struct str *s, enum dirty_tlv *type, uint32_t *n)
{
	*n = 0;
	if (s->len == 0)
		return false;
	*type = (enum dirty_tlv)(unsigned char)s->ptr[0];
	*s = str_tail(*s, 1);
	if (*type < DIRTY_TLV_BYTES)
		return true;
	if (s->len < 4)
		return false;
	*n = (uint32_t)number_at(s->ptr, 4);
	*s = str_tail(*s, 4);
	return true;
}

/* The inside of what is neither list nor dict. */
static bool
skip_simple(struct str *s, enum dirty_tlv type, uint32_t n)
{
	switch (type) {
	case DIRTY_TLV_NONE:
		return true;
	case DIRTY_TLV_BOOL:
		return skip_bytes(s, 1);
	case DIRTY_TLV_INT64:
	case DIRTY_TLV_FLOAT64:
		return skip_bytes(s, 8);
	case DIRTY_TLV_BYTES:
	case DIRTY_TLV_STRING:
		return skip_bytes(s, n);
	default:
		return false;
	}
}

bool
dirty_tlv_skip(struct str *s)
{
	uint64_t left[DIRTY_TLV_DEPTH_MAX]; /* what a list or dict still has */
	unsigned depth = 1;
	enum dirty_tlv type;
	uint32_t n;

	left[0] = 1;
	while (depth > 0) {
		if (left[depth - 1] == 0) {
			depth--;
			continue;
		}
		left[depth - 1]--;
		if (!dirty_tlv_head(s, &type, &n))
			return false;
		if (type != DIRTY_TLV_LIST && type != DIRTY_TLV_DICT) {
			if (!skip_simple(s, type, n))
				return false;
			continue;
		}
		if (depth == DIRTY_TLV_DEPTH_MAX || n > s->len)
			return false;
		left[depth++] = type == DIRTY_TLV_DICT ? 2 * (uint64_t)n : n;
	}
	return true;
}

bool
dirty_tlv_value(struct str *s, struct str *whole)
{
	*whole = *s;
	if (!dirty_tlv_skip(s))
		return false;
	whole->len -= s->len;
	return true;
}

bool
dirty_tlv_string(struct str *s, struct str *out)
{
	enum dirty_tlv type;
	uint32_t n;

	if (!dirty_tlv_head(s, &type, &n) || type != DIRTY_TLV_STRING ||
	    s->len < n)
		return false;
	*out = str_head(*s, n);
	*s = str_tail(*s, n);
	return true;
}

bool
dirty_tlv_int(struct str *s, int64_t *out)
{
	if (s->len < 9 || s->ptr[0] != DIRTY_TLV_INT64)
		return false;
	*out = (int64_t)number_at(s->ptr + 1, 8);
	*s = str_tail(*s, 9);
	return true;
}

/* --- appending --- */

static void
number_to(char *dst, uint64_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		dst[i] = (char)(v >> (8 * (n - 1 - i)));
}

int
dirty_tlv_put_head(struct buf *out, enum dirty_tlv type, size_t n)
{
	char head[5] = { (char)type };

	number_to(head + 1, n, 4);
	return buf_put(out, (struct str){ head, sizeof(head) });
}

int
dirty_tlv_put_string(struct buf *out, struct str s)
{
	int rc = dirty_tlv_put_head(out, DIRTY_TLV_STRING, s.len);

	return rc < 0 ? rc : buf_put(out, s);
}

int
dirty_tlv_put_int(struct buf *out, int64_t n)
{
	char text[9] = { DIRTY_TLV_INT64 };

	number_to(text + 1, (uint64_t)n, 8);
	return buf_put(out, (struct str){ text, sizeof(text) });
}

int
dirty_tlv_put_bool(struct buf *out, bool yes)
{
	char text[2] = { DIRTY_TLV_BOOL, yes ? 1 : 0 };

	return buf_put(out, (struct str){ text, sizeof(text) });
}
