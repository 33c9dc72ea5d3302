/*
 * str: the comparisons and cuts that are too long for the header.
 */
#include "base/str.h"

#include "base/error.h"

#include "base/banned.h"

static unsigned char
lower(char c)
{
	unsigned char u = (unsigned char)c;

	return u >= 'A' && u <= 'Z' ? (unsigned char)(u | 0x20) : u;
}

bool
str_eq_nocase(struct str a, struct str b)
{
	size_t i;

	if (a.len != b.len)
		return false;
	for (i = 0; i < a.len; i++)
		if (lower(a.ptr[i]) != lower(b.ptr[i]))
			return false;
	return true;
}

struct str
str_cut(struct str *rest, char sep)
{
	size_t at = str_find(*rest, sep);
	struct str part = str_head(*rest, at);

	if (at == rest->len)
		*rest = (struct str){ NULL, 0 };
	else
		*rest = str_tail(*rest, at + 1);
	return part;
}

int
str_to_z(struct str s, char *dst, size_t dst_size)
{
	if (dst_size == 0)
		return -E_TOO_LONG;
	dst[0] = '\0';
	if (s.len >= dst_size)
		return -E_TOO_LONG;
	if (str_find(s, '\0') < s.len)
		return -E_BAD_VALUE;
	if (s.len > 0)
		memcpy(dst, s.ptr, s.len);
	dst[s.len] = '\0';
	return 0;
}
